"""The test double for sandboxes: a real driver whose machines are folders.

Commands and terminals are real processes of this host in a temporary folder, reached
over a real link; there is no container and no kernel. `answers` overrides a command
for tests of checkers. Easy to break: `broken`, `full`, `boot_seconds`, `on_start`.
"""

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio

from nines.sandboxes.driver import (
    CommandResult,
    Event,
    Fault,
    Node,
    NodeState,
    Phase,
    Report,
    SandboxFull,
    SandboxSpec,
    SandboxUnavailable,
    SegmentState,
    Terminal,
    TerminalState,
)
from nines.sandboxes.drivers.linked import LinkedNode, Links
from tests.fakes.supervisor import FakeSupervisor


class FakeEngine:
    """What outlives a driver, as the Docker engine does."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nines-fake-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.live: dict[str, FakeSupervisor] = {}


class FakeDriver:
    def __init__(self, engine: FakeEngine | None = None) -> None:
        self.engine = engine or FakeEngine()
        self.answers: dict[str, CommandResult] = {}  # By the command's words.
        self.broken = False
        self.full = False
        self.places: int | None = None  # How many sandboxes fit; None: any number.
        self.boot_seconds = 0.01
        self.on_start: Callable[[], Awaitable[None]] | None = None
        self.started: list[SandboxSpec] = []
        self._links = Links(self.engine.folder / "links")

    @property
    def live(self) -> dict[str, FakeSupervisor]:
        return self.engine.live

    async def start(self, spec: SandboxSpec, *, report: Report) -> None:
        self._check()
        try:
            for phase in Phase:
                if phase is Phase.READY:
                    break
                report(phase)
            if self.on_start:
                await self.on_start()
            self.started.append(spec)
            await self._links.make(spec.name)
            self.live[spec.name] = self._supervisor(spec)
            self.live[spec.name].start()
            for node in spec.nodes:
                await self.node(spec.name, node.name).wait_ready(timeout=10)
            report(Phase.READY)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._remove(spec.name)
            raise

    def _supervisor(self, spec: SandboxSpec) -> FakeSupervisor:
        root = self.engine.folder / "machines" / spec.name
        link = self._links.folder(spec.name)
        supervisor = FakeSupervisor(spec.name, link, root, self.boot_seconds)
        for node in spec.nodes:
            disks = {disk.name: disk.size_mb for disk in node.disks}
            segments = [nic.segment for nic in node.nics]
            machine = supervisor.add(node.name, disks, segments)
            for path, file in node.files.items():
                machine.file(path).parent.mkdir(parents=True, exist_ok=True)
                machine.file(path).write_text(file.text)
                machine.file(path).chmod(file.mode)
        return supervisor

    async def stop(self, name: str) -> None:
        self._check()
        await self._remove(name)

    async def _remove(self, name: str) -> None:
        self._links.drop(name)
        if supervisor := self.live.pop(name, None):
            await supervisor.stop()
        shutil.rmtree(self._links.folder(name), ignore_errors=True)

    async def crash(self, name: str) -> None:
        """The sandbox dies by itself, as on a host that ran out of memory."""
        await self.live.pop(name).stop()

    async def names(self) -> set[str]:
        self._check()
        return set(self.live)

    async def is_running(self, name: str) -> bool:
        self._check()
        return name in self.live

    async def nodes(self, name: str) -> tuple[NodeState, ...]:
        return await self._links.nodes(name)

    async def segments(self, name: str) -> tuple[SegmentState, ...]:
        return await self._links.segments(name)

    async def terminals(self, name: str) -> tuple[TerminalState, ...]:
        return await self._links.terminals(name)

    def node(self, name: str, node: str) -> Node:
        return FakeNode(self._links.node(name, node), self, name, node)

    async def inject(self, name: str, fault: Fault) -> None:
        await self._links.inject(name, fault)

    def events(self, name: str, *, after: int = 0) -> AsyncIterator[Event]:
        return self._links.events(name, after=after)

    async def room(self, spec: SandboxSpec) -> bool:
        if self.full:
            raise SandboxFull("This host is too small for this lab.")
        return self.places is None or len(self.live) < self.places

    async def close(self) -> None:
        self._links.close()

    async def end(self) -> None:
        """Stop everything; for the end of a test."""
        self.broken = False
        for name in list(self.live):
            await self.stop(name)
        self._links.close()

    def _check(self) -> None:
        if self.broken:
            raise SandboxUnavailable("Sandboxes are unavailable right now.")


class FakeNode:
    """A machine whose answers a test may plan; the rest is real."""

    def __init__(
        self, real: LinkedNode, driver: FakeDriver, sandbox: str, name: str
    ) -> None:
        self._real = real
        self._driver = driver
        self._sandbox = sandbox
        self._name = name

    async def run(
        self, command: Sequence[str], *, stdin: bytes = b"", timeout: float = 30
    ) -> CommandResult:
        if planned := self._driver.answers.get(" ".join(command)):
            return planned
        if list(command) == ["systemctl", "reboot"]:  # Never this host.
            return await self._reboot()
        return await self._real.run(command, stdin=stdin, timeout=timeout)

    async def _reboot(self) -> CommandResult:
        fault = Fault(kind="power.reset", node=self._name)
        await self._driver.inject(self._sandbox, fault)
        return CommandResult(0)

    def open_terminal(
        self, terminal: str, *, rows: int, columns: int, after: int | None = None
    ) -> AbstractAsyncContextManager[Terminal]:
        return self._real.open_terminal(
            terminal, rows=rows, columns=columns, after=after
        )

    async def close_terminal(self, terminal: str) -> None:
        await self._real.close_terminal(terminal)

    async def read_file(self, path: str, *, limit: int = 65536) -> bytes:
        return await self._real.read_file(path, limit=limit)

    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        await self._real.write_file(path, data, mode=mode)

    async def read_disk(self, disk: str, *, offset: int, length: int) -> bytes:
        return await self._real.read_disk(disk, offset=offset, length=length)

    async def wait_ready(self, *, timeout: float = 60) -> None:
        await self._real.wait_ready(timeout=timeout)
