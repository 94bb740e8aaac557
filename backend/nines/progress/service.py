"""How far a person has come: put together from what sessions, attempts and answers say.

Nothing is stored here, so nothing can disagree with what happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from nines.catalog.chapters import Chapter
from nines.catalog.exercises import Exercise, ExerciseProgress, State
from nines.catalog.service import Catalog

RECENT = 8
_ORDER: Mapping[State, int] = {"new": 0, "started": 1, "done": 2}
_NEVER = datetime.min.replace(tzinfo=UTC)


class ProgressSource(Protocol):
    """A domain in which a person does something."""

    async def progress(self, person_id: UUID) -> Sequence[ExerciseProgress]:
        """One for each exercise the person has touched."""
        ...


@dataclass(frozen=True)
class Standing:
    exercise: Exercise
    progress: ExerciseProgress


@dataclass(frozen=True)
class Standings:
    """One person's standing in every exercise there is, in the order of the book."""

    all: tuple[Standing, ...]

    def of(self, chapter: Chapter) -> list[Standing]:
        prefix = f"{chapter.folder}-"
        return [each for each in self.all if each.exercise.slug.startswith(prefix)]

    def mastery(self, chapter: Chapter) -> float:
        """The mean of the exercises' shares."""
        shares = [each.progress.share for each in self.of(chapter)]
        return sum(shares) / len(shares) if shares else 0.0

    def recent(self) -> list[Standing]:
        """What was touched, latest first."""
        touched = [each for each in self.all if each.progress.at]
        return sorted(
            touched, key=lambda each: each.progress.at or _NEVER, reverse=True
        )

    def resume(self, chapter: Chapter | None = None) -> Standing | None:
        """Where to go on: in a live session, else at what was touched last and is not
        done, else at the first new thing after what was done."""
        mine = self.of(chapter) if chapter else list(self.all)
        live = [each for each in mine if each.progress.session]
        begun = [each for each in mine if each.progress.state == "started"]
        for candidates in (live, begun):
            if candidates:
                return max(candidates, key=lambda each: each.progress.at or _NEVER)
        if any(each.progress.state == "done" for each in mine):
            return next((each for each in mine if each.progress.state == "new"), None)
        return None


@dataclass(frozen=True, kw_only=True)
class Progress:
    catalog: Catalog
    sources: Sequence[ProgressSource]

    async def standings(self, person_id: UUID) -> Standings:
        said: dict[str, ExerciseProgress] = {}
        for source in self.sources:
            for each in await source.progress(person_id):
                before = said.get(each.slug)
                said[each.slug] = merged(before, each) if before else each
        return Standings(
            tuple(
                Standing(
                    exercise, merged(exercise.untouched(), said.get(exercise.slug))
                )
                for exercise in self.catalog.exercises()
            )
        )


def merged(one: ExerciseProgress, other: ExerciseProgress | None) -> ExerciseProgress:
    """Two domains' views of one exercise: the better state, the later moment."""
    if other is None:
        return one
    return replace(
        one,
        state=max(one.state, other.state, key=lambda state: _ORDER[state]),
        share=max(one.share, other.share),
        points=_most(one.points, other.points),
        max_points=_most(one.max_points, other.max_points),
        streak=_most(one.streak, other.streak),
        needed=_most(one.needed, other.needed),
        session=one.session or other.session,
        at=max((at for at in (one.at, other.at) if at), default=None),
    )


def _most(*values: int | None) -> int | None:
    return max(_known(values), default=None)


def _known(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]
