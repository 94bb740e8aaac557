"""In which order checks run, and which of them are skipped. It runs nothing itself."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from labkit.checks import Outcome
from labkit.facts import CheckFacts

_RANK = {"current": 0, "sustained": 1, "under_fault": 2, "after_reboot": 3}


@dataclass(frozen=True)
class Run:
    """Look now. `reboot` first restarts `check.node`."""

    check: CheckFacts
    reboot: bool = False


@dataclass(frozen=True)
class Skip:
    check: CheckFacts
    missing: CheckFacts  # The check it builds on.


Course = Generator[Run | Skip, Outcome, None]


def selection(
    checks: Sequence[CheckFacts], names: Iterable[str], *, current_only: bool = False
) -> list[CheckFacts]:
    """The named checks and everything they build on, in the order they are written.

    With `current_only`, checks that take their time are left out, and so is what
    builds on them.
    """
    by_name = {each.name: each for each in checks}
    wanted: set[str] = set()
    for name in names:
        chain = list(_chain(by_name, name))
        if not current_only or all(each.mode == "current" for each in chain):
            wanted |= {each.name for each in chain}
    return [each for each in checks if each.name in wanted]


def course(checks: Sequence[CheckFacts]) -> Course:
    """Yield what to do next; send back what came of it (for a Skip: anything).

    Quiet checks come first and disturbing ones last, so that a fault or a restart
    cannot spoil what another check looks at.
    """
    by_name = {each.name: each for each in checks}
    passed: set[str] = set()
    rebooted: str | None = None
    for each in sorted(checks, key=lambda each: _rank(by_name, each)):
        if each.after in by_name and each.after not in passed:
            yield Skip(each, by_name[each.after])
            continue
        if each.mode == "after_reboot":
            outcome = yield Run(each, reboot=each.node != rebooted)
            rebooted = each.node
        else:
            outcome = yield Run(each)
        if each.mode == "under_fault":
            rebooted = None
        if outcome is Outcome.PASSED:
            passed.add(each.name)


def _chain(by_name: dict[str, CheckFacts], name: str) -> Iterable[CheckFacts]:
    following: str | None = name
    while following in by_name:
        yield by_name[following]
        following = by_name[following].after


def _rank(by_name: dict[str, CheckFacts], check: CheckFacts) -> int:
    """A check comes no earlier than what it builds on."""
    return max(_RANK[each.mode] for each in _chain(by_name, check.name))
