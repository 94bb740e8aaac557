"""What there is to learn, held in memory."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anyio import to_thread

from labkit.calculations.generator import Generator
from labkit.manifest import LabFolder
from nines.catalog.chapters import Chapter
from nines.catalog.content import Content, fingerprint, read_content
from nines.catalog.exercises import Exercise
from nines.errors import NotFound

logger = logging.getLogger(__name__)


class ChapterNotFound(NotFound):
    pass


class LabNotFound(NotFound):
    pass


class CalculationNotFound(NotFound):
    pass


class Catalog:
    """`content` is replaced as a whole, so a reader never sees half of a reload."""

    def __init__(self, folder: Path, content: Content | None = None) -> None:
        self.folder = folder
        self._seen = 0
        self.content = content or Content()
        if content is None:
            self._read()

    def chapter(self, number: int) -> Chapter:
        for chapter in self.content.chapters:
            if chapter.number == number:
                return chapter
        raise ChapterNotFound(f"There is no chapter {number}.")

    def lab(self, slug: str) -> LabFolder:
        try:
            return self.content.labs[slug]
        except KeyError:
            raise LabNotFound("There is no such lab.") from None

    def calculation(self, slug: str) -> Generator[Any]:
        try:
            return self.content.calculations[slug]
        except KeyError:
            raise CalculationNotFound("There is no such calculation.") from None

    def exercises(self) -> Iterator[Exercise]:
        """All of them, in the order of the book."""
        for chapter in self.content.chapters:
            yield from self.exercises_of(chapter)

    def exercises_of(self, chapter: Chapter) -> list[Exercise]:
        """Those in the chapter's folder, in the order of their first sections."""
        content = self.content
        mine = [
            *map(Exercise.of_calculation, content.calculations.values()),
            *map(Exercise.of_lab, content.labs.values()),
        ]
        return sorted(
            (each for each in mine if each.slug.startswith(f"{chapter.folder}-")),
            key=lambda each: [int(part) for part in each.sections[0].split(".")],
        )

    async def reload(self) -> None:
        """Read everything again."""
        await to_thread.run_sync(self._read)
        logger.info("content read again", extra={"labs": len(self.content.labs)})

    async def reload_if_changed(self) -> None:
        if await to_thread.run_sync(fingerprint, self.folder) != self._seen:
            await self.reload()

    def _read(self) -> None:
        self._seen = fingerprint(self.folder)
        self.content = read_content(self.folder)
