from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labkit.checks import Outcome
from labkit.facts import CheckFacts, ModeName
from labkit.order import Run, course, selection
from labkit.text import Text


def fact(
    name: str, *, after: str | None = None, mode: ModeName = "current", node: str = "a"
) -> CheckFacts:
    title = Text(ja=name, en=name)
    return CheckFacts(
        name=name, title=title, points=1, after=after, mode=mode, node=node
    )


def ran(checks: list[CheckFacts], failing: set[str] | None = None) -> list[str]:
    said: list[str] = []
    steps, outcome = course(checks), None
    while True:
        try:
            step = steps.send(outcome)  # type: ignore[arg-type]  # None starts it.
        except StopIteration:
            return said
        name = step.check.name
        if isinstance(step, Run):
            said.append(f"reboot+{name}" if step.reboot else name)
            failed = name in (failing or set())
            outcome = Outcome.FAILED if failed else Outcome.PASSED
        else:
            said.append(f"skip {name}")
            outcome = Outcome.SKIPPED


def test_disturbing_checks_come_last_and_a_reboot_serves_neighbours() -> None:
    checks = [
        fact("back", mode="after_reboot"),
        fact("back2", mode="after_reboot"),
        fact("broken", mode="under_fault"),
        fact("steady", mode="sustained"),
        fact("now"),
    ]

    assert ran(checks) == ["now", "steady", "broken", "reboot+back", "back2"]


def test_what_builds_on_a_failure_is_skipped() -> None:
    checks = [fact("a"), fact("b", after="a"), fact("c", after="b"), fact("d")]

    assert ran(checks, failing={"a"}) == ["a", "skip b", "skip c", "d"]


def test_a_check_comes_no_earlier_than_what_it_builds_on() -> None:
    checks = [fact("a", mode="under_fault"), fact("b", after="a"), fact("c")]

    assert ran(checks) == ["c", "a", "b"]


def test_a_step_brings_along_what_it_builds_on() -> None:
    checks = [fact("a"), fact("b", after="a"), fact("c")]

    assert [each.name for each in selection(checks, ["b"])] == ["a", "b"]


def test_quick_checks_alone_leave_out_what_builds_on_slow_ones() -> None:
    checks = [fact("a"), fact("slow", mode="sustained"), fact("b", after="slow")]

    found = selection(checks, ["a", "slow", "b"], current_only=True)

    assert [each.name for each in found] == ["a"]


@given(st.data())
def test_every_check_comes_out_once_and_after_what_it_builds_on(data: Any) -> None:
    modes: list[ModeName] = ["current", "sustained", "under_fault", "after_reboot"]
    checks: list[CheckFacts] = []
    for number in range(data.draw(st.integers(0, 8))):
        earlier = st.sampled_from([None, *(each.name for each in checks)])
        mode = data.draw(st.sampled_from(modes))
        checks.append(fact(f"c{number}", after=data.draw(earlier), mode=mode))
    failing = set(
        data.draw(st.lists(st.sampled_from([c.name for c in checks] or [""])))
    )

    order = [
        said.rpartition("+")[2].removeprefix("skip ") for said in ran(checks, failing)
    ]

    assert sorted(order) == sorted(each.name for each in checks)
    for each in checks:
        if each.after:
            assert order.index(each.after) < order.index(each.name)
