"""What a sandbox technology must be able to do for us. Nothing more.

Docker, another engine and the test fake each implement `SandboxDriver`, and each must
pass `tests/contracts/driver_contract.py`, which pins down what is promised here.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from labkit.faults import Access, FaultKind
from nines.errors import Conflict, NotFound, Unavailable

MAX_OUTPUT = 256 * 1024
"""Bytes of stdout, and of stderr, that `Node.run` keeps."""


class Phase(StrEnum):
    """What a start is doing, in order; shown to the student while it happens."""

    IMAGE = "image"  # The node image is being built or found.
    TEMPLATE = "template"  # The template is being baked or found.
    CONTAINER = "container"
    MACHINES = "machines"  # Restored; waiting until each takes commands.
    READY = "ready"


Report = Callable[[Phase], None]


@dataclass(frozen=True, kw_only=True)
class DiskSpec:
    name: str  # As Linux names it at the start: vdb, vdc, …
    size_mb: int


@dataclass(frozen=True, kw_only=True)
class NicSpec:
    segment: str
    address: str | None = None  # 192.168.1.10/24
    mtu: int = 1500


@dataclass(frozen=True, kw_only=True)
class FileSpec:
    text: str
    mode: int = 0o644


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    name: str
    profile: str
    memory_mb: int = 256
    cpus: int = 1
    disks: tuple[DiskSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()  # eth0, eth1, … in this order.
    files: Mapping[str, FileSpec] = field(default_factory=dict)
    prepare: str = ""  # A shell script, run once as root before the student comes.


@dataclass(frozen=True, kw_only=True)
class SandboxSpec:
    name: str  # Chosen by us before anything starts, so a crash cannot lose it.
    nodes: tuple[NodeSpec, ...]


class Power(StrEnum):
    OFF = "off"
    STARTING = "starting"
    ON = "on"


@dataclass(frozen=True, kw_only=True)
class DiskState:
    name: str
    size_mb: int
    present: bool
    failing: bool = False  # Between disk.fail and disk.mend.


@dataclass(frozen=True, kw_only=True)
class NicState:
    name: str  # eth0
    segment: str
    plugged: bool
    mac: str


@dataclass(frozen=True, kw_only=True)
class NodeState:
    name: str
    power: Power
    ready: bool  # Takes commands.
    boots: int
    disks: tuple[DiskState, ...]
    nics: tuple[NicState, ...] = ()
    frozen: bool = False


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Frames from node to peer are lost, and those the other way unless `one_way`."""

    node: str
    peer: str
    one_way: bool


@dataclass(frozen=True, kw_only=True)
class Shaping:
    node: str | None  # Only what comes from it and goes to it; None: all there is.
    delay_ms: float
    loss_percent: float
    rate_kbit: int  # 0: no limit.


@dataclass(frozen=True, kw_only=True)
class SegmentState:
    name: str
    up: bool
    partitions: tuple[Partition, ...] = ()
    shaping: tuple[Shaping, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TerminalState:
    terminal: str
    node: str
    ended: bool
    offset: int  # Bytes of output so far.


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a sandbox, stamped on its one monotonic clock."""

    n: int  # Counts up from 1 in one sandbox; survives a restart of the server.
    at: float  # Seconds on the sandbox's monotonic clock.
    time: float  # The same moment, Unix seconds.
    kind: str  # node.ready, fault.disk.pull, … (ARCHITECTURE.md lists them)
    node: str | None = None
    disk: str | None = None
    nic: str | None = None
    segment: str | None = None
    peer: str | None = None
    terminal: str | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Which of the fields a kind takes, `labkit.faults` says."""

    kind: FaultKind
    node: str | None = None
    disk: str | None = None
    nic: str | None = None
    segment: str | None = None
    peer: str | None = None
    one_way: bool = False
    delay_ms: float = 0
    loss_percent: float = 0
    rate_kbit: int = 0
    access: Access | None = None
    sectors: tuple[int, int] | None = None
    process: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields that say something, without the kind."""
        blank = asdict(Fault(kind=self.kind))
        return {key: it for key, it in asdict(self).items() if it != blank[key]}

    def __str__(self) -> str:
        given = (f"{key}={value}" for key, value in self.given.items())
        return " ".join([self.kind, *given])


@dataclass(frozen=True)
class CommandResult:
    """`exit_code` is 124 when the time ran out and 127 when nothing could start."""

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False  # More than MAX_OUTPUT was printed; the rest is gone.


class SandboxUnavailable(Unavailable):
    """The technology behind the driver failed. The student did nothing wrong."""


class SandboxFull(Unavailable):
    """There is no room on this host for another sandbox of this size."""


class NodeUnreachable(Unavailable):
    """The machine is off, starting, or its agent does not answer."""


class FaultRefused(Conflict):
    """The fault makes no sense now: the disk is out already, the node is off, …"""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        if reason:
            self.params = {"reason": reason}  # The link's code for it.


class FileNotThere(NotFound):
    """No such file in the machine, or it may not be read."""


class Terminal(Protocol):
    """One attachment to a shell that the sandbox keeps, also without us.

    `offset` is the number of the next output byte `read` gives; `gap` says that older
    bytes than asked for had fallen out of the scrollback.
    """

    offset: int
    opened: bool
    gap: bool

    async def read(self) -> bytes:
        """Output as it comes; b"" once the shell has ended.

        Reading alone does not ask for more: `acknowledge` does.
        """
        ...

    async def acknowledge(self, count: int) -> None:
        """The reader has dealt with that many bytes; as many more may come."""
        ...

    async def write(self, data: bytes) -> None: ...
    async def resize(self, *, rows: int, columns: int) -> None: ...


class Node(Protocol):
    async def run(
        self,
        command: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float = 30,
    ) -> CommandResult:
        """Run to completion. A non-zero exit is a result, not an exception."""
        ...

    def open_terminal(
        self, terminal: str, *, rows: int, columns: int, after: int | None = None
    ) -> AbstractAsyncContextManager[Terminal]:
        """Attach to `terminal`, opening its shell if it is not there yet.

        With `after`, output starts at that byte. Leaving the block detaches; the shell
        lives on.
        """
        ...

    async def close_terminal(self, terminal: str) -> None:
        """End the shell. Closing what is not there is fine."""
        ...

    async def read_file(self, path: str, *, limit: int = 65536) -> bytes:
        """Read by our agent itself: no tool of the student's is involved."""
        ...

    async def write_file(
        self, path: str, data: bytes, *, mode: int = 0o644
    ) -> None: ...

    async def read_disk(self, disk: str, *, offset: int, length: int) -> bytes:
        """What the disk's image holds, seen from outside the machine."""
        ...

    async def wait_ready(self, *, timeout: float = 60) -> None:
        """Return once the node takes commands; NodeUnreachable after `timeout`."""
        ...


class SandboxDriver(Protocol):
    async def start(self, spec: SandboxSpec, *, report: Report) -> None:
        """Return once every node takes commands. On failure leave nothing behind."""

    async def stop(self, name: str) -> None:
        """Remove the sandbox and its storage. Stopping what is not there is fine."""

    async def names(self) -> set[str]:
        """Every sandbox this driver has on this host, so that orphans can be reaped."""
        ...

    async def is_running(self, name: str) -> bool:
        """False for a sandbox that stopped, crashed, or never existed."""
        ...

    async def nodes(self, name: str) -> tuple[NodeState, ...]:
        """The state of each machine, now."""
        ...

    async def segments(self, name: str) -> tuple[SegmentState, ...]:
        """The state of each network between the machines, now."""
        ...

    def node(self, name: str, node: str) -> Node:
        """A handle; using it raises NodeUnreachable when there is nothing behind."""
        ...

    async def inject(self, name: str, fault: Fault) -> None:
        """Break (or mend) something; return once the machine can notice."""
        ...

    def events(self, name: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Events numbered above `after`, first the past, then as they happen."""
        ...

    async def terminals(self, name: str) -> tuple[TerminalState, ...]:
        """The terminals the sandbox keeps, attached or not."""
        ...

    async def room(self, spec: SandboxSpec) -> bool:
        """Whether one more of this size fits now, as measured. SandboxFull when it
        never will on this host."""
        ...

    async def close(self) -> None:
        """Let go of everything; the sandboxes run on for the next driver."""
        ...
