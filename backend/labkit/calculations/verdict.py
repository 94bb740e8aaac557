"""Judge an answer: right, a known slip, or wrong, with words for the student."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from labkit.calculations.asks import Ask, Measure
from labkit.calculations.figures import Shown
from labkit.calculations.generator import Exercise
from labkit.calculations.reading import Unreadable, read_answer
from labkit.calculations.units import Unit
from labkit.text import Text

Outcome = Literal["right", "right_truncated", "mistake", "wrong"]


class UnknownUnit(ValueError):
    """The page sent a unit this ask does not offer."""


class UnreadableAnswer(Exception):
    def __init__(self, ask: str, message: Text) -> None:
        super().__init__(message.en)
        self.ask = ask
        self.message = message


@dataclass(frozen=True)
class Answer:
    value: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class AskVerdict:
    """`mistake` is the slip's name, for statistics."""

    key: str
    outcome: Outcome
    message: Text | None
    expected: Shown
    mistake: str | None = None

    @property
    def is_right(self) -> bool:
        return self.outcome in ("right", "right_truncated")


def judge(
    exercise: Exercise[Any], answers: Mapping[str, Answer]
) -> tuple[AskVerdict, ...]:
    """One verdict for each ask; UnreadableAnswer before anything is judged."""
    read = [(ask, *_read(ask, answers.get(ask.key))) for ask in exercise.asks]
    return tuple(_judge(exercise, ask, number, unit) for ask, number, unit in read)


def _read(ask: Ask, answer: Answer | None) -> tuple[Decimal, Unit]:
    value, key = (answer.value, answer.unit) if answer else ("", ask.units[0].key)
    unit = ask.unit(key)
    if unit is None:
        raise UnknownUnit(f"{ask.key} cannot be answered in {key[:20]!r}.")
    try:
        return read_answer(value, unit, ask.units), unit
    except Unreadable as error:
        raise UnreadableAnswer(ask.key, error.message) from error


def _judge(
    exercise: Exercise[Any], ask: Ask, number: Decimal, unit: Unit
) -> AskVerdict:
    right = exercise.solution[ask.key]

    def verdict(
        outcome: Outcome, message: Text | None = None, mistake: str | None = None
    ) -> AskVerdict:
        return AskVerdict(
            key=ask.key,
            outcome=outcome,
            message=message,
            expected=ask.expected(right, unit),
            mistake=mistake,
        )

    certain = _is_certainty(ask, number, unit)
    if not certain and ask.near(number, unit, right):
        if ask.measure != Measure.COUNT and ask.is_cut_off(number, unit, right):
            return verdict("right_truncated", CUT_OFF)
        return verdict("right")
    for mistake, value in exercise.slips(ask.key):
        if ask.near(number, unit, value):
            return verdict("mistake", exercise.diagnosis(mistake), mistake.name)
    if certain:
        return verdict("mistake", NOT_A_SHARE, "not_a_share")
    for other in ask.units:
        if other != unit and ask.near(number, other, right):
            return verdict("mistake", _other_unit(other, unit), "other_unit")
    if ask.is_too_rough(number, unit, right):
        return verdict("mistake", TOO_ROUGH, "too_rough")
    return verdict("wrong")


def _is_certainty(ask: Ask, number: Decimal, unit: Unit) -> bool:
    """A share of nothing or of everything is out of reach of rounding too. Numbers
    such as 98.4 as a fraction are left to the slip of the unit."""
    return ask.measure == Measure.SHARE and float(number) * unit.factor in (0.0, 1.0)


NOT_A_SHARE = Text(
    ja="0や1（100％）になるのは、まったく動かないか、決して止まらない場合だけです。"
    "求められた桁まで残してください。",
    en="Exactly 0 or 1 (100 %) would mean never up, or never down. "
    "Keep as many digits as asked for.",
)
CUT_OFF = Text(
    ja="正解です。ただし切り捨てた値です。四捨五入すると末尾の桁が1つ上がります。",
    en="Right, but cut off: rounding half up raises the last digit by one.",
)
TOO_ROUGH = Text(
    ja="考え方は合っていますが、丸めすぎです。求められた桁まで残してください。",
    en="The idea is right, but it is rounded too much. Keep the digits asked for.",
)


def _other_unit(meant: Unit, chosen: Unit) -> Text:
    return Text(
        ja=f"数値は「{meant.label.ja}」としてなら合っています。"
        f"選んだ単位「{chosen.label.ja}」を見直してください。",
        en=f"The number is right in “{meant.label.en}”, "
        f"but the chosen unit is “{chosen.label.en}”.",
    )
