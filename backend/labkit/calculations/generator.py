"""A family of exercises: seed in, exercise out, pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from random import Random
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from labkit.calculations.asks import Ask, Measure
from labkit.calculations.figures import Figure
from labkit.calculations.wording import fill, listing, paragraphs
from labkit.text import Text

V = TypeVar("V")  # The drawn values: a frozen dataclass of plain numbers and words.

LEAST_SHARE = 0.3
LARGEST_SHARE = 0.9999999
MOST_DRAWS = 2_000


class NoGoodDraw(Exception):
    """The ranges of a generator leave nothing to ask: a defect of the generator."""


@dataclass(frozen=True)
class Given:
    """One line of the table of facts."""

    key: str
    label: Text
    value: str
    unit: Text


@dataclass(frozen=True)
class Step:
    """One line of the worked explanation, with the student's own numbers.

    Formula and result are the same in every language: symbols, no words.
    """

    text: Text
    formula: str | None = None
    result: str | None = None


@dataclass(frozen=True)
class Mistake(Generic[V]):
    """A slip people make, and what to tell them."""

    name: str
    ask: str
    formula: Callable[[V], float | None]
    message: Text


def slip(
    name: str, ask: str, formula: Callable[[V], float | None], *, ja: str, en: str
) -> Mistake[V]:
    """A mistake in the answer to `ask`.

    `formula` gives what it leads to in the base unit; None where it cannot happen
    with these values. The pointer to the book's section is added by itself.
    """
    return Mistake(name, ask, formula, Text(ja=ja, en=en))


def nothing(_values: object) -> None:
    """For a generator without a figure."""
    return None


@dataclass(frozen=True, kw_only=True)
class Generator(Generic[V]):
    """`values` is the dataclass `draw` returns; None from `draw` means: draw again.

    `solve` gives each ask's right answer in the base unit. `figure` is shown with
    the problem, `solved_figure` (when there is one) once it has been answered.
    """

    id: str
    slug: str
    title: Text
    sections: tuple[str, ...]
    values: type[V]
    draw: Callable[[Random], V | None]
    tell: Callable[[V], Text]
    given: Callable[[V], Sequence[Given]]
    asks: Callable[[V], Sequence[Ask]]
    solve: Callable[[V], Mapping[str, float]]
    mistakes: tuple[Mistake[V], ...]
    explain: Callable[[V], Sequence[Step]]
    figure: Callable[[V], Figure | None] = nothing
    solved_figure: Callable[[V], Figure | None] | None = None

    def exercise(self, seed: int) -> "Exercise[V]":
        """The same seed gives the same exercise, always a fair one."""
        random = Random(seed)
        for _ in range(MOST_DRAWS):
            values = self.draw(random)
            if values is not None:
                exercise = Exercise(self, values)
                if exercise.flaw() is None:
                    return exercise
        raise NoGoodDraw(f"{self.slug}: {MOST_DRAWS} draws from {seed}, none fair.")

    def restore(self, stored: Mapping[str, Any]) -> "Exercise[V]":
        """The exercise `stored()` came from; ValueError when it no longer fits."""
        exercise = Exercise(self, TypeAdapter(self.values).validate_python(stored))
        try:
            _ = exercise.text, exercise.given, exercise.solution
        except (LookupError, ArithmeticError) as error:  # A story that is gone, say.
            raise ValueError(f"{self.slug} has changed: {error!r}") from error
        return exercise


@dataclass(frozen=True)
class Exercise(Generic[V]):
    """A generator with drawn values."""

    generator: Generator[V]
    values: V

    def stored(self) -> dict[str, Any]:
        """The drawn values as JSON."""
        kind = TypeAdapter(self.generator.values)
        plain: dict[str, Any] = kind.dump_python(self.values, mode="json")
        return plain

    @cached_property
    def asks(self) -> tuple[Ask, ...]:
        return tuple(self.generator.asks(self.values))

    @cached_property
    def solution(self) -> Mapping[str, float]:
        return self.generator.solve(self.values)

    @property
    def text(self) -> Text:
        """The problem and how exactly to answer it, as HTML."""
        return paragraphs(self.generator.tell(self.values), self._exactness())

    def _exactness(self) -> Text:
        """How exact each answer has to be; asks that agree share a sentence."""
        groups: dict[tuple[str, str], list[Ask]] = {}
        for ask in self.asks:
            rule = ask.rounding()
            groups.setdefault((rule.ja, rule.en), []).append(ask)
        lines = [
            fill(
                Text(ja="{asks}: {rule}", en="{asks}: {rule}"),
                asks=listing([ask.label for ask in group]),
                rule=Text(ja=ja, en=en),
            )
            for (ja, en), group in groups.items()
        ]
        return Text(
            ja="".join(line.ja for line in lines),
            en=" ".join(line.en for line in lines),
        )

    @property
    def given(self) -> tuple[Given, ...]:
        return tuple(self.generator.given(self.values))

    @property
    def figure(self) -> Figure | None:
        return self.generator.figure(self.values)

    @property
    def solved_figure(self) -> Figure | None:
        return (self.generator.solved_figure or self.generator.figure)(self.values)

    def diagnosis(self, mistake: Mistake[V]) -> Text:
        """The message, with the section of the book that explains it."""
        section, message = self.generator.sections[0], mistake.message
        return Text(
            ja=f"{message.ja.removesuffix('。')}（教科書 {section}）。",
            en=f"{message.en.removesuffix('.')} (textbook {section}).",
        )

    def explanation(self) -> tuple[Step, ...]:
        return tuple(self.generator.explain(self.values))

    def slips(self, ask: str) -> list[tuple[Mistake[V], float]]:
        """The mistakes possible here, each with the answer it leads to."""
        found = []
        for mistake in self.generator.mistakes:
            if mistake.ask == ask:
                value = mistake.formula(self.values)
                if value is not None and isfinite(value) and value > 0:
                    found.append((mistake, value))
        return found

    def flaw(self) -> str | None:
        """Why this draw is not fair, if it is not: an availability out of range, or
        a mistake that cannot be told from the right answer or from another one."""
        for ask in self.asks:
            right = self.solution[ask.key]
            if ask.measure == Measure.SHARE and not (
                LEAST_SHARE <= right <= LARGEST_SHARE
            ):
                return f"{ask.key} is {right}"
            known = [("the right answer", right)]
            for mistake, value in self.slips(ask.key):
                for name, other in known:
                    if abs(value - other) <= ask.reach(value) + ask.reach(other):
                        return f"{mistake.name} is as good as {name}"
                known.append((mistake.name, value))
        return None
