"""Test a lab's checks without a machine: a dict of answers stands in for the nodes.

lab = FakeLab({"st1": FakeNode({"cat /proc/mdstat": MDSTAT}, disks={"vdb": IMAGE})})
assert run_checks(checks, lab)["array_is_raid1"].outcome is Outcome.PASSED
"""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from labkit.checks import Check, NotYet, Outcome, UnderFault, find_checks
from labkit.facts import facts_of
from labkit.faults import Fault, FaultKind
from labkit.nodes import CommandResult, Lab, Unreachable
from labkit.order import Run, course
from labkit.text import Text

Answer = str | CommandResult | Callable[[], "str | CommandResult"]


@dataclass
class FakeNode:
    """Answers to commands (as typed: `cat /proc/mdstat`), files and disk images.

    A command nobody prepared answers 127, a file nobody prepared is not there.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    files: dict[str, str | bytes] = field(default_factory=dict)
    disks: dict[str, bytes] = field(default_factory=dict)
    on: bool = True
    frozen: bool = False
    boots: int = 1
    asked: list[str] = field(default_factory=list)


@dataclass
class FakeTransport:
    nodes: Mapping[str, FakeNode]
    on_fault: Callable[[Fault], None] | None = None
    faults: list[Fault] = field(default_factory=list)

    def _node(self, name: str) -> FakeNode:
        node = self.nodes[name]
        if not node.on or node.frozen:
            raise Unreachable(f"{name} is switched off, or frozen.")
        return node

    def run(
        self, node: str, command: Sequence[str], *, stdin: str, timeout: float
    ) -> CommandResult:
        machine = self._node(node)
        shell = list(command[:2]) == ["/bin/sh", "-c"]
        typed = command[2] if shell else shlex.join(command)
        machine.asked.append(typed)
        if typed == "systemctl reboot" and typed not in machine.answers:
            machine.boots += 1
            return CommandResult(0)
        answer = machine.answers.get(typed, CommandResult(127, "", "not found"))
        if callable(answer):
            answer = answer()
        return CommandResult(0, answer) if isinstance(answer, str) else answer

    def read_file(self, node: str, path: str, *, limit: int) -> bytes | None:
        found = self._node(node).files.get(path)
        if found is None:
            return None
        return (found.encode() if isinstance(found, str) else found)[:limit]

    def write_file(self, node: str, path: str, data: bytes, *, mode: int) -> None:
        self._node(node).files[path] = data

    def read_disk(self, node: str, disk: str, *, offset: int, length: int) -> bytes:
        return self.nodes[node].disks[disk][offset : offset + length]

    def inject(self, fault: Fault) -> None:
        self.faults.append(fault)
        if fault.node is not None:
            _change(self.nodes[fault.node], fault.kind)
        if self.on_fault:
            self.on_fault(fault)

    def wait_ready(self, node: str, *, timeout: float) -> None:
        self._node(node)

    def boots(self, node: str) -> int:
        return self.nodes[node].boots


def _change(node: FakeNode, kind: FaultKind) -> None:
    match kind:
        case "power.off":
            node.on, node.frozen = False, False
        case "power.on" | "power.reset" | "node.panic":
            node.on, node.frozen, node.boots = True, False, node.boots + 1
        case "node.freeze":
            node.frozen = True
        case "node.thaw":
            node.frozen = False


class FakeLab(Lab):
    """A Lab over FakeNodes. `on_fault` changes the answers when a fault comes."""

    def __init__(
        self,
        nodes: Mapping[str, FakeNode],
        *,
        on_fault: Callable[[Fault], None] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(FakeTransport(nodes, on_fault), tuple(nodes), values or {})

    @property
    def faults(self) -> list[Fault]:
        """Every fault so far, undone ones and what undid them included."""
        assert isinstance(self.transport, FakeTransport)
        return self.transport.faults


@dataclass(frozen=True)
class Result:
    outcome: Outcome
    message: Text | None = None
    hint: Text | None = None


def run_checks(checks: ModuleType | Iterable[Check], lab: Lab) -> dict[str, Result]:
    """Run them in this process, in the order the platform would.

    Anything but NotYet and Unreachable is raised: in a test, a broken checker should
    show its traceback. `Sustained` looks once.
    """
    found = find_checks(checks) if isinstance(checks, ModuleType) else list(checks)
    by_name = {each.name: each for each in found}
    results: dict[str, Result] = {}
    steps = course([facts_of(each) for each in found])
    outcome: Any = None
    while True:
        try:
            step = steps.send(outcome)
        except StopIteration:
            return results
        name = step.check.name
        if isinstance(step, Run):
            if step.reboot and step.check.node:
                lab.node(step.check.node).reboot()
            results[name] = _run(by_name[name], lab)
        else:
            results[name] = Result(Outcome.SKIPPED)
        outcome = results[name].outcome


def load_checks(folder: Path) -> ModuleType:
    """`checks.py` of a lab's folder as a module."""
    module = ModuleType("checks")
    source = folder / "checks.py"
    exec(compile(source.read_text("utf-8"), str(source), "exec"), vars(module))
    return module


def _run(check: Check, lab: Lab) -> Result:
    under = check.mode if isinstance(check.mode, UnderFault) else None
    broken: Fault | None = None
    try:
        if under and under.before:
            under.before(lab)
        if under:
            lab.inject(under.fault)
            broken = under.fault
        check.inspect(lab)
    except NotYet as unmet:
        return Result(Outcome.FAILED, unmet.message, unmet.hint)
    except Unreachable:
        return Result(Outcome.FAILED)
    finally:
        if broken and broken.undone:
            lab.inject(broken.undone)
        if under and under.repair:
            under.repair(lab)
    return Result(Outcome.PASSED)
