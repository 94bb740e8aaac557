"""Sandboxes reached over links: what any driver with our supervisor inside shares.

A driver says where a sandbox's link folder is; talking to its machines is the same
whatever runs them.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from labkit.faults import FaultKind
from nines.sandboxes.driver import (
    CommandResult,
    DiskState,
    Event,
    Fault,
    FaultRefused,
    FileNotThere,
    NicState,
    NodeState,
    NodeUnreachable,
    Partition,
    Power,
    SandboxUnavailable,
    SegmentState,
    Shaping,
    Terminal,
    TerminalState,
)
from nines.sandboxes.drivers.channels import Refused
from nines.sandboxes.drivers.frames import ProtocolBroken
from nines.sandboxes.drivers.link import Link

DISK_PIECE = 64 * 1024
MAX_FILE = 512 * 1024
FAULT_WITHIN = 60.0
_unreachable = {
    "agent_gone": "The machine does not answer.",
    "not_running": "The machine is off.",
    "frozen": "The machine is frozen.",
    "no_such_node": "There is no such machine.",
    "timed_out": "The machine did not answer in time.",
}
_faults = {
    "already_running": "The machine is on already.",
    "not_running": "The machine is off.",
    "disk_absent": "The disk is out already.",
    "disk_present": "The disk is in already.",
    "disk_busy": "The machine is still letting go of the disk. Try again in a moment.",
    "cable_cut": "The cable is unplugged already.",
    "cable_plugged": "The cable is plugged in already.",
    "frozen": "The machine is frozen.",
    "not_frozen": "The machine is not frozen.",
    "segment_off": "The network is off already.",
    "segment_on": "The network is on already.",
    "partitioned": "The two are cut off from each other already.",
    "not_partitioned": "The two are not cut off from each other.",
    "no_such_process": "No such process is running in the machine.",
    "no_such_disk": "The machine has no such disk.",
    "no_such_nic": "The machine has no such network interface.",
    "no_such_node": "There is no such machine.",
    "no_such_segment": "There is no such network.",
}


class Links:
    """The links of every sandbox of one driver, listened on when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._links: dict[str, Link] = {}

    def folder(self, name: str) -> Path:
        return self._folder / name

    async def make(self, name: str) -> Link:
        """A folder for a new sandbox's link, and a listener in it."""
        # Everything else on this host is kept out here; the folders below are open
        # for the sandbox's own user.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self.folder(name).mkdir(exist_ok=True)
        self.folder(name).chmod(0o755)
        return await self.find(name)

    async def find(self, name: str) -> Link:
        """Adopts a sandbox that an earlier server started, by listening again."""
        if name not in self._links:
            if not self.folder(name).is_dir():
                raise NodeUnreachable("The sandbox is not running.")
            link = self._links[name] = Link(name, self.folder(name))
            try:
                link.listen()
            except OSError as error:
                del self._links[name]
                message = f"The sandbox's socket cannot be opened: {error.strerror}."
                raise SandboxUnavailable(message) from error
        return self._links[name]

    def drop(self, name: str) -> None:
        if link := self._links.pop(name, None):
            link.close()

    def close(self) -> None:
        for name in list(self._links):
            self.drop(name)

    def names(self) -> set[str]:
        """Also of sandboxes that are gone and left their folder behind."""
        if not self._folder.is_dir():
            return set()
        return {each.name for each in self._folder.iterdir()}

    async def nodes(self, name: str) -> tuple[NodeState, ...]:
        return read_nodes(await self._ask(name, "status"))

    async def segments(self, name: str) -> tuple[SegmentState, ...]:
        return read_segments(await self._ask(name, "status"))

    async def terminals(self, name: str) -> tuple[TerminalState, ...]:
        return read_terminals(await self._ask(name, "status"))

    def node(self, name: str, node: str) -> "LinkedNode":
        return LinkedNode(self, name, node)

    async def inject(self, name: str, fault: Fault) -> None:
        link = await self.find(name)
        try:
            op = op_of(fault.kind)
            await link.request(op, within=FAULT_WITHIN, **fault.given)
        except Refused as refused:
            if refused.code == "bad_request":
                message = "These machines cannot be broken like that."
                raise FaultRefused(message, reason=refused.code) from refused
            if sentence := _faults.get(refused.code):
                raise FaultRefused(sentence, reason=refused.code) from refused
            raise explain(refused) from refused

    async def events(self, name: str, *, after: int = 0) -> AsyncIterator[Event]:
        link = await self.find(name)
        async for event in link.events(after):
            yield event

    async def _ask(
        self, name: str, op: str, *, within: float = 15, **fields: Any
    ) -> dict[str, Any]:
        link = await self.find(name)
        try:
            return await link.request(op, within=within, **fields)
        except Refused as refused:
            raise explain(refused) from refused


class LinkedNode:
    """`driver.Node` over a link."""

    def __init__(self, links: Links, sandbox: str, node: str) -> None:
        self._links = links
        self._sandbox = sandbox
        self._node = node

    async def run(
        self, command: Sequence[str], *, stdin: bytes = b"", timeout: float = 30
    ) -> CommandResult:
        link = await self._links.find(self._sandbox)
        try:
            return await link.run(self._node, command, stdin=stdin, timeout=timeout)
        except Refused as refused:
            raise explain(refused) from refused
        except ProtocolBroken as error:
            raise SandboxUnavailable("The sandbox answers nonsense.") from error

    @asynccontextmanager
    async def open_terminal(
        self, terminal: str, *, rows: int, columns: int, after: int | None = None
    ) -> AsyncIterator[Terminal]:
        link = await self._links.find(self._sandbox)
        try:
            async with link.terminal(
                self._node, terminal, rows=rows, columns=columns, after=after
            ) as attachment:
                yield attachment
        except Refused as refused:
            raise explain(refused) from refused

    async def close_terminal(self, terminal: str) -> None:
        link = await self._links.find(self._sandbox)
        try:
            await link.request("close_terminal", terminal=terminal)
        except Refused as refused:
            if refused.code != "not_found":
                raise explain(refused) from refused

    async def read_file(self, path: str, *, limit: int = 65536) -> bytes:
        limit = min(limit, MAX_FILE)
        return data_of(await self._ask("read_file", path=path, limit=limit))

    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        if len(data) > MAX_FILE:
            raise ValueError(f"A file of more than {MAX_FILE} bytes is not carried.")
        text = base64.b64encode(data).decode()
        await self._ask("write_file", path=path, data=text, mode=mode)

    async def read_disk(self, disk: str, *, offset: int, length: int) -> bytes:
        pieces = []
        while length > 0:
            piece = data_of(
                await self._ask(
                    "disk_read",
                    disk=disk,
                    offset=offset,
                    length=min(length, DISK_PIECE),
                )
            )
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(pieces)

    async def wait_ready(self, *, timeout: float = 60) -> None:
        await self._ask("wait", within=timeout + 5, timeout=timeout)

    async def _ask(self, op: str, *, within: float = 15, **fields: Any) -> Any:
        return await self._links._ask(
            self._sandbox, op, within=within, node=self._node, **fields
        )


def op_of(kind: FaultKind) -> str:
    """What the supervisor calls it: `disk_pull`, `reset`, `freeze`, `partition`."""
    area, verb = kind.split(".")
    return verb if area in ("node", "net") or verb == "reset" else f"{area}_{verb}"


def explain(refused: Refused) -> Exception:
    """A refusal as one of the seam's errors."""
    if sentence := _unreachable.get(refused.code):
        return NodeUnreachable(sentence)
    if refused.code == "not_found":
        return FileNotThere("There is no such file in the machine.")
    if refused.code in _faults:
        return FaultRefused(_faults[refused.code])
    if refused.code == "too_many":
        return FaultRefused("The session has too many terminals or commands open.")
    return SandboxUnavailable(f"The sandbox could not do it: {refused}")


def read_nodes(status: dict[str, Any]) -> tuple[NodeState, ...]:
    """The machines in a `status`. A sandbox may lie, so every field is looked at."""
    try:
        return tuple(
            NodeState(
                name=str(name),
                power=Power(node["power"]),
                ready=bool(node["ready"]),
                boots=int(node["boots"]),
                disks=tuple(
                    DiskState(
                        name=str(disk),
                        size_mb=int(state["size_mb"]),
                        present=bool(state["present"]),
                        failing=bool(state.get("failing")),
                    )
                    for disk, state in node["disks"].items()
                ),
                nics=tuple(
                    NicState(
                        name=str(nic),
                        segment=str(state["segment"]),
                        plugged=bool(state["plugged"]),
                        mac=str(state["mac"]),
                    )
                    for nic, state in node["nics"].items()
                ),
                frozen=bool(node["frozen"]),
            )
            for name, node in status["nodes"].items()
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SandboxUnavailable("The sandbox answers nonsense.") from error


def read_segments(status: dict[str, Any]) -> tuple[SegmentState, ...]:
    try:
        return tuple(
            SegmentState(
                name=str(name),
                up=bool(each["up"]),
                partitions=tuple(
                    Partition(
                        node=str(rule["node"]),
                        peer=str(rule["peer"]),
                        one_way=bool(rule.get("one_way")),
                    )
                    for rule in each["rules"]
                    if "peer" in rule
                ),
                shaping=tuple(
                    read_shaping(rule) for rule in each["rules"] if "peer" not in rule
                ),
            )
            for name, each in status["segments"].items()
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SandboxUnavailable("The sandbox answers nonsense.") from error


def read_shaping(rule: dict[str, Any]) -> Shaping:
    node = rule.get("node")
    return Shaping(
        node=None if node is None else str(node),
        delay_ms=float(rule.get("delay_ms", 0)),
        loss_percent=float(rule.get("loss_percent", 0)),
        rate_kbit=int(rule.get("rate_kbit", 0)),
    )


def read_terminals(status: dict[str, Any]) -> tuple[TerminalState, ...]:
    try:
        return tuple(
            TerminalState(
                terminal=str(name),
                node=str(each["node"]),
                ended=bool(each["ended"]),
                offset=int(each["offset"]),
            )
            for name, each in status["terminals"].items()
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SandboxUnavailable("The sandbox answers nonsense.") from error


def data_of(answer: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(answer["data"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise SandboxUnavailable("The sandbox answers nonsense.") from error
