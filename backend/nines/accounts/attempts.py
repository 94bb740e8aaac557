"""Slows down guessing of passwords.

Counted by name and address together, so that nobody can lock somebody else out, and by
address alone, generously: a whole class may sit behind one. Kept in memory: the server
is one process, and a restart takes longer than a guess is worth.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from nines.errors import TooMany

_KEYS = 10_000  # The oldest are forgotten beyond that.


class TooManyAttempts(TooMany):
    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts to sign in. Wait {seconds} seconds.")
        self.params = {"seconds": seconds}


@dataclass(kw_only=True)
class SignInAttempts:
    """Each attempt counts until it is taken back by `forgive`, at success.

    Counting before the password is looked at keeps a hundred simultaneous guesses from
    all being the first.
    """

    per_name: int = 5
    per_address: int = 100
    window: float = 300
    clock: Callable[[], float] = time.monotonic
    _made: OrderedDict[tuple[str, ...], deque[float]] = field(
        default_factory=OrderedDict
    )

    def count(self, *, name: str, address: str) -> None:
        """Raise TooManyAttempts when this one is too many; else remember it."""
        limits = {(address, name): self.per_name, (address,): self.per_address}
        now = self.clock()
        wait = max(self._wait(key, limit, now) for key, limit in limits.items())
        if wait > 0:
            raise TooManyAttempts(int(wait) + 1)
        for key in limits:
            self._made.setdefault(key, deque()).append(now)
            self._made.move_to_end(key)
        while len(self._made) > _KEYS:
            self._made.popitem(last=False)

    def forgive(self, *, name: str, address: str) -> None:
        self._made.pop((address, name), None)
        if made := self._made.get((address,)):
            made.pop()

    def _wait(self, key: tuple[str, ...], limit: int, now: float) -> float:
        made = self._made.get(key)
        while made and made[0] <= now - self.window:
            made.popleft()
        return made[0] + self.window - now if made and len(made) >= limit else 0.0
