"""The figures of a run, as chapter 1 defines them. Pure: spans in, figures out.

Written for up time U, down time D and n outages of which r have ended:

    availability  A = U / (U + D)
    MTBF            = U / n          mean time between failures: running, per failure
    MTTR            = D_r / r        mean time to repair: mean length of ended outages
    nines           = -log10(1 - A)  0.999 is three nines

so that, once every outage has ended, A = MTBF / (MTBF + MTTR): section 1.1.2, where
MTBF holds no repair time. IEC 60050-192 says so of mean up time and mean down time.

A run begins with the first answer: what has not been built yet has not failed. Time
nobody looked at counts neither as up nor as down. An outage that goes on counts in D
and in n, not yet in MTTR.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from math import log10

from nines.meter.spans import Span


@dataclass(frozen=True, kw_only=True)
class Outage:
    """`seconds` are those known to be down; an unknown stretch may lie in between."""

    began: float
    ended: float | None  # None: it goes on.
    seconds: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Figures:
    began: float | None  # The first answer; None: there was none yet.
    up: float
    down: float
    unknown: float
    outages: int
    availability: float | None
    mtbf: float | None  # None: no failure yet.
    mttr: float | None  # None: no repair yet.
    nines: float | None  # None: nothing known, or never down.


def outages_of(spans: Sequence[Span]) -> list[Outage]:
    """Neighbouring down spans with only silence between them are one outage."""
    found: list[Outage] = []
    was_up = False
    for span in _run(spans):
        if span.up:
            if found and found[-1].ended is None:
                found[-1] = _ended(found[-1], span.began)
        elif was_up:
            found.append(_outage(span))
        else:
            found[-1] = _outage(span, after=found[-1])
        was_up = span.up
    return found


def figures(spans: Sequence[Span]) -> Figures:
    """Of the spans of one probe, in order, none overlapping."""
    run = _run(spans)
    outages = outages_of(run)
    up = sum(span.seconds for span in run if span.up)
    down = sum(span.seconds for span in run if not span.up)
    repaired = [each.seconds for each in outages if each.ended is not None]
    known = up + down
    return Figures(
        began=run[0].began if run else None,
        up=up,
        down=down,
        unknown=max(0.0, run[-1].ended - run[0].began - known) if run else 0.0,
        outages=len(outages),
        availability=up / known if known > 0 else None,
        mtbf=up / len(outages) if outages else None,
        mttr=sum(repaired) / len(repaired) if repaired else None,
        nines=-log10(down / known) if down > 0 else None,
    )


def since(spans: Sequence[Span], moment: float) -> list[Span]:
    """What of the spans lies after `moment`."""
    return [
        Span(
            up=span.up,
            began=max(span.began, moment),
            ended=span.ended,
            why=span.why,
        )
        for span in spans
        if span.ended >= moment
    ]


def _run(spans: Sequence[Span]) -> list[Span]:
    return list(dropwhile(lambda span: not span.up, spans))


def _outage(span: Span, after: Outage | None = None) -> Outage:
    return Outage(
        began=after.began if after else span.began,
        ended=None,
        seconds=span.seconds + (after.seconds if after else 0.0),
        why=after.why if after else span.why,
    )


def _ended(outage: Outage, moment: float) -> Outage:
    return Outage(
        began=outage.began, ended=moment, seconds=outage.seconds, why=outage.why
    )
