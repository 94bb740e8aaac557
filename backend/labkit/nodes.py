"""A session's machines as a checker sees them: something to look inside.

Every handle speaks through a `Transport`, so a dict of answers is a test double and a
checker knows neither the server nor the sandbox technology.
"""

import shlex
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from labkit.faults import Fault


@dataclass(frozen=True)
class CommandResult:
    exit_code: int
    stdout: str = ""
    stderr: str = ""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0


class Unreachable(Exception):
    """The machine is off or does not answer. The student may have switched it off."""

    def __init__(self, detail: str, *, node: str | None = None) -> None:
        super().__init__(detail)
        self.node = node


class Transport(Protocol):
    """What the server does for a checker. Each call blocks; each may raise
    Unreachable (the machine) or OSError (the server went away)."""

    def run(
        self, node: str, command: Sequence[str], *, stdin: str, timeout: float
    ) -> CommandResult: ...
    def read_file(self, node: str, path: str, *, limit: int) -> bytes | None: ...
    def write_file(self, node: str, path: str, data: bytes, *, mode: int) -> None: ...
    def read_disk(self, node: str, disk: str, *, offset: int, length: int) -> bytes: ...
    def inject(self, fault: Fault) -> None: ...
    def wait_ready(self, node: str, *, timeout: float) -> None: ...
    def boots(self, node: str) -> int: ...


@dataclass(frozen=True)
class Disk:
    """A disk seen from outside the machine: what its image really holds."""

    transport: Transport
    node: str
    name: str

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes (at most 1 MiB) from byte `offset`; short at the end."""
        return self.transport.read_disk(
            self.node, self.name, offset=offset, length=length
        )


@dataclass(frozen=True)
class Node:
    transport: Transport
    name: str

    def run(
        self, command: str | Sequence[str], *, stdin: str = "", timeout: float = 20
    ) -> CommandResult:
        """A string goes through `sh -c` in the machine; a list starts as it is."""
        argv = ["/bin/sh", "-c", command] if isinstance(command, str) else command
        return self.transport.run(self.name, argv, stdin=stdin, timeout=timeout)

    def succeeds(self, command: str | Sequence[str]) -> bool:
        return self.run(command).ok

    def output(self, command: str | Sequence[str]) -> str:
        """What it printed, without the white space around it; "" when it failed."""
        result = self.run(command)
        return result.stdout.strip() if result.ok else ""

    def read(self, path: str, *, limit: int = 65536) -> str | None:
        """The text of a file, read by the platform's agent with no tool of the
        machine's; None when there is no such file."""
        data = self.transport.read_file(self.name, path, limit=limit)
        return None if data is None else data.decode(errors="replace")

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        self.transport.write_file(self.name, path, text.encode(), mode=mode)

    def has_file(self, path: str) -> bool:
        return self.succeeds(f"test -f {shlex.quote(path)}")

    def disk(self, name: str) -> Disk:
        return Disk(self.transport, self.name, name)

    def wait_ready(self, *, timeout: float = 90) -> None:
        """Return once it takes commands; Unreachable when it does not in time."""
        self.transport.wait_ready(self.name, timeout=timeout)

    def reboot(self, *, timeout: float = 90) -> None:
        """Restart the system as an administrator would, and wait until it is back."""
        before = self.transport.boots(self.name)
        with suppress(Unreachable):  # It may be gone before it has answered.
            self.run(["systemctl", "reboot"], timeout=10)
        # It takes commands until it goes down: being ready proves nothing.
        until = time.monotonic() + timeout
        while self.transport.boots(self.name) == before:
            if time.monotonic() > until:
                self.transport.inject(Fault("power.reset", self.name))
                break
            time.sleep(0.2)
        self.transport.wait_ready(self.name, timeout=timeout)


@dataclass(frozen=True)
class Lab:
    """The whole session: its machines, its faults and its drawn values."""

    transport: Transport
    nodes: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)

    def node(self, name: str) -> Node:
        if name not in self.nodes:
            raise KeyError(f"This lab has no node {name!r}; it has {self.nodes}.")
        return Node(self.transport, name)

    def inject(self, fault: Fault) -> None:
        self.transport.inject(fault)
