"""The networks of the fake supervisor: who could hear whom, and how late. No frame is
carried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.machine import Refusal

OPS = ("cable_", "segment_", "partition", "heal", "shape", "clear")
STRENGTHS = {"delay_ms": 0, "loss_percent": 0, "rate_kbit": 0}


@dataclass
class FakeNic:
    node: str
    name: str
    segment: str
    mac: str
    plugged: bool = True


class FakeNetwork:
    def __init__(self, event: Callable[..., None]) -> None:
        self.event = event
        self.nics: list[FakeNic] = []
        self.up: dict[str, bool] = {}
        self.partitions: list[dict[str, Any]] = []
        self.shapings: dict[tuple[str, str | None], dict[str, Any]] = {}

    def join(self, node: str, segments: Sequence[str]) -> None:
        for place, segment in enumerate(segments):
            mac = f"52:54:00:00:00:{len(self.nics):02x}"
            self.nics.append(FakeNic(node, f"eth{place}", segment, mac))
            self.up[segment] = True

    def status_of(self, node: str) -> dict[str, Any]:
        return {
            nic.name: {
                "segment": nic.segment,
                "plugged": nic.plugged,
                "mac": nic.mac,
            }
            for nic in self.nics
            if nic.node == node
        }

    def status(self) -> dict[str, Any]:
        return {
            segment: {"up": up, "rules": self._rules(segment)}
            for segment, up in self.up.items()
        }

    def _rules(self, segment: str) -> list[dict[str, Any]]:
        apart = [
            {"node": each["node"], "peer": each["peer"], "one_way": each["one_way"]}
            for each in self.partitions
            if segment in each["segments"]
        ]
        worse = [
            {**shaping, "node": node} if node else shaping
            for (name, node), shaping in self.shapings.items()
            if name == segment
        ]
        return [*apart, *worse]

    def delay(self, source: str, target: str) -> float | None:
        """Milliseconds of a frame on its way; None when it does not arrive."""
        for segment in self._shared(source, target):
            if self._carries(segment, source, target):
                both = {self._late(segment, source), self._late(segment, target)}
                return max(both)
        return None

    def _carries(self, segment: str, source: str, target: str) -> bool:
        plugged = {
            nic.node for nic in self.nics if nic.segment == segment and nic.plugged
        }
        apart = any(
            segment in each["segments"]
            and (
                (source, target) == (each["node"], each["peer"])
                or (
                    (target, source) == (each["node"], each["peer"])
                    and not each["one_way"]
                )
            )
            for each in self.partitions
        )
        return self.up[segment] and {source, target} <= plugged and not apart

    def _late(self, segment: str, node: str) -> float:
        own = self.shapings.get((segment, node))
        shaping = own or self.shapings.get((segment, None)) or STRENGTHS
        return float(shaping["delay_ms"])

    def _shared(self, node: str, peer: str) -> list[str]:
        on = {nic.segment for nic in self.nics if nic.node == node}
        return sorted(on & {nic.segment for nic in self.nics if nic.node == peer})

    # ---- what breaks and mends it

    def do(self, op: str, asked: dict[str, Any]) -> None:
        known = {nic.node for nic in self.nics}
        if {asked.get("node"), asked.get("peer")} - {None} - known:
            raise Refusal("no_such_node")
        if asked.get("segment", next(iter(self.up), None)) not in self.up:
            raise Refusal("no_such_segment")
        area, _, verb = op.partition("_")
        if area == "cable":
            self._plug(verb, asked)
        elif area == "segment":
            self._switch(verb, asked["segment"])
        elif op in ("partition", "heal"):
            self._divide(op, asked)
        else:
            self._shape(op, asked)

    def _plug(self, verb: str, asked: dict[str, Any]) -> None:
        for nic in self.nics:
            if (nic.node, nic.name) == (asked["node"], asked["nic"]):
                if nic.plugged == (verb == "plug"):
                    raise Refusal("cable_plugged" if nic.plugged else "cable_cut")
                nic.plugged = verb == "plug"
                about = {"node": nic.node, "nic": nic.name, "segment": nic.segment}
                return self.event(f"fault.cable.{verb}", **about)
        raise Refusal("no_such_nic")

    def _switch(self, verb: str, segment: str) -> None:
        if self.up[segment] == (verb == "on"):
            raise Refusal(f"segment_{verb}")
        self.up[segment] = verb == "on"
        self.event(f"fault.segment.{verb}", segment=segment)

    def _divide(self, op: str, asked: dict[str, Any]) -> None:
        node, peer = asked["node"], asked["peer"]
        segments = [asked["segment"]] if "segment" in asked else self.up
        shared = [each for each in segments if each in self._shared(node, peer)]
        if not shared:
            raise Refusal("bad_request")
        between = [
            each
            for each in self.partitions
            if {each["node"], each["peer"]} == {node, peer}
            and set(shared) & set(each["segments"])
        ]
        if op == "partition":
            if between:
                raise Refusal("partitioned")
            one_way = asked.get("one_way", False)
            rule = {"node": node, "peer": peer, "one_way": one_way, "segments": shared}
            self.partitions.append(rule)
        elif not between:
            raise Refusal("not_partitioned")
        self.partitions = [each for each in self.partitions if each not in between]
        about = {"segment": asked["segment"]} if "segment" in asked else {}
        self.event(f"fault.net.{op}", node=node, peer=peer, **about)

    def _shape(self, op: str, asked: dict[str, Any]) -> None:
        segment, node = asked["segment"], asked.get("node")
        if op == "shape":
            given = {name: asked.get(name, none) for name, none in STRENGTHS.items()}
            self.shapings[segment, node] = given
        elif node:
            self.shapings.pop((segment, node), None)
        else:
            self.shapings = {
                key: each for key, each in self.shapings.items() if key[0] != segment
            }
        about = {"node": node} if node else {}
        self.event(f"fault.net.{op}", segment=segment, **about)
