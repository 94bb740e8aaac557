"""Segments, the cables in them, and what is wrong with them on purpose.

`Network` turns all of it into one plan for the switch. A NIC has a carrier while its
cable is plugged in and its segment has power; then the machine is told so as well.
"""

from __future__ import annotations

import socket
import time
from binascii import crc32
from struct import Struct

from .errors import Refused
from .switch import Switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Any

    from .config import NicConfig, SessionConfig
    from .events import EventLog
    from .loop import Loop
    from .process import Processes

PLAN = Struct("=8I")  # `struct plan` of switch.c.
MAX_DELAY_MS = 10_000.0
MAX_RATE_KBIT = 10_000_000


class Shaping:
    """How bad a line is."""

    def __init__(
        self, delay_ms: float = 0, loss_percent: float = 0, rate_kbit: int = 0
    ) -> None:
        self.delay_ms = delay_ms
        self.loss_percent = loss_percent
        self.rate_kbit = rate_kbit

    def pack(self) -> tuple[int, int, int]:
        loss_ppm = round(self.loss_percent * 10_000)
        return round(self.delay_ms * 1000), loss_ppm, self.rate_kbit

    def __str__(self) -> str:
        said = []
        if self.delay_ms:
            said.append(f"delay {self.delay_ms:g} ms")
        if self.loss_percent:
            said.append(f"loss {self.loss_percent:g} %")
        if self.rate_kbit:
            said.append(f"rate {self.rate_kbit} kbit/s")
        return ", ".join(said)


GOOD = Shaping()


class Segment:
    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.up = True
        self.shapings: dict[str, Shaping] = {}  # By node; "" is for all.


class Port:
    """A NIC, its cable and its place in a segment. Both ends live as long as we."""

    def __init__(
        self, node: str, place: int, nic: NicConfig, segment: Segment, mac: str
    ) -> None:
        self.name = f"eth{place}"
        self.device = f"nic{place}"
        self.node = node
        self.segment = segment
        self.address = nic.address
        self.mtu = nic.mtu
        self.mac = mac
        self.plugged = True
        self.powered = False
        self.tell_machine: Callable[[Port], Awaitable[None]] | None = None
        self.wire, self._machine_end = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_DGRAM
        )

    @property
    def carrier(self) -> bool:
        return self.plugged and self.segment.up

    @property
    def live(self) -> bool:
        return self.carrier and self.powered

    def connect(self) -> socket.socket:
        """The machine's end, without what was sent while nobody was there."""
        try:
            while True:
                self._machine_end.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return self._machine_end.dup()


class Partition:
    """Frames from `node` do not arrive at `peer`, nor back unless it is one way."""

    def __init__(self, node: str, peer: str, segment: str, one_way: bool) -> None:
        self.node = node
        self.peer = peer
        self.segment = segment  # Empty: all that they share.
        self.one_way = one_way

    def covers(self, segment: str) -> bool:
        return self.segment in ("", segment)

    def stops(self, source: Port, target: Port) -> bool:
        ends = (source.node, target.node)
        there = ends == (self.node, self.peer)
        back = ends == (self.peer, self.node) and not self.one_way
        return (there or back) and self.covers(source.segment.name)


class Network:
    def __init__(
        self, loop: Loop, processes: Processes, events: EventLog, config: SessionConfig
    ) -> None:
        self._loop = loop
        self._events = events
        self._segments: dict[str, Segment] = {}
        self._partitions: list[Partition] = []
        self._ports: list[Port] = []
        self._nodes = [node.name for node in config.nodes]
        taken: set[int] = set()
        for node in config.nodes:
            for place, nic in enumerate(node.nics):
                mac = _new_mac(f"{config.name}/{node.name}/{place}", taken)
                segment = self._segments.setdefault(
                    nic.segment, Segment(nic.segment, len(self._segments))
                )
                self._ports.append(Port(node.name, place, nic, segment, mac))
        self._switch: Switch | None = None
        if self._ports:
            wires = [port.wire for port in self._ports]
            self._switch = Switch(loop, processes, wires)

    # What a node asks

    def ports_of(self, node: str) -> list[Port]:
        return [port for port in self._ports if port.node == node]

    def power(self, node: str, on: bool) -> None:
        for port in self.ports_of(node):
            port.powered = on
        if self._switch is not None:
            self._switch.follow(self._plan())

    def status_of(self, node: str) -> dict[str, dict[str, Any]]:
        return {
            port.name: {
                "segment": port.segment.name,
                "plugged": port.plugged,
                "mac": port.mac,
            }
            for port in self.ports_of(node)
        }

    # What the server asks

    def status(self) -> dict[str, dict[str, Any]]:
        return {
            name: {"up": segment.up, "rules": self._rules(segment)}
            for name, segment in self._segments.items()
        }

    async def plug(self, node: str, nic: str, plugged: bool) -> None:
        """Cut a cable, or plug it in again; its machine may be off."""
        port = self._port(node, nic)
        kind = "cable.plug" if plugged else "cable.cut"
        if port.plugged == plugged:
            code = "cable_plugged" if plugged else "cable_cut"
            raise Refused(code, f"{nic} of {node} is like that already.")
        port.plugged = plugged
        at = time.monotonic()
        await self._change([port])
        segment = port.segment.name
        self._events.add(f"fault.{kind}", node, nic=nic, segment=segment, at=at)

    async def switch_power(self, name: str, up: bool) -> None:
        """All NICs of a segment lose their carrier, as if its switch had no power."""
        segment = self._segment(name)
        if segment.up == up:
            code = "segment_on" if up else "segment_off"
            raise Refused(code, f"{name} is like that already.")
        segment.up = up
        at = time.monotonic()
        await self._change(port for port in self._ports if port.segment is segment)
        kind = "fault.segment.on" if up else "fault.segment.off"
        self._events.add(kind, segment=name, at=at)

    async def partition(self, rule: Partition) -> None:
        pairs = self._pairs(rule)
        if all(self._stopped(source, target) for source, target in pairs):
            said = f"Nothing gets from {rule.node} to {rule.peer} already."
            raise Refused("partitioned", said)
        self._partitions.append(rule)
        at = time.monotonic()
        await self._change()
        self._note("partition", rule, at, "one way" if rule.one_way else "")

    async def heal(self, rule: Partition) -> None:
        """Whatever is between the two, in that segment or in all, in both ways."""
        ends = {rule.node, rule.peer}
        self._pairs(rule)
        healed = [
            each
            for each in self._partitions
            if {each.node, each.peer} == ends and rule.segment in ("", each.segment)
        ]
        if not healed:
            said = f"{rule.node} and {rule.peer} are not partitioned like that."
            raise Refused("not_partitioned", said)
        self._partitions = [each for each in self._partitions if each not in healed]
        at = time.monotonic()
        await self._change()
        self._note("heal", rule, at)

    async def shape(self, name: str, node: str, shaping: Shaping) -> None:
        """Every line of a segment on its way out, or one node's in both directions."""
        segment = self._segment(name)
        self._require_in(segment, node)
        segment.shapings[node] = shaping
        at = time.monotonic()
        await self._change()
        detail = str(shaping)
        self._events.add("fault.net.shape", node, segment=name, detail=detail, at=at)

    async def clear(self, name: str, node: str) -> None:
        """One node's lines, or all of the segment; what is good stays good."""
        segment = self._segment(name)
        self._require_in(segment, node)
        if node:
            segment.shapings.pop(node, None)
        else:
            segment.shapings.clear()
        at = time.monotonic()
        await self._change()
        self._events.add("fault.net.clear", node, segment=name, at=at)

    # The plan

    async def _change(self, ports: Iterable[Port] = ()) -> None:
        """Let the switch, and the machines at `ports`, know how things are now."""
        told = [
            self._loop.spawn(port.tell_machine(port))  # type: ignore[arg-type]
            for port in ports
            if port.tell_machine is not None
        ]
        if self._switch is not None:
            await self._switch.follow(self._plan())
        for each in told:
            await each

    def _plan(self) -> bytes:
        return b"".join(self._plan_of(port) for port in self._ports)

    def _plan_of(self, port: Port) -> bytes:
        reach = sum(
            1 << number
            for number, other in enumerate(self._ports)
            if self._joined(port, other) and not self._stopped(port, other)
        )
        shapings = port.segment.shapings
        own = shapings.get(port.node, GOOD)
        out = shapings.get(port.node, shapings.get("", GOOD))
        return PLAN.pack(port.segment.number, reach, *own.pack(), *out.pack())

    def _joined(self, port: Port, other: Port) -> bool:
        same = port.segment is other.segment and port is not other
        return same and port.live and other.live

    def _stopped(self, source: Port, target: Port) -> bool:
        return any(rule.stops(source, target) for rule in self._partitions)

    # Small things

    def _pairs(self, rule: Partition) -> list[tuple[Port, Port]]:
        """All that a partition is about, or why it makes no sense."""
        for node in (rule.node, rule.peer):
            self._require_in(
                self._segment(rule.segment) if rule.segment else None, node
            )
        pairs = [
            (source, target)
            for source in self._ports
            for target in self._ports
            if source.segment is target.segment and rule.stops(source, target)
        ]
        if not pairs or rule.node == rule.peer:
            said = f"{rule.node} and {rule.peer} have no segment in common."
            raise Refused("bad_request", said)
        return pairs

    def _rules(self, segment: Segment) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = [
            {
                "kind": "partition",
                "node": rule.node,
                "peer": rule.peer,
                "one_way": rule.one_way,
            }
            for rule in self._partitions
            if rule.covers(segment.name) and self._shared(rule, segment)
        ]
        for node, shaping in segment.shapings.items():
            rule = {"kind": "shape", **vars(shaping)}
            rules.append({**rule, "node": node} if node else rule)
        return rules

    def _shared(self, rule: Partition, segment: Segment) -> bool:
        nodes = {port.node for port in self._ports if port.segment is segment}
        return {rule.node, rule.peer} <= nodes

    def _note(self, kind: str, rule: Partition, at: float, detail: str = "") -> None:
        self._events.add(
            f"fault.net.{kind}",
            rule.node,
            peer=rule.peer,
            segment=rule.segment,
            detail=detail,
            at=at,
        )

    def _segment(self, name: str) -> Segment:
        segment = self._segments.get(name)
        if segment is None:
            raise Refused("no_such_segment", f"There is no segment {name[:40]}.")
        return segment

    def _require_in(self, segment: Segment | None, node: str) -> None:
        if node and node not in self._nodes:
            raise Refused("no_such_node", "There is no such node.")
        ports = self.ports_of(node)
        if node and segment and all(port.segment is not segment for port in ports):
            raise Refused("bad_request", f"{node} has no NIC in {segment.name}.")

    def _port(self, node: str, nic: str) -> Port:
        for port in self.ports_of(node):
            if port.name == nic:
                return port
        raise Refused("no_such_nic", f"{node} has no NIC {nic[:40]}.")


def _new_mac(seed: str, taken: set[int]) -> str:
    """The same after every start, and no two alike in a session."""
    number = crc32(seed.encode()) & 0xFFFFFF
    while number in taken:
        number = (number + 1) & 0xFFFFFF
    taken.add(number)
    return "52:54:00:" + number.to_bytes(3, "big").hex(":")
