"""How an answer is judged, on a tiny generator of its own."""

from dataclasses import dataclass, replace
from random import Random

import pytest

from labkit.calculations import (
    DAYS,
    HOURS,
    PERCENT,
    Answer,
    Ask,
    AskVerdict,
    Exercise,
    Generator,
    NoGoodDraw,
    Step,
    Text,
    UnknownUnit,
    UnreadableAnswer,
    amount,
    count,
    judge,
    pieces,
    share,
    slip,
)

SAID = Text(ja="説明", en="words")
PIECES = pieces(ja="台", en="servers")


@dataclass(frozen=True)
class Drawn:
    share: float = 0.983561
    hours: float = 72.0
    count: float = 5.0
    decimals: int = 5


def asks(v: Drawn) -> list[Ask]:
    return [
        share("share", SAID, hint=SAID, decimals=v.decimals),
        amount("hours", SAID, hint=SAID, units=(HOURS, DAYS)),
        count("count", SAID, hint=SAID, unit=PIECES),
    ]


generator = Generator(
    id="G99",
    slug="ch01-tiny",
    title=SAID,
    sections=("1.1.2",),
    values=Drawn,
    draw=lambda random: Drawn(hours=random.choice((0.5, 72.0))),
    tell=lambda v: SAID,
    given=lambda v: (),
    asks=asks,
    solve=lambda v: {"share": v.share, "hours": v.hours, "count": v.count},
    mistakes=(
        slip("down", "share", lambda v: 1 - v.share, ja="停止の割合です。", en="Down."),
        slip("twice", "hours", lambda v: v.hours * 2, ja="2倍です。", en="Twice."),
        slip("never", "hours", lambda v: None, ja="ない。", en="No."),
    ),
    explain=lambda v: [Step(SAID)],
)


def verdict_on(
    ask: str, value: str, unit: str, drawn: Drawn | None = None
) -> AskVerdict:
    answers = {
        "share": Answer("0.98356", "fraction"),
        "hours": Answer("72", "h"),
        "count": Answer("5", "pieces"),
    }
    answers[ask] = Answer(value, unit)
    verdicts = judge(Exercise(generator, drawn or Drawn()), answers)
    return next(verdict for verdict in verdicts if verdict.key == ask)


@pytest.mark.parametrize(
    ("value", "unit", "outcome", "mistake"),
    [
        ("0.98356", "fraction", "right", None),
        ("98.356", "percent", "right", None),
        ("0.983561", "fraction", "right", None),
        ("0.9836", "fraction", "right", None),  # Off by less than 5e-5.
        ("0.9835", "fraction", "mistake", "too_rough"),  # Cut off, 6e-5 away.
        ("98.4", "percent", "mistake", "too_rough"),
        ("98.3", "percent", "mistake", "too_rough"),
        ("98.356", "fraction", "mistake", "other_unit"),
        ("0.98356", "percent", "mistake", "other_unit"),
        ("0.01644", "fraction", "mistake", "down"),
        ("1.644", "percent", "mistake", "down"),
        ("1", "fraction", "mistake", "not_a_share"),
        ("100", "percent", "mistake", "not_a_share"),
        ("0.97", "fraction", "wrong", None),
        ("-0.98356", "fraction", "wrong", None),
    ],
)
def test_a_share_is_judged(
    value: str, unit: str, outcome: str, mistake: str | None
) -> None:
    verdict = verdict_on("share", value, unit)

    assert (verdict.outcome, verdict.mistake) == (outcome, mistake)
    assert bool(verdict.message) is (outcome == "mistake")


@pytest.mark.parametrize(
    ("value", "outcome"),
    [("98.4", "right"), ("98.3", "right_truncated"), ("98.35", "right_truncated")],
)
def test_a_truncated_share_is_right_with_a_remark(value: str, outcome: str) -> None:
    verdict = verdict_on("share", value, "percent", Drawn(decimals=3))

    assert verdict.outcome == outcome
    assert bool(verdict.message) is (outcome == "right_truncated")
    assert verdict.expected.value == "98.4"


def test_certainty_is_never_right_however_close() -> None:
    nearly = Drawn(share=0.99998)

    assert verdict_on("share", "1", "fraction", nearly).outcome == "mistake"
    assert verdict_on("share", "0.99998", "fraction", nearly).outcome == "right"


@pytest.mark.parametrize(
    ("value", "unit", "outcome"),
    [
        ("72", "h", "right"),
        ("3", "d", "right"),
        ("72.36", "h", "right"),
        ("71.64", "h", "right"),
        ("72.37", "h", "wrong"),
        ("3", "h", "mistake"),
        ("72", "d", "mistake"),
        ("144", "h", "mistake"),
        ("6", "d", "mistake"),
    ],
)
def test_a_time_has_half_a_percent(value: str, unit: str, outcome: str) -> None:
    assert verdict_on("hours", value, unit).outcome == outcome


@pytest.mark.parametrize(
    ("value", "outcome"),
    [("5", "right"), ("5台", "right"), ("5 servers", "right"), ("5.01", "wrong")],
)
def test_a_count_is_exact(value: str, outcome: str) -> None:
    assert verdict_on("count", value, "pieces").outcome == outcome


def test_a_diagnosis_points_at_the_section() -> None:
    message = verdict_on("share", "0.01644", "fraction").message

    assert message == Text(
        ja="停止の割合です（教科書 1.1.2）。", en="Down (textbook 1.1.2)."
    )


def test_what_cannot_be_read_is_told_before_anything_is_judged() -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        verdict_on("hours", "たぶん72", "h")
    assert caught.value.ask == "hours"


def test_a_missing_answer_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer, match="empty"):
        judge(Exercise(generator, Drawn()), {})


def test_a_unit_nobody_offered_is_refused() -> None:
    with pytest.raises(UnknownUnit):
        verdict_on("hours", "72", PERCENT.key)


def test_the_expected_answer_is_in_the_unit_the_student_chose() -> None:
    assert verdict_on("hours", "1", "d").expected.value == "3"


def test_a_draw_with_a_slip_as_good_as_the_answer_is_not_fair() -> None:
    flaw = Exercise(generator, Drawn(share=0.5)).flaw()

    assert flaw == "down is as good as the right answer"
    assert Exercise(generator, Drawn()).flaw() is None


@pytest.mark.parametrize("availability", [0.29, 0.99999995])
def test_an_availability_out_of_range_is_not_fair(availability: float) -> None:
    assert Exercise(generator, Drawn(share=availability)).flaw()


def test_a_generator_that_never_finds_a_fair_draw_says_so() -> None:
    hopeless = replace(generator, draw=lambda random: Drawn(share=0.5))

    with pytest.raises(NoGoodDraw):
        hopeless.exercise(1)


def test_a_seed_always_gives_the_same_exercise() -> None:
    assert generator.exercise(7) == generator.exercise(7)
    assert {generator.exercise(seed).values.hours for seed in range(20)} == {0.5, 72.0}
    assert Random(7).random() == Random(7).random()


def test_stored_values_that_no_longer_fit_are_a_value_error() -> None:
    with pytest.raises(ValueError, match="validation error"):
        generator.restore({"share": "many"})
