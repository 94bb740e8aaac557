"""What a student can do, and how far a student has come, in words all domains share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from labkit.calculations.generator import Generator
from labkit.manifest import LabFolder
from labkit.text import Text

State = Literal["new", "started", "done"]
Kind = Literal["lab", "calculation"]
RIGHT_IN_A_ROW = 3
"""So many right answers without a wrong one finish a calculation."""


@dataclass(frozen=True, kw_only=True)
class ExerciseProgress:
    """One person's standing in one exercise.

    `share` is what counts for the chapter's mastery, from 0 to 1. Labs have points,
    calculations a streak; `session` is the live one, if there is one.
    """

    slug: str
    state: State = "new"
    share: float = 0.0
    points: int | None = None
    max_points: int | None = None
    streak: int | None = None
    needed: int | None = None
    session: UUID | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A lab or a calculation, as it stands in a list."""

    kind: Kind
    slug: str
    title: Text
    sections: tuple[str, ...]
    minutes: int | None = None
    difficulty: int | None = None
    nodes: int = 0
    disks: int = 0
    faults: tuple[str, ...] = ()
    max_points: int | None = None

    @classmethod
    def of_lab(cls, lab: LabFolder) -> "Exercise":
        manifest = lab.manifest
        return cls(
            kind="lab",
            slug=lab.slug,
            title=manifest.title,
            sections=manifest.sections,
            minutes=manifest.minutes,
            difficulty=manifest.difficulty,
            nodes=len(manifest.nodes),
            disks=sum(len(node.disks) for node in manifest.nodes),
            faults=manifest.faults.allowed,
            max_points=manifest.max_points,
        )

    @classmethod
    def of_calculation(cls, generator: Generator[Any]) -> "Exercise":
        return cls(
            kind="calculation",
            slug=generator.slug,
            title=generator.title,
            sections=generator.sections,
        )

    def untouched(self) -> ExerciseProgress:
        if self.kind == "lab":
            return ExerciseProgress(slug=self.slug, max_points=self.max_points)
        return ExerciseProgress(slug=self.slug, streak=0, needed=RIGHT_IN_A_ROW)
