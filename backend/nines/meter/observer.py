"""The machine that asks: a node no student can log in to, running `nines-probe`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labkit.meter import MeterProbe
from nines.errors import Unavailable
from nines.meter.spans import Sample
from nines.sandboxes.driver import Node

PROGRAM = "nines-probe"
RING = "/run/nines-probe"
WITHIN = 10.0
WHOLE_ANSWER = 2000
"""As many results as one reading has at most; then there are more."""


class NothingRead(Unavailable):
    """The probe does not run yet, or says what we do not understand."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`samples` are stamped by the observer's clock, which showed `clock` between our
    `asked` and `answered` (Unix seconds). They are numbers `first` to `next` - 1 of
    that `run`."""

    run: str
    asked: float
    answered: float
    clock: float
    first: int
    next: int
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Observer:
    node: Node
    now: Callable[[], float] = time.time

    async def begin(self, probes: Sequence[MeterProbe]) -> None:
        """Have it ask; doing so twice is harmless."""
        words = [word for probe in probes for word in words_of(probe)]
        await self.node.run(
            ["setsid", "-f", PROGRAM, "run", RING, *words], timeout=WITHIN
        )

    async def read(self, run: str, first: int) -> Reading:
        """Results from number `first` on; all there are if it is another run now."""
        command = [PROGRAM, "read", RING, run or "0", str(first)]
        asked = self.now()
        answer = await self.node.run(command, timeout=WITHIN)
        answered = self.now()
        if answer.exit_code != 0:
            raise NothingRead("The meter has not begun to measure yet.")
        try:
            return _reading(answer.stdout.decode(), asked, answered)
        except ValueError as error:
            raise NothingRead("The observer's answer makes no sense.") from error


def words_of(probe: MeterProbe) -> list[str]:
    """As `containers/guest/probe.c` takes them."""
    return [
        probe.name,
        probe.kind,
        str(probe.target),
        str(probe.port or 0),
        str(probe.every_ms),
        str(probe.timeout_ms),
        probe.path,
        probe.body,
    ]


def _reading(text: str, asked: float, answered: float) -> Reading:
    head, *lines = text.splitlines() or [""]
    _run, run, _clock, clock, _first, first, _next, next_ = head.split(" ")
    return Reading(
        run=run[:16],
        asked=asked,
        answered=answered,
        clock=float(clock),
        first=int(first),
        next=int(next_),
        samples=tuple(_sample(line) for line in lines),
    )


def _sample(line: str) -> Sample:
    probe, sent, state, milliseconds, why = line.split(" ")
    return Sample(
        probe=probe,
        sent=float(sent),
        up=state == "up",
        round_trip=float(milliseconds) / 1000,
        why=why[:16],
    )
