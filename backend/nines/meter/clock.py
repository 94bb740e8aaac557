"""The observer's clock, told in ours."""

from dataclasses import dataclass

DRIFT = 100e-6
"""How far two clocks of one host may part, in seconds a second."""


@dataclass
class ClockMap:
    """Cristian's method: a clock that was read somewhere between our question and its
    answer is known to half the round trip. The best reading is kept, and trusted less
    the older it gets; so a slow round trip shifts nothing, and two stamps of one gap
    are moved by the same amount.
    """

    offset: float = 0.0  # What to add to the observer's clock.
    error: float = float("inf")  # At most, in seconds, at `heard`.
    heard: float = 0.0

    def hear(self, *, asked: float, answered: float, clock: float) -> None:
        """The observer's clock showed `clock` between our `asked` and `answered`."""
        error = max(0.0, answered - asked) / 2
        offset = (asked + answered) / 2 - clock
        aged = self.error_at(answered)
        stepped = abs(offset - self.offset) > error + aged  # One of them was set.
        if error < aged or stepped:
            self.offset, self.error, self.heard = offset, error, answered

    def error_at(self, moment: float) -> float:
        return self.error + DRIFT * abs(moment - self.heard)

    def ours(self, clock: float) -> float:
        return clock + self.offset
