"""Passwords: hashed with Argon2id, off the event loop, a few at a time.

One hash takes some 50 ms and 64 MiB, so a class that signs in at once must not take
all of the machine.
"""

import secrets

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from nines.errors import Invalid

SHORTEST, LONGEST = 10, 256
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # Nothing that is read as something else.


class WeakPassword(Invalid):
    pass


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2):
        self._hasher = hasher or PasswordHasher()
        self._limit = CapacityLimiter(at_once)
        # Compared with when there is no such person, so that both take as long.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        return await to_thread.run_sync(
            self._hasher.hash, password, limiter=self._limit
        )

    async def matches(self, hashed: str | None, password: str) -> bool:
        """False for nobody (None), after as long as for somebody."""
        same = await to_thread.run_sync(
            self._verify, hashed or self._nobody, password, limiter=self._limit
        )
        return same and hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Hashed with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def check_strength(password: str, *, name: str) -> None:
    """Raise WeakPassword for what a guesser tries first. No rules on characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"A password has {SHORTEST} to {LONGEST} characters.")
    if len(set(password)) < 5:
        raise WeakPassword("That password repeats too few different characters.")
    if name.lower() in password.lower() and len(password) < len(name) + SHORTEST:
        raise WeakPassword("That password is mostly your name.")


def one_time_password() -> str:
    """Easy to read out, with 59 bits: it is changed at the first sign-in."""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3)
    )
