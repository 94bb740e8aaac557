import pytest

from labkit.meter import MeterTimer
from labkit.text import Text
from nines.meter.availability import Outage
from nines.meter.predictions import Explanation, explain, measured

TEXT = Text(ja="時間", en="Time")
DEADTIME = MeterTimer(name="deadtime", title=TEXT, seconds=30, explain=TEXT)
TAKEOVER = MeterTimer(name="takeover", title=TEXT, seconds=2, explain=TEXT)
CHOSEN = MeterTimer(name="interval", title=TEXT, explain=TEXT)  # By the student.
TIMERS = [DEADTIME, TAKEOVER, CHOSEN]


@pytest.mark.parametrize(
    ("expected", "seconds", "parts", "found"),
    [
        (32, 31.4, {"deadtime": 30, "takeover": 2}, None),  # As predicted.
        (0.3, 0.6, {}, None),
        (
            2,
            31.8,
            {"takeover": 2},
            Explanation(timer="deadtime", how="missing", seconds=30),
        ),
        (30, 32.1, {"deadtime": 30}, None),  # Within a tenth.
        (
            5,
            7.2,
            {"interval": 5},
            Explanation(timer="takeover", how="missing", seconds=2),
        ),
        (
            35,
            5.1,
            {"deadtime": 30, "interval": 5},
            Explanation(timer="deadtime", how="superfluous", seconds=-30),
        ),
        (
            12,
            32.0,
            {"deadtime": 10, "takeover": 2},
            Explanation(timer="deadtime", how="other_value", seconds=20),
        ),
        (10, 100, {"deadtime": 10}, None),  # No single timer is 90 seconds long.
        (5, 15, {}, None),
    ],
)
def test_the_timer_that_is_the_difference_is_named(
    expected: float, seconds: float, parts: dict[str, float], found: Explanation | None
) -> None:
    assert explain(expected, seconds, parts, TIMERS) == found


def gap(began: float, seconds: float) -> Outage:
    return Outage(began=began, ended=began + seconds, seconds=seconds, why="timeout")


def test_the_longest_gap_before_the_next_prediction_is_the_one_meant() -> None:
    gaps = [gap(10, 5), gap(20, 0.1), gap(30, 8), gap(50, 90)]
    assert measured(gaps, after=15, before=40) == gaps[2]
    assert measured(gaps, after=60, before=90) is None
