"""Chapter 1's generators against formulas written here, and the book's own inputs."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.calculations import (
    Answer,
    Exercise,
    Nines,
    Series,
    Timeline,
    find_generators,
    judge,
)

GENERATORS = find_generators(Path(__file__).parents[2] / "labs")
SEEDS = range(2_000)
HOURS = {"d": Fraction(24), "h": Fraction(1), "min": Fraction(1, 60)}
seeds = st.integers(0, 2**48)


def exact(number: float) -> Fraction:
    """The decimal number that was drawn, not its binary neighbour."""
    return Fraction(str(number))


def drawn(slug: str, seed: int) -> tuple[dict[str, Any], dict[str, float]]:
    exercise = GENERATORS[slug].exercise(seed)
    return exercise.stored(), dict(exercise.solution)


def with_values(slug: str, **values: Any) -> Exercise[Any]:
    """An exercise with the values of our choice, the rest as some draw has it."""
    generator = GENERATORS[slug]
    return generator.restore({**generator.exercise(1).stored(), **values})


def outcomes(exercise: Exercise[Any], **answers: tuple[str, str]) -> list[str]:
    read = {key: Answer(*answer) for key, answer in answers.items()}
    return [each.mistake or each.outcome for each in judge(exercise, read)]


def shown(exercise: Exercise[Any]) -> str:
    return exercise.asks[0].result(exercise.solution["availability"])


def expect_record(seed: int) -> None:
    v, solution = drawn("ch01-record", seed)
    repairs = [exact(each) for each in v["repairs"]]
    total = Fraction(v["period_days"] * 24)

    assert v["period_days"] in (30, 90, 180, 365)
    assert 1 <= len(repairs) <= 12
    assert all(Fraction(1, 2) <= each <= 96 for each in repairs)
    assert sum(repairs) < total * 4 / 10
    assert solution["mtbf"] == pytest.approx(
        float((total - sum(repairs)) / len(repairs))
    )
    assert solution["mttr"] == pytest.approx(float(sum(repairs) / len(repairs)))


def expect_availability(seed: int) -> None:
    v, solution = drawn("ch01-availability", seed)
    up = exact(v["mtbf"]) * HOURS[v["mtbf_unit"]]
    assert 50 <= up <= 20_000
    if v["goal"] is None:
        repair = exact(v["mttr"]) * HOURS[v["mttr_unit"]]
        expected = {"availability": float(up / (up + repair))}
    else:
        repair = up / exact(v["goal"]) - up
        expected = {"mttr": float(repair)}
    assert Fraction(1, 10) <= repair <= 200
    assert solution == pytest.approx(expected)


def expect_downtime(seed: int) -> None:
    v, solution = drawn("ch01-downtime", seed)
    length = {"month": 30 * 24, "year": 365 * 24}[v["period"]]

    assert 0.9 <= v["availability"] <= 0.99999
    assert solution["down"] == pytest.approx(
        float((1 - exact(v["availability"])) * length)
    )


def expect_cost(seed: int) -> None:
    v, solution = drawn("ch01-cost", seed)
    assert 10_000 <= v["daily"] <= 5_000_000
    assert v["open_hours"] == 24 or 8 <= v["open_hours"] <= 12
    assert 0.5 <= v["repair"] <= 120
    of_an_hour = Fraction(v["daily"], v["open_hours"])

    def yearly(hours: Fraction) -> Fraction:
        return of_an_hour * hours * int(v["outages"])

    if v["whole_days"]:
        days = exact(v["repair"]) / 24
        expected = {"loss": float(days * v["daily"] * v["outages"])}
    elif v["prices"] is None:
        expected = {"loss": float(yearly(exact(v["repair"])))}
    else:
        saved = yearly(exact(v["repair"])) - yearly(exact(v["repair_b"]))
        years = (v["prices"][1] - v["prices"][0]) / saved
        expected = {"saving": float(saved), "payback": float(years) * 8760}
    assert solution == pytest.approx(expected)


def expect_series(seed: int) -> None:
    v, solution = drawn("ch01-series", seed)
    product = Fraction(1)
    for each in v["availabilities"]:
        assert 0.8 <= each <= 0.9999
        product *= exact(each)

    assert 2 <= len(v["availabilities"]) <= 6
    assert len(set(v["parts"])) == len(v["parts"]) == len(v["availabilities"])
    assert solution["availability"] == pytest.approx(float(product))


EXPECTATIONS = (
    expect_record,
    expect_availability,
    expect_downtime,
    expect_cost,
    expect_series,
)


@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_two_thousand_draws_agree_with_the_formula(expect: Any) -> None:
    for seed in SEEDS:
        expect(seed)


def kinds(slug: str, kind: Callable[[dict[str, Any]], object]) -> set[object]:
    return {kind(GENERATORS[slug].exercise(seed).stored()) for seed in SEEDS}


def test_refusing_unfair_draws_leaves_every_kind_of_exercise() -> None:
    failures = kinds("ch01-record", lambda v: len(v["repairs"]))
    periods = kinds("ch01-record", lambda v: v["period_days"])
    units = kinds(
        "ch01-availability",
        lambda v: (v["mtbf_unit"], v["mttr_unit"], v["goal"] is None),
    )
    goals = kinds("ch01-downtime", lambda v: v["availability"])
    asked = kinds("ch01-downtime", lambda v: (v["period"], v["unit"]))
    business = kinds(
        "ch01-cost",
        lambda v: (v["open_hours"] == 24, v["whole_days"], v["prices"] is None),
    )
    lengths = kinds("ch01-series", lambda v: len(v["parts"]))

    assert failures == set(range(1, 13))
    assert periods == {30, 90, 180, 365}
    assert len(units) == 2 * 3 * 2  # Days or hours; days, hours or minutes.
    assert {0.9, 0.99, 0.999, 0.9999, 0.99999} <= goals
    assert len(asked) == 2 * 2
    assert len(business) == 2 * 3  # A loss by the hour, by the day, and two designs.
    assert lengths == {2, 3, 4, 5, 6}


@given(seeds)
def test_any_seed_agrees_with_the_formulas(seed: int) -> None:
    for expect in EXPECTATIONS:
        expect(seed)


def test_example_1_1_of_the_book() -> None:
    record = with_values(
        "ch01-record", period_days=365, repairs=[72, 72], starts=[1000, 5000]
    )
    availability = with_values(
        "ch01-availability",
        mtbf=4308,
        mtbf_unit="h",
        mttr=72,
        mttr_unit="h",
        goal=None,
        decimals=5,
    )

    assert record.solution == {"mtbf": 4308, "mttr": 72}
    assert outcomes(record, mtbf=("4,308", "h"), mttr=("3", "d")) == ["right"] * 2
    assert outcomes(record, mtbf=("4380", "h"), mttr=("144", "h")) == [
        "repairs_left_in",
        "not_divided",
    ]
    in_days = outcomes(record, mtbf=("179.5", "h"), mttr=("3", "h"))
    assert in_days == ["left_in_days"] * 2
    assert shown(availability) == "0.98356"
    assert outcomes(availability, availability=("98.356％", "percent")) == ["right"]


def test_the_book_cuts_off_where_we_round() -> None:
    """98.3 % and 99.8 % in the book, 98.4 % and 99.9 % rounded half up."""
    examples = ((4308, 72, "98.3", "98.4"), (719, 1, "99.8", "99.9"))
    for mtbf, mttr, cut, rounded in examples:
        exercise = with_values(
            "ch01-availability",
            mtbf=mtbf,
            mtbf_unit="h",
            mttr=mttr,
            mttr_unit="h",
            goal=None,
            decimals=3,
        )
        assert outcomes(exercise, availability=(rounded, "percent")) == ["right"]
        assert outcomes(exercise, availability=(cut, "percent")) == ["right_truncated"]


def test_example_1_2_of_the_book() -> None:
    record = with_values("ch01-record", period_days=30, repairs=[1], starts=[100])
    availability = with_values(
        "ch01-availability",
        mtbf=719,
        mtbf_unit="h",
        mttr=60,
        mttr_unit="min",
        goal=None,
        decimals=5,
    )

    assert record.solution == {"mtbf": 719, "mttr": 1}
    assert shown(availability) == "0.99861"


def test_two_servers_of_95_percent_in_series() -> None:
    chain = with_values("ch01-series", parts=[0, 1], availabilities=[0.95, 0.95])

    assert shown(chain) == "0.90250"
    assert outcomes(chain, availability=("0.9025", "fraction")) == ["right"]
    assert outcomes(chain, availability=("90.25", "percent")) == ["right"]
    assert outcomes(chain, availability=("0.95", "fraction")) == ["minimum"]
    assert outcomes(chain, availability=("0.9", "fraction")) == ["linear"]
    assert outcomes(chain, availability=("0.9975", "fraction")) == ["parallel"]


def test_three_days_and_half_a_day_of_240_000_yen() -> None:
    business = {
        "daily": 240_000,
        "open_hours": 24,
        "outages": 1,
        "prices": None,
        "repair_b": 0,
    }
    days = with_values("ch01-cost", **business, repair=72, whole_days=True)
    half = with_values("ch01-cost", **business, repair=12, whole_days=False)

    assert days.solution == {"loss": 720_000}
    assert half.solution == {"loss": 120_000}
    assert outcomes(days, loss=("72万円", "yen")) == ["right"]
    assert outcomes(half, loss=("12", "man_yen")) == ["right"]


@pytest.mark.parametrize(
    ("availability", "minutes"),
    [(0.9, 52560), (0.99, 5256), (0.999, 525.6), (0.9999, 52.56), (0.99999, 5.256)],
)
def test_the_nines_of_a_year(availability: float, minutes: float) -> None:
    goal = with_values(
        "ch01-downtime", availability=availability, period="year", unit="min"
    )

    assert goal.solution["down"] * 60 == pytest.approx(minutes)
    assert outcomes(goal, down=(f"{minutes:,}", "min")) == ["right"]


def test_three_nines_are_not_a_tenth_of_an_hour() -> None:
    goal = with_values("ch01-downtime", availability=0.999, period="month", unit="min")

    assert outcomes(goal, down=("43.2", "min")) == ["right"]
    assert outcomes(goal, down=("0.1", "h")) == ["percent_as_hours"]
    assert outcomes(goal, down=("0.1", "min")) == ["percent_as_time"]
    assert outcomes(goal, down=("525.6", "min")) == ["wrong_period"]


def test_the_timeline_shows_the_outages_of_the_record() -> None:
    for seed in SEEDS:
        exercise = GENERATORS["ch01-record"].exercise(seed)
        figure = exercise.figure
        assert isinstance(figure, Timeline)
        lengths = [down.end_h - down.start_h for down in figure.down]
        assert lengths == pytest.approx(exercise.stored()["repairs"])
        ends = [0.0, *(down.end_h for down in figure.down)]
        starts = [*(down.start_h for down in figure.down), figure.period_h]
        for end, start in zip(ends, starts, strict=True):
            assert end <= start + 0.11, exercise.values  # Drawn to a tenth of an hour.


def test_the_figures_give_no_answer_away() -> None:
    for slug in ("ch01-availability", "ch01-downtime"):
        exercise = GENERATORS[slug].exercise(3)
        assert exercise.figure is None
        assert isinstance(exercise.solved_figure, Nines)


def test_the_series_shows_its_blocks() -> None:
    exercise = GENERATORS["ch01-series"].exercise(3)

    assert isinstance(exercise.figure, Series)
    blocks = [part.availability for part in exercise.figure.parts]
    assert blocks == exercise.stored()["availabilities"]
