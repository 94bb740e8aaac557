"""Answers a checker's questions about one session's machines, within limits.

It writes down what was asked, keeps count of what is broken, and can undo the faults.
"""

import base64
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import anyio

from labkit import faults as labkit
from nines.errors import AppError
from nines.grading.evidence import Evidence
from nines.grading.in_force import holds
from nines.sandboxes.driver import (
    Fault,
    FaultRefused,
    FileNotThere,
    NodeUnreachable,
    SandboxDriver,
)

RUN_LIMIT = 60.0
BOOT_LIMIT = 150.0
MACHINE_SECONDS = 180.0
"""How long the machines may take, together, over the questions of one check."""
UNDO_TRIES, UNDO_EVERY = 20, 0.5
MAX_QUESTIONS = 5000
MAX_COMMAND = 128 * 1024
MAX_READ = 1024 * 1024
_DISK_PIECE = 64 * 1024

Remember = Callable[[Sequence[Fault], str | None], Awaitable[None]]


class SandboxGone(Exception):
    """The session ended while it was being checked; nobody has failed anything."""


@dataclass(kw_only=True)
class Machines:
    """`remember` stores the faults in force, and the check whose repair is owed, before
    anything breaks: a server that dies leaves a note of what to mend."""

    driver: SandboxDriver
    sandbox: str
    nodes: tuple[str, ...]
    remember: Remember
    evidence: Evidence = field(default_factory=Evidence)
    in_force: list[Fault] = field(default_factory=list)
    owed: str | None = None
    _check: str = ""
    _seconds_left: float = MACHINE_SECONDS
    _questions_left: int = MAX_QUESTIONS

    def begin(self, check: str) -> None:
        """From here on, questions are asked for this check."""
        self._check = check
        self._seconds_left = MACHINE_SECONDS
        self._questions_left = MAX_QUESTIONS

    async def answer(self, ask: dict[str, Any]) -> dict[str, Any]:
        """KeyError, TypeError or ValueError when the question makes no sense."""
        self._questions_left -= 1
        if self._questions_left < 0:
            raise ValueError(f"more than {MAX_QUESTIONS} questions in one check")
        begun = time.monotonic()
        shown: bytes | str = ""
        try:
            with anyio.fail_after(max(0.0, self._seconds_left)):
                reply, shown = await self._ask(ask)
        except TimeoutError:
            detail = "The machines took too long over their answers."
            reply = {"error": "unreachable", "detail": detail}
        except FaultRefused as refused:
            reply = {"error": "refused", "detail": str(refused)}
        except AppError as error:
            await self._still_there(error)
            is_theirs = isinstance(error, NodeUnreachable)
            kind = "unreachable" if is_theirs else "platform"
            reply = {"error": kind, "detail": str(error)}
        seconds = time.monotonic() - begun
        self._seconds_left -= seconds
        shown = reply.get("detail", shown)
        self.evidence.add(self._check, ask, shown, seconds=seconds)
        return reply

    async def inject(self, fault: Fault) -> None:
        """Make a fault, or undo one that is in force; wait for a machine to boot."""
        mended = [each for each in self.in_force if undoes(fault, each)]
        if not mended and undo_of(fault) is not None:
            self.in_force.append(fault)
            await self._note()
        try:
            await break_and_wait(self.driver, self.sandbox, fault)
            asked = {"fault": fault.kind, **fault.given}
            self.evidence.add(self._check, asked, "", seconds=0)
        except FaultRefused:
            if fault in self.in_force:
                self.in_force.remove(fault)
                await self._note()
            raise
        if mended:
            self.in_force = [each for each in self.in_force if each not in mended]
            await self._note()

    async def owe(self, check: str | None) -> None:
        """From here on that check's repair must be run; None once it has been."""
        self.owed = check
        await self._note()

    async def _note(self) -> None:
        await self.remember(self.in_force, self.owed)

    async def undo_all(self) -> None:
        """The last fault first. One that cannot be undone stays on the list."""
        for fault in reversed(list(self.in_force)):
            if fault not in self.in_force:  # What undid another undid it too.
                continue
            try:
                await self._undo(fault)
            except AppError as error:
                await self._still_there(error)

    async def _undo(self, fault: Fault) -> None:
        undo = undo_of(fault)
        for _ in range(UNDO_TRIES):
            try:
                if undo:
                    await self.inject(undo)
                return
            except FaultRefused:
                # Undone already, or a machine that is still letting go of a disk.
                if not await self._holds(fault):
                    self.in_force.remove(fault)
                    await self._note()
                    return
                await anyio.sleep(UNDO_EVERY)

    async def _holds(self, fault: Fault) -> bool:
        nodes = await self.driver.nodes(self.sandbox)
        segments = await self.driver.segments(self.sandbox)
        return holds(fault, nodes, segments)

    async def _still_there(self, error: AppError) -> None:
        if not await self.driver.is_running(self.sandbox):
            raise SandboxGone from error

    async def _ask(self, ask: dict[str, Any]) -> tuple[dict[str, Any], bytes | str]:
        match ask["ask"]:
            case "inject":
                fault = fault_in(ask["fault"])
                for name in filter(None, (fault.node, fault.peer)):
                    self._node(name)
                await self.inject(fault)
                return {"answer": None}, ""
            case "boots":
                self._node(ask["node"])
                boots = await _boots(self.driver, self.sandbox, ask["node"])
                return {"answer": boots}, str(boots)
            case "wait_ready":
                seconds = min(float(ask["timeout"]), BOOT_LIMIT)
                await self._node(ask["node"]).wait_ready(timeout=seconds)
                return {"answer": None}, ""
            case "run":
                return await self._run(ask)
            case "read_file":
                return await self._read_file(ask)
            case "write_file":
                data = base64.b64decode(ask["data"], validate=True)
                await self._node(ask["node"]).write_file(
                    _text(ask["path"]), data, mode=int(ask["mode"]) & 0o7777
                )
                return {"answer": None}, ""
            case "read_disk":
                data = await self._read_disk(ask)
                return {"answer": base64.b64encode(data).decode()}, data
            case unknown:
                raise ValueError(f"there is no question {unknown!r}")

    async def _run(self, ask: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        command = [_text(word) for word in ask["command"]]
        if not command or sum(map(len, command)) > MAX_COMMAND:
            raise ValueError("the command is empty or too long")
        result = await self._node(ask["node"]).run(
            command,
            stdin=ask["stdin"].encode(),
            timeout=max(0.1, min(float(ask["timeout"]), RUN_LIMIT, self._seconds_left)),
        )
        answer = {
            "exit_code": result.exit_code,
            "stdout": result.stdout.decode(errors="replace"),
            "stderr": result.stderr.decode(errors="replace"),
        }
        seen = b"exit %d\n%b\n%b" % (result.exit_code, result.stdout, result.stderr)
        return {"answer": answer}, seen

    async def _read_file(self, ask: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        limit = max(1, min(int(ask["limit"]), MAX_READ))
        try:
            data = await self._node(ask["node"]).read_file(
                _text(ask["path"]), limit=limit
            )
        except FileNotThere:
            return {"answer": None}, b"(no such file)"
        return {"answer": base64.b64encode(data).decode()}, data

    async def _read_disk(self, ask: dict[str, Any]) -> bytes:
        node, disk = self._node(ask["node"]), _text(ask["disk"])
        offset, length = int(ask["offset"]), int(ask["length"])
        if not 0 <= offset < 2**48 or not 0 <= length <= MAX_READ:
            raise ValueError("a disk is read up to 1 MiB at a time")
        data = b""
        while len(data) < length:
            piece = min(_DISK_PIECE, length - len(data))
            part = await node.read_disk(disk, offset=offset + len(data), length=piece)
            data += part
            if len(part) < piece:
                break
        return data

    def _node(self, name: str) -> Any:
        if name not in self.nodes:
            raise ValueError(f"there is no node {name!r}")
        return self.driver.node(self.sandbox, name)


async def break_and_wait(driver: SandboxDriver, sandbox: str, fault: Fault) -> None:
    """Inject a fault; when it makes a machine boot, return once it is up again."""
    if fault.node is None or fault.kind not in ("power.on", "power.reset"):
        return await driver.inject(sandbox, fault)
    before = await _boots(driver, sandbox, fault.node)
    await driver.inject(sandbox, fault)
    # A machine that is being reset seems ready for a moment longer.
    with anyio.move_on_after(BOOT_LIMIT):
        while await _boots(driver, sandbox, fault.node) == before:  # noqa: ASYNC110
            await anyio.sleep(0.2)
    await driver.node(sandbox, fault.node).wait_ready(timeout=10)


async def _boots(driver: SandboxDriver, sandbox: str, node: str) -> int:
    states = await driver.nodes(sandbox)
    return sum(each.boots for each in states if each.name == node)


def fault_of(wanted: labkit.Fault) -> Fault:
    """What a lab calls a fault, as a driver takes it."""
    return Fault(**asdict(wanted))


def undo_of(fault: Fault) -> Fault | None:
    undone = labkit.Fault(**asdict(fault)).undone
    return fault_of(undone) if undone else None


def undoes(fault: Fault, earlier: Fault) -> bool:
    return fault == undo_of(earlier)


def fault_in(data: Mapping[str, Any]) -> Fault:
    """From JSON. TypeError or ValueError when it is none that makes sense."""
    fault = labkit.fault_from(data)
    for where, reason in labkit.mistakes_in(fault):
        raise ValueError(f"{fault.kind}: {where}: {reason.en}")
    return fault_of(fault)


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError(f"not a text: {value!r}")
    return value
