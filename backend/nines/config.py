"""Settings, read once from `NINES_*` and passed on as values.

`nines settings` prints the table of them from the descriptions here; a description is
required, and a test holds it.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: labs, front end and migrations are beside the code."""


_NOT_OURS = {"NINES_DEV_SERVER"}  # The front end's development server reads it.


class BadSettings(Exception):
    """A setting is wrong; the message names it as the person would type it."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="NINES_", extra="forbid", frozen=True, validate_default=True
    )

    state_dir: Path = Field(
        default=ROOT / "var",
        description="Where the server keeps everything it writes.",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL (sqlite+aiosqlite or postgresql+asyncpg). "
        "Empty: a SQLite file in the state folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    trusted_proxies: str = Field(
        default="",
        description="Addresses of reverse proxies whose X-Forwarded-* headers count, "
        "separated by commas. Empty: none do.",
    )
    cookie_secure: bool = Field(
        default=False,
        description="Send the sign-in cookie over HTTPS only. Switch on behind TLS.",
    )
    sign_in_days: int = Field(
        default=14, ge=1, le=365, description="A sign-in unused for so long ends."
    )
    labs_dir: Path = Field(default=ROOT / "labs", description="The content folder.")
    frontend_dir: Path = Field(
        default=ROOT / "frontend" / "build", description="The built front end."
    )
    profiles_dir: Path = Field(
        default=ROOT / "var" / "profiles",
        description="The machine images that `make up` builds.",
    )
    reload_content: bool = Field(
        default=False,
        description="Look for changed content every two seconds, for authors. "
        "Without it, SIGHUP reads the content again.",
    )
    session_minutes: int = Field(
        default=60, ge=1, le=1440, description="How long a lab session runs."
    )
    extension_minutes: int = Field(
        default=30, ge=1, le=1440, description="How much time one extension adds."
    )
    max_extensions: int = Field(
        default=4, ge=0, le=100, description="How often a session may be extended."
    )
    live_sessions_per_student: int = Field(
        default=1,
        ge=1,
        le=20,
        description="Sessions one person may have at the same time.",
    )
    capacity_mb: int | None = Field(
        default=None,
        ge=256,
        description="Memory all sessions together may use. Unset: measured.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Logs for people (text) or for a collector (json)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least serious thing that is logged."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="With it, /metrics asks for `Authorization: Bearer <token>`.",
    )

    @field_validator("capacity_mb", "metrics_token", mode="before")
    @classmethod
    def _empty_means_unset(cls, value: object) -> object:
        return None if value == "" else value

    @classmethod
    def read(cls) -> Self:
        """The settings of this process, or BadSettings with every wrong one named."""
        known = {f"NINES_{name.upper()}" for name in cls.model_fields} | _NOT_OURS
        wrong = [
            f"{name}: there is no such setting"
            for name in sorted(os.environ)
            if name.startswith("NINES_") and name not in known
        ]
        try:
            settings = cls()
        except ValidationError as error:
            wrong += [
                f"NINES_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
                for each in error.errors(include_input=False)
            ]
        if wrong:
            lines = "\n".join(f"  {each}" for each in wrong)
            raise BadSettings(
                f"These settings are wrong (see `nines settings`):\n{lines}"
            )
        return settings

    @property
    def database(self) -> str:
        """The URL in force."""
        file = self.state_dir.absolute() / "nines.db"
        return self.database_url or f"sqlite+aiosqlite:///{file}"

    @property
    def session_length(self) -> timedelta:
        return timedelta(minutes=self.session_minutes)

    @property
    def extension_length(self) -> timedelta:
        return timedelta(minutes=self.extension_minutes)

    @property
    def sign_in_length(self) -> timedelta:
        return timedelta(days=self.sign_in_days)


def settings_table() -> str:
    """Every setting with its default and meaning, as a Markdown table."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        value = field.default
        if isinstance(value, Path):
            value = value.relative_to(ROOT) if value.is_relative_to(ROOT) else value
        shown = "" if value in (None, "") else f"`{value}`"
        rows.append(f"| `NINES_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows) + "\n"
