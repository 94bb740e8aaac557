"""From single answers to stretches of time in which a service was up, or down."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

SILENCE = 2.0
"""Seconds without any result after which nobody can say how the service was."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One question and what became of it; `sent` in Unix seconds."""

    probe: str
    sent: float
    up: bool
    round_trip: float = 0.0  # Seconds; of a question without an answer, the wait.
    why: str = "ok"


@dataclass(frozen=True, kw_only=True)
class Span:
    """The service was up, or down, from `began` to `ended` (Unix seconds)."""

    up: bool
    began: float
    ended: float
    why: str = "ok"  # Of the first question that failed.

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def prolong(last: Span | None, samples: Iterable[Sample]) -> list[Span]:
    """Go on after `last` with the next samples of one probe, in the order of sending.

    What is returned begins with `last`, as it now is. A service is down from the
    sending of the first question that failed, and up again from the arrival of the
    first answer: between two questions nobody looks, so a span is known to one
    interval at its beginning and to one at its end, and neither is favoured. Silence
    leaves a hole between two spans: unknown, neither up nor down.
    """
    spans = [last] if last else []
    for sample in samples:
        moment = sample.sent + sample.round_trip if sample.up else sample.sent
        if not spans or sample.sent - spans[-1].ended > SILENCE:
            spans.append(_begin(sample, sample.sent))
        elif spans[-1].up == sample.up:
            ended = max(spans[-1].ended, sample.sent)
            spans[-1] = replace(spans[-1], ended=ended)
        else:
            moment = max(moment, spans[-1].ended)
            spans[-1] = replace(spans[-1], ended=moment)
            spans.append(_begin(sample, moment))
    return spans


def _begin(sample: Sample, moment: float) -> Span:
    return Span(up=sample.up, began=moment, ended=moment, why=sample.why)
