"""Declare checks with `@check`; say what must hold with `require`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType

from labkit.faults import Fault
from labkit.nodes import Lab
from labkit.text import Text


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # The student has work left to do.
    SKIPPED = "skipped"  # A check this one builds on has not passed.
    BROKEN = "broken"  # The checker itself failed. Never the student's fault.


@dataclass(frozen=True)
class Current:
    """Holds now."""


@dataclass(frozen=True)
class Sustained:
    """Holds at every look for `seconds`."""

    seconds: float


@dataclass(frozen=True)
class UnderFault:
    """Holds while `fault` is in force. `before` runs first, on the whole system (plant
    something to look for). The fault is undone afterwards, then `repair` puts the
    student's machine back as it was."""

    fault: Fault
    before: Callable[[Lab], None] | None = None
    repair: Callable[[Lab], None] | None = None


@dataclass(frozen=True)
class AfterReboot:
    """Holds after `node` has been restarted (once for neighbouring checks)."""

    node: str


Mode = Current | Sustained | UnderFault | AfterReboot


@dataclass(frozen=True)
class Check:
    """`time_limit` is the checker's own time in seconds, sleeping included. What the
    machines take to answer is limited apart from it, and is never held against it."""

    name: str
    title: Text
    points: int
    after: "Check | None"
    mode: Mode
    inspect: Callable[[Lab], None]
    time_limit: float = 30


class NotYet(Exception):
    """The student is not there yet. Any other exception means a broken checker."""

    def __init__(self, message: Text, hint: Text | None = None) -> None:
        super().__init__(message.en)
        self.message = message
        self.hint = hint


def check(
    *,
    ja: str,
    en: str,
    points: int = 1,
    after: Check | None = None,
    mode: Mode | None = None,
    time_limit: float = 30,
) -> Callable[[Callable[[Lab], None]], Check]:
    """Turn a function into a check. `ja` and `en` are the line the student reads."""
    title = Text(ja=ja, en=en)

    def declare(inspect: Callable[[Lab], None]) -> Check:
        return Check(
            inspect.__name__,
            title,
            points,
            after,
            mode or Current(),
            inspect,
            time_limit,
        )

    return declare


def require(condition: object, *, ja: str, en: str, hint: Text | None = None) -> None:
    """Like `assert`, but with a sentence for the student in both languages.

    Say what was seen, with the measured figure. The hint says where to look, never
    the command.
    """
    if not condition:
        raise NotYet(Text(ja=ja, en=en), hint)


def find_checks(module: ModuleType) -> list[Check]:
    """The module is the registry: its checks, in the order they are written."""
    return [value for value in vars(module).values() if isinstance(value, Check)]
