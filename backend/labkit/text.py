"""A text a student sees: always in both languages.

A plain dataclass, so that a checker's process starts without importing pydantic (a
third of a second); pydantic models and FastAPI take it as a field all the same.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

Language = Literal["ja", "en"]
LANGUAGES: tuple[Language, ...] = ("ja", "en")


@dataclass(frozen=True, kw_only=True)
class Text:
    """The same thing said in Japanese and in English; neither may be empty."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    ja: str
    en: str

    def __post_init__(self) -> None:
        for language in LANGUAGES:
            if not self[language].strip():
                raise ValueError(f"The text is missing in {language!r}.")

    def __getitem__(self, language: Language) -> str:
        return self.ja if language == "ja" else self.en
