"""What must hold for every generator, put to the test with 2,000 draws each."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.calculations import (
    Answer,
    Ask,
    Exercise,
    Generator,
    Measure,
    Text,
    Unit,
    UnreadableAnswer,
    find_generators,
    judge,
    read_answer,
)

LABS = Path(__file__).parents[2] / "labs"
GENERATORS = find_generators(LABS)
SEEDS = 2_000
LEAKS = re.compile(
    r"None|True|False|Text\(|Fraction|Decimal|Literal|dataclass|lambda|nan|inf\b"
    r"|[{}]|\d[eE][+-]\d|\d\.\d{7,}|(?<![\d.,])0\d|['\"]h['\"]"
)
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")

each_generator = pytest.mark.parametrize(
    "generator", GENERATORS.values(), ids=GENERATORS.keys()
)


def exercises(generator: Generator[Any], step: int = 1) -> Iterator[Exercise[Any]]:
    for seed in range(0, SEEDS, step):
        yield generator.exercise(seed)


def written(ask: Ask, value: float, unit: Unit) -> Answer:
    """What a careful student writes: rounded as asked, a little finer for amounts."""
    if ask.measure == Measure.SHARE:
        return Answer(ask.shown(value, unit), unit.key)
    return Answer(f"{unit.from_base(value):.8g}", unit.key)


def right_answers(exercise: Exercise[Any]) -> dict[str, Answer]:
    return {
        ask.key: written(ask, exercise.solution[ask.key], ask.units[0])
        for ask in exercise.asks
    }


def texts(exercise: Exercise[Any]) -> Iterator[Text]:
    yield exercise.text
    for fact in exercise.given:
        yield from (fact.label, fact.unit)
    for ask in exercise.asks:
        yield from (ask.label, ask.hint, *(unit.label for unit in ask.units))
        yield from (exercise.diagnosis(slip) for slip, _ in exercise.slips(ask.key))
    yield from (step.text for step in exercise.explanation())


def test_chapter_1_has_its_five_generators() -> None:
    found = {slug: each.id for slug, each in GENERATORS.items()}
    first = {slug: id for slug, id in found.items() if slug.startswith("ch01-")}

    assert first == {
        "ch01-record": "G03",
        "ch01-availability": "G04",
        "ch01-downtime": "G05",
        "ch01-cost": "G06",
        "ch01-series": "G07",
    }


@each_generator
def test_the_right_answer_is_right_in_every_unit(generator: Generator[Any]) -> None:
    for exercise in exercises(generator):
        for i in range(max(len(ask.units) for ask in exercise.asks)):
            answers = {
                ask.key: written(
                    ask, exercise.solution[ask.key], ask.units[i % len(ask.units)]
                )
                for ask in exercise.asks
            }
            verdicts = judge(exercise, answers)
            assert {each.outcome for each in verdicts} == {"right"}, answers


@each_generator
def test_the_answer_we_show_is_itself_accepted(generator: Generator[Any]) -> None:
    for exercise in exercises(generator):
        shown = {
            ask.key: Answer(
                ask.expected(exercise.solution[ask.key], ask.units[-1]).value,
                ask.units[-1].key,
            )
            for ask in exercise.asks
        }
        assert all(each.is_right for each in judge(exercise, shown))


@each_generator
def test_no_slip_equals_the_right_answer(generator: Generator[Any]) -> None:
    for exercise in exercises(generator):
        for ask in exercise.asks:
            right = exercise.solution[ask.key]
            for slip, value in exercise.slips(ask.key):
                if ask.measure == Measure.SHARE:
                    assert abs(value - right) > 5e-5, (slip.name, exercise.values)
                else:
                    assert abs(value - right) > 0.005 * right, slip.name


@each_generator
def test_each_slip_gets_its_own_diagnosis(generator: Generator[Any]) -> None:
    seen = set()
    for exercise in exercises(generator):
        for ask in exercise.asks:
            for slip, value in exercise.slips(ask.key):
                answers = right_answers(exercise)
                answers[ask.key] = written(ask, value, ask.units[0])
                if float(answers[ask.key].value) == 0:
                    continue  # A slip too small to be written with the digits asked.
                verdict = next(v for v in judge(exercise, answers) if v.key == ask.key)
                assert verdict.outcome == "mistake", (slip.name, exercise.values)
                assert verdict.mistake == slip.name, exercise.values
                assert verdict.message == exercise.diagnosis(slip)
                seen.add((ask.key, slip.name))
    assert seen == {(slip.ask, slip.name) for slip in generator.mistakes}


@each_generator
def test_availability_stays_within_reason(generator: Generator[Any]) -> None:
    for exercise in exercises(generator):
        for ask in exercise.asks:
            if ask.measure == Measure.SHARE:
                assert 0.3 <= exercise.solution[ask.key] <= 0.9999999
            assert exercise.solution[ask.key] > 0


@each_generator
def test_both_languages_read_like_sentences(generator: Generator[Any]) -> None:
    for exercise in exercises(generator, step=4):
        for text in texts(exercise):
            for said in (text.ja, text.en):
                assert said.strip()
                assert not LEAKS.search(said), said
        assert JAPANESE.search(exercise.text.ja)
        assert not JAPANESE.search(exercise.text.en), exercise.text.en
        for slip in generator.mistakes:
            message = exercise.diagnosis(slip)
            assert f"（教科書 {generator.sections[0]}）。" in message.ja
            assert f"(textbook {generator.sections[0]})." in message.en
        for step in exercise.explanation():
            assert not JAPANESE.search(f"{step.formula} {step.result}")
            assert not LEAKS.search(f"{step.formula or ''} {step.result or ''}")
        for fact in exercise.given:
            assert not LEAKS.search(fact.value), fact


@each_generator
def test_one_of_something_is_not_spoken_of_as_many(generator: Generator[Any]) -> None:
    for exercise in exercises(generator):
        wrong = re.search(r"(?<![\d.,])1 (?!business day\b)(\w+s)\b", exercise.text.en)
        assert not wrong, exercise.text.en


@each_generator
def test_the_explanation_ends_at_the_answers(generator: Generator[Any]) -> None:
    for exercise in exercises(generator):
        steps = exercise.explanation()
        ends = [step.result for step in steps[-len(exercise.asks) :]]
        assert ends == [ask.result(exercise.solution[ask.key]) for ask in exercise.asks]
        for end, ask in zip(ends, exercise.asks, strict=True):
            assert end is not None
            number = float(read_answer(end, ask.units[0], ask.units))
            off = abs(ask.units[0].to_base(number) - exercise.solution[ask.key])
            assert off <= ask.tolerance(exercise.solution[ask.key]) * 1.000001


@each_generator
def test_the_formula_works_out_to_its_result(generator: Generator[Any]) -> None:
    """The right-hand side of each formula is reckoned again, from what is shown."""
    for exercise in exercises(generator, step=4):
        for step in exercise.explanation():
            if not (step.formula and step.result):
                continue
            shown = step.formula.split("=")[-1].replace("¥", "").replace(",", "")
            plain = shown.replace("×", "*").replace("÷", "/").replace("−", "-")
            assert re.fullmatch(r"[\d.\s*/+()-]+", plain), step.formula
            reckoned = eval(plain)
            result = float(re.sub(r"[^\d.]", "", step.result))
            if step.result.endswith("%"):  # To one decimal.
                assert reckoned * 100 == pytest.approx(result, abs=0.05001), step
            else:
                assert reckoned == pytest.approx(result, rel=1e-3, abs=5e-6), step


@each_generator
def test_what_is_stored_restores_the_exercise(generator: Generator[Any]) -> None:
    for exercise in exercises(generator, step=20):
        stored = json.loads(json.dumps(exercise.stored()))

        back = generator.restore(stored)

        assert back.values == exercise.values
        assert back.text == exercise.text


@each_generator
def test_there_is_variety(generator: Generator[Any]) -> None:
    drawn = [exercise.text.ja for exercise in exercises(generator, step=10)]

    assert len(set(drawn)) > 0.3 * len(drawn)
    assert len({re.sub(r"[\d.,]+", "", text)[:12] for text in drawn}) >= 3


NUMBERS = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.floats().map(repr),
    st.integers().map(str),
    st.builds(lambda m, e: f"{m}e{e}", st.integers(0, 9), st.integers(-999, 999)),
    st.text(max_size=70),
)


@given(st.integers(0, 50), st.integers(0, 3), NUMBERS)
def test_whatever_is_written_gets_a_verdict_or_a_reason(
    seed: int, unit: int, number: str
) -> None:
    for generator in GENERATORS.values():
        exercise = generator.exercise(seed)
        answers = {
            ask.key: Answer(number, ask.units[unit % len(ask.units)].key)
            for ask in exercise.asks
        }
        with suppress(UnreadableAnswer):
            assert len(judge(exercise, answers)) == len(exercise.asks)
