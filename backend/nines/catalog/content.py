"""All of labs/, read into memory: what is right is shown, what is wrong is named."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.calculations.generator import Generator
from labkit.calculations.loading import load_generator
from labkit.manifest import LabFolder, LabProblems, find_labs, read_lab
from labkit.problems import Problem, problem
from nines.catalog.chapters import Chapter, read_chapters
from nines.catalog.prose import slips

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Content:
    chapters: tuple[Chapter, ...] = ()
    labs: Mapping[str, LabFolder] = field(default_factory=dict)
    calculations: Mapping[str, Generator[Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()  # Files are relative to labs/.


def read_content(folder: Path) -> Content:
    """Blocks for a moment: each lab's checks are described by a process of their own.

    A lab or a calculation with problems is left out; the others are there.
    """
    problems: list[Problem] = []
    chapters = read_chapters(folder, problems)
    labs = {lab.slug: lab for lab in _labs(folder, problems)}
    calculations = {each.slug: each for each in _calculations(folder, problems)}
    for lab in labs.values():
        _check_lab(lab, chapters, folder, problems)
    for each in problems:
        logger.error("content problem", extra={"problem": str(each)})
    return Content(
        chapters=tuple(chapters),
        labs=labs,
        calculations=calculations,
        problems=tuple(problems),
    )


def fingerprint(folder: Path) -> int:
    """Changes when a file below `folder` is written, added or removed."""
    return hash(
        tuple(
            (str(path), path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        )
    )


def _labs(folder: Path, problems: list[Problem]) -> Iterator[LabFolder]:
    for path in find_labs(folder):
        try:
            yield read_lab(path)
        except LabProblems as wrong:
            place = path.relative_to(folder).as_posix()
            problems.extend(
                Problem(f"{place}/{each.file}", each.field, each.reason)
                for each in wrong.problems
            )


def _calculations(folder: Path, problems: list[Problem]) -> Iterator[Generator[Any]]:
    found = []
    for file in sorted(folder.glob("ch??/calc/[a-z]*.py")):
        try:
            found.append(load_generator(file))
        except Exception as error:  # It is an author's code: anything can be wrong.
            logger.debug("a calculation does not load", exc_info=True)
            problems.append(
                problem(
                    file.relative_to(folder).as_posix(),
                    "",
                    ja=f"読み込めません: {type(error).__name__}: {error}",
                    en=f"It does not load: {type(error).__name__}: {error}",
                )
            )
    yield from sorted(found, key=lambda each: each.id)


def _check_lab(
    lab: LabFolder, chapters: list[Chapter], folder: Path, problems: list[Problem]
) -> None:
    """What a lab cannot know alone: the book's sections, and how its texts look."""
    place = lab.path.relative_to(folder.resolve()).as_posix()
    for number in lab.manifest.sections:
        if not any(each.section_of(number) for each in chapters if each.sections):
            problems.append(
                problem(
                    f"{place}/lab.toml",
                    "sections",
                    ja=f"節 {number} はどの章にもありません。",
                    en=f"There is no section {number} in any chapter.",
                )
            )
    for step, text in zip(lab.manifest.steps, lab.steps, strict=True):
        file = f"{place}/steps ({step.id})"
        problems.extend(Problem(file, language, why) for language, why in slips(text))
