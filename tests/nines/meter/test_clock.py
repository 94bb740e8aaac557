import pytest
from hypothesis import given
from hypothesis import strategies as st

from nines.meter.clock import DRIFT, ClockMap

delays = st.tuples(st.floats(0, 0.5), st.floats(0, 0.5))


@given(st.lists(delays, min_size=1, max_size=40), st.floats(-1e6, 1e6))
def test_a_stamp_is_never_further_off_than_said(
    trips: list[tuple[float, float]], behind: float
) -> None:
    """However long the way there and the way back take."""
    clocks, now = ClockMap(), 1_700_000_000.0
    for there, back in trips:
        asked, read = now, now + there
        now = read + back
        clocks.hear(asked=asked, answered=now, clock=read - behind)
        off = abs(clocks.ours(now - behind) - now)
        assert off <= clocks.error_at(now) + 1e-5
        now += 1


@given(st.lists(delays, min_size=1, max_size=40))
def test_one_quick_round_trip_is_enough_for_a_good_while(
    trips: list[tuple[float, float]],
) -> None:
    clocks, now = ClockMap(), 1000.0
    clocks.hear(asked=now, answered=now + 0.04, clock=500.02)
    for there, back in trips:
        now += 1
        clocks.hear(asked=now, answered=now + there + back, clock=now + there - 500.0)
        assert abs(clocks.ours(now - 500.0) - now) <= 0.05


def test_a_slow_round_trip_moves_no_stamp() -> None:
    clocks = ClockMap()
    clocks.hear(asked=10.0, answered=10.02, clock=5.01)
    before = clocks.ours(6.0)
    clocks.hear(asked=11.0, answered=12.0, clock=6.9)
    assert clocks.ours(6.0) == before


def test_an_old_reading_is_trusted_less() -> None:
    clocks = ClockMap()
    clocks.hear(asked=10.0, answered=10.02, clock=5.01)
    assert clocks.error_at(110.02) == pytest.approx(0.01 + 100 * DRIFT)


def test_a_clock_that_was_set_is_followed_at_once() -> None:
    clocks = ClockMap()
    clocks.hear(asked=10.0, answered=10.02, clock=5.01)
    clocks.hear(asked=11.0, answered=11.2, clock=2.1)  # The machine stood still.
    assert abs(clocks.ours(2.1) - 11.1) <= 0.1
