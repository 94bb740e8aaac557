"""Predict, then measure: which timer is the difference made of?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.meter import MeterTimer
from nines.meter.availability import Outage

CLOSE = 0.5  # Seconds.
CLOSE_SHARE = 0.1  # Of what was measured.
EXPLAINS_SHARE = 0.25  # Of the difference.


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`timer` accounts for the difference.

    missing: it was not counted, and lasts as long as the difference; superfluous: it
    was counted, and the gap is shorter by it; other_value: it lasts longer or shorter
    than was counted.
    """

    timer: str
    how: str  # missing, superfluous, other_value
    seconds: float  # What it adds to the prediction; negative: takes away.


def measured(
    outages: Sequence[Outage], *, after: float, before: float
) -> Outage | None:
    """The longest outage that began between this prediction and the next: one lost
    packet on the way there is not what was predicted."""
    within = [each for each in outages if after <= each.began < before]
    return max(within, key=lambda each: each.seconds, default=None)


def is_close(expected: float, seconds: float) -> bool:
    return abs(seconds - expected) <= max(CLOSE, CLOSE_SHARE * seconds)


def explain(
    expected: float,
    seconds: float,
    parts: Mapping[str, float],
    timers: Sequence[MeterTimer],
) -> Explanation | None:
    """The one timer that comes nearest to the difference, if any comes near.

    `parts` are the timers that were counted, with the seconds they were taken for.
    """
    if is_close(expected, seconds):
        return None
    difference = seconds - expected
    candidates = [each for timer in timers for each in _candidates(timer, parts)]
    allowed = max(CLOSE, EXPLAINS_SHARE * abs(difference))
    near = [each for each in candidates if abs(each.seconds - difference) <= allowed]
    return min(near, key=lambda each: abs(each.seconds - difference), default=None)


def _candidates(timer: MeterTimer, parts: Mapping[str, float]) -> list[Explanation]:
    counted = parts.get(timer.name)
    if counted is None:
        return _one(timer, "missing", timer.seconds)
    shift = None if timer.seconds is None else timer.seconds - counted
    return _one(timer, "superfluous", -counted) + _one(timer, "other_value", shift)


def _one(timer: MeterTimer, how: str, seconds: float | None) -> list[Explanation]:
    if not seconds:
        return []
    return [Explanation(timer=timer.name, how=how, seconds=seconds)]
