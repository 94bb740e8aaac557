from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from nines.accounts.models import Role

Password = Annotated[str, Field(max_length=1024)]
DisplayName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)
]


class Credentials(BaseModel):
    name: str = Field(max_length=64)
    password: Password = Field(repr=False)


class Me(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    display_name: str
    role: Role
    language: Literal["ja", "en"] | None
    theme: Literal["light", "dark"] | None
    must_change_password: bool


class MeUpdate(BaseModel):
    """What is left out stays; null means: as the browser says."""

    model_config = ConfigDict(extra="forbid")

    language: Literal["ja", "en"] | None = None
    theme: Literal["light", "dark"] | None = None
    display_name: DisplayName = ""


class PasswordChange(BaseModel):
    current: Password = Field(repr=False)
    new: Password = Field(repr=False)
