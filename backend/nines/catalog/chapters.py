"""chapters.toml and each chapter's chapter.toml and prose, read strictly."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labkit.problems import Problem, from_validation, problem
from labkit.text import LANGUAGES, Text
from nines.catalog.prose import slips

M = TypeVar("M", bound=BaseModel)
Number = Annotated[str, Field(pattern=r"^[1-9][0-9]?(\.[1-9][0-9]?){1,2}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChapterTitle(Strict):
    number: int = Field(ge=1, le=99)
    title: Text


class ChapterTitles(Strict):
    chapters: tuple[ChapterTitle, ...]


class SectionEntry(Strict):
    number: Number
    title: Text
    level: Literal[2, 3]
    summary: Text | None = None


class ChapterFile(Strict):
    format: Literal[1] = 1
    number: int = Field(ge=1, le=99)
    title: Text
    lead: Text
    sections: tuple[SectionEntry, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    number: str
    title: Text
    level: int
    summary: Text | None
    prose: Text | None  # Markdown.


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """`sections` is empty as long as there is no content."""

    number: int
    title: Text
    lead: Text | None = None
    sections: tuple[Section, ...] = ()

    @property
    def folder(self) -> str:
        return f"ch{self.number:02}"

    def section_of(self, number: str) -> Section | None:
        """The section, or the nearest listed one around it."""
        around = [
            each
            for each in self.sections
            if number == each.number or number.startswith(each.number + ".")
        ]
        return max(around, key=lambda each: len(each.number), default=None)


def read_chapters(labs: Path, problems: list[Problem]) -> list[Chapter]:
    """Every chapter that can be read; what cannot is added to `problems`."""
    titles = _read(labs, "chapters.toml", ChapterTitles, problems)
    listed = titles.chapters if titles else ()
    return [
        _read_chapter(labs, each, problems)
        for each in sorted(listed, key=lambda each: each.number)
    ]


def _read_chapter(labs: Path, listed: ChapterTitle, problems: list[Problem]) -> Chapter:
    empty = Chapter(number=listed.number, title=listed.title)
    name = f"{empty.folder}/chapter.toml"
    if not (labs / name).is_file():
        return empty
    file = _read(labs, name, ChapterFile, problems)
    if file is None:
        return empty
    if file.number != listed.number:
        problems.append(
            problem(
                name,
                "number",
                ja=f"フォルダは第{listed.number}章ですが、番号は{file.number}です。",
                en=f"The folder is chapter {listed.number}, the number {file.number}.",
            )
        )
    sections = tuple(
        Section(
            number=each.number,
            title=each.title,
            level=each.level,
            summary=each.summary,
            prose=_read_prose(labs, f"{empty.folder}/sections/{each.number}", problems),
        )
        for each in file.sections
    )
    return Chapter(
        number=listed.number, title=file.title, lead=file.lead, sections=sections
    )


def _read(labs: Path, name: str, model: type[M], problems: list[Problem]) -> M | None:
    try:
        return model.model_validate(tomllib.loads((labs / name).read_text("utf-8")))
    except ValidationError as error:
        problems.extend(from_validation(name, error))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(
            problem(
                name,
                "",
                ja=f"TOMLとして読めません: {error}",
                en=f"It cannot be read as TOML: {error}",
            )
        )
    return None


def _read_prose(labs: Path, stem: str, problems: list[Problem]) -> Text | None:
    """None when no language has a text; only one of them is a mistake."""
    found = {}
    for language in LANGUAGES:
        file = labs / f"{stem}.{language}.md"
        if file.is_file() and (text := file.read_text("utf-8", "replace").strip()):
            found[language] = text
    if len(found) == 1:
        missing = "en" if "ja" in found else "ja"
        problems.append(
            problem(
                f"{stem}.{missing}.md",
                "",
                ja="このファイルがないか、空です。文章は両方の言語で必要です。",
                en="This file is missing or empty; a text must be in both languages.",
            )
        )
    if len(found) < len(LANGUAGES):
        return None
    prose = Text(ja=found["ja"], en=found["en"])
    problems.extend(
        Problem(f"{stem}.{language}.md", "", why) for language, why in slips(prose)
    )
    return prose
