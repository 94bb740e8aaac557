"""Draw calculation exercises, judge answers, count how many were right in a row."""

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from labkit.calculations import (
    Answer,
    AskVerdict,
    Exercise,
    Figure,
    Generator,
    Step,
    UnknownUnit,
    judge,
)
from labkit.calculations import UnreadableAnswer as NotReadable
from labkit.text import Text
from nines.catalog.exercises import RIGHT_IN_A_ROW, ExerciseProgress
from nines.catalog.service import Catalog
from nines.db import Database, utc_now
from nines.errors import Conflict, Invalid, NotFound
from nines.practice.models import Draw

logger = logging.getLogger(__name__)
MOST_HISTORY = 100


class DrawNotFound(NotFound):
    pass


class DrawOutdated(Conflict):
    """The calculation was changed so much that the drawn values do not fit it."""


class AlreadyAnswered(Conflict):
    pass


class NoSuchUnit(Invalid):
    pass


class UnreadableAnswer(Invalid):
    """Does not use the answer up: the student may write it differently."""

    def __init__(self, ask: str, message: Text) -> None:
        super().__init__(message.en)
        self.params = {"key": ask, "message": asdict(message)}


@dataclass(frozen=True)
class Streak:
    """Right answers since the last wrong one. Who was `done` once stays so."""

    length: int = 0
    done: bool = False
    needed: int = RIGHT_IN_A_ROW

    @classmethod
    def after(cls, answers: Iterable[bool | None]) -> "Streak":
        length, done = 0, False
        for correct in answers:
            length = length + 1 if correct else 0
            done = done or length >= RIGHT_IN_A_ROW
        return cls(length, done)

    @property
    def share(self) -> float:
        return 1.0 if self.done else min(1.0, self.length / self.needed)


@dataclass(frozen=True)
class Judgement:
    """What an answered draw keeps; stored as it was shown."""

    asks: tuple[AskVerdict, ...]
    explanation: tuple[Step, ...]
    figure: Figure | None

    @property
    def correct(self) -> bool:
        return all(ask.is_right for ask in self.asks)


_STORED = TypeAdapter(Judgement)


@dataclass(frozen=True)
class Sheet:
    """A draw with everything needed to show it."""

    draw: Draw
    exercise: Exercise[Any]
    judgement: Judgement | None
    streak: Streak


@dataclass(frozen=True, kw_only=True)
class Practice:
    db: Database
    catalog: Catalog
    new_seed: Callable[[], int] = lambda: secrets.randbits(48)
    now: Callable[[], datetime] = utc_now

    async def draw(self, person_id: UUID, calculation: str) -> Sheet:
        """The person's open draw if there is one: a reload loses nothing."""
        generator = self.catalog.calculation(calculation)
        if sheet := await self._open(person_id, generator):
            return sheet
        seed = self.new_seed()
        exercise = generator.exercise(seed)
        draw = Draw(
            person_id=person_id,
            calculation=calculation,
            seed=seed,
            values=exercise.stored(),
            created_at=self.now(),
        )
        try:
            async with self.db.begin() as session:
                session.add(draw)
        except IntegrityError:  # Two pages drew at once; the other one was first.
            if sheet := await self._open(person_id, generator):
                return sheet
            raise
        return Sheet(draw, exercise, None, await self.streak(person_id, calculation))

    async def get(self, draw_id: UUID, *, person_id: UUID) -> Sheet:
        """Somebody else's draw is reported as absent, not as forbidden."""
        async with self.db() as session:
            draw = await session.get(Draw, draw_id)
        if draw is None or draw.person_id != person_id:
            raise DrawNotFound("There is no such exercise.")
        generator = self.catalog.calculation(draw.calculation)
        return await self._sheet(draw, generator)

    async def answer(
        self, draw_id: UUID, answers: Mapping[str, Answer], *, person_id: UUID
    ) -> Sheet:
        """Judge the answer, once. Sending the same again gives the same verdict."""
        sheet = await self.get(draw_id, person_id=person_id)
        if sheet.judgement is None:
            judgement = _judged(sheet.exercise, answers)
            await self._keep(draw_id, answers, judgement)
            sheet = await self.get(draw_id, person_id=person_id)
        if sheet.draw.answers != _plain(answers):
            raise AlreadyAnswered("You have answered this exercise. Draw another one.")
        return sheet

    async def history(self, person_id: UUID, calculation: str) -> list[Draw]:
        """Answered draws, newest first."""
        look = (
            select(Draw)
            .where(
                Draw.person_id == person_id,
                Draw.calculation == calculation,
                Draw.answered_at.is_not(None),
            )
            .order_by(Draw.answered_at.desc(), Draw.id)
            .limit(MOST_HISTORY)
        )
        async with self.db() as session:
            return list(await session.scalars(look))

    async def streak(self, person_id: UUID, calculation: str) -> Streak:
        answered = (
            select(Draw.correct)
            .where(
                Draw.person_id == person_id,
                Draw.calculation == calculation,
                Draw.answered_at.is_not(None),
            )
            .order_by(Draw.answered_at, Draw.id)
        )
        async with self.db() as session:
            return Streak.after(await session.scalars(answered))

    async def progress(self, person_id: UUID) -> list[ExerciseProgress]:
        """One for each calculation the person has drawn."""
        look = (
            select(Draw.calculation, Draw.correct, Draw.created_at, Draw.answered_at)
            .where(Draw.person_id == person_id)
            .order_by(Draw.answered_at, Draw.id)
        )
        answers: dict[str, list[bool | None]] = {}
        touched: dict[str, datetime] = {}
        async with self.db() as session:
            for each in await session.execute(look):
                mine = answers.setdefault(each.calculation, [])
                if each.answered_at:
                    mine.append(each.correct)
                at = each.answered_at or each.created_at
                touched[each.calculation] = max(touched.get(each.calculation, at), at)
        found = []
        for calculation, at in touched.items():
            streak = Streak.after(answers[calculation])
            found.append(
                ExerciseProgress(
                    slug=calculation,
                    state="done" if streak.done else "started",
                    share=streak.share,
                    streak=streak.length,
                    needed=streak.needed,
                    at=at,
                )
            )
        return found

    async def _open(self, person_id: UUID, generator: Generator[Any]) -> Sheet | None:
        look = select(Draw).where(
            Draw.person_id == person_id,
            Draw.calculation == generator.slug,
            Draw.answered_at.is_(None),
        )
        async with self.db() as session:
            draw = await session.scalar(look)
        if draw is None:
            return None
        try:
            return await self._sheet(draw, generator)
        except DrawOutdated:
            logger.info("outdated draw dropped", extra={"draw": str(draw.id)})
            async with self.db.begin() as session:
                await session.execute(
                    delete(Draw).where(Draw.id == draw.id, Draw.answered_at.is_(None))
                )
            return None

    async def _sheet(self, draw: Draw, generator: Generator[Any]) -> Sheet:
        try:
            exercise = generator.restore(draw.values)
            judgement = _STORED.validate_python(draw.verdict) if draw.verdict else None
        except ValueError as error:
            raise DrawOutdated(
                "This exercise has been changed since it was drawn. Draw a new one."
            ) from error
        streak = await self.streak(draw.person_id, draw.calculation)
        return Sheet(draw, exercise, judgement, streak)

    async def _keep(
        self, draw_id: UUID, answers: Mapping[str, Answer], judgement: Judgement
    ) -> None:
        """Whoever answers first, wins; the others find the draw answered."""
        change = update(Draw).where(Draw.id == draw_id, Draw.answered_at.is_(None))
        async with self.db.begin() as session:
            await session.execute(
                change.values(
                    answered_at=self.now(),
                    answers=_plain(answers),
                    verdict=_STORED.dump_python(judgement, mode="json"),
                    correct=judgement.correct,
                )
            )


def _judged(exercise: Exercise[Any], answers: Mapping[str, Answer]) -> Judgement:
    try:
        asks = judge(exercise, answers)
    except NotReadable as error:
        raise UnreadableAnswer(error.ask, error.message) from error
    except UnknownUnit as error:
        raise NoSuchUnit(str(error)) from error
    return Judgement(asks, exercise.explanation(), exercise.solved_figure)


def _plain(answers: Mapping[str, Answer]) -> dict[str, dict[str, str]]:
    return {key: asdict(answer) for key, answer in answers.items()}
