from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labkit.faults import mistakes_in
from labkit.schema import FaultFields
from nines.sandboxes.driver import (
    NodeState,
    Phase,
    Power,
    SegmentState,
    TerminalState,
)
from nines.sandboxes.models import SessionEvent, SessionState


class SessionCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lab: str = Field(max_length=80, examples=["ch02-raid1-mdadm"])


class FaultCreate(FaultFields):
    """What to break or mend; each kind takes some of the fields."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "FaultCreate":
        for field, reason in mistakes_in(self.fault):
            raise ValueError(f"{field}: {reason.en}".lstrip(": "))
        return self


class Reason(BaseModel):
    code: str
    detail: str


class DiskRead(BaseModel):
    name: str
    size_mb: int
    present: bool
    failing: bool


class NicRead(BaseModel):
    name: str
    segment: str
    plugged: bool
    address: str | None  # What the lab says; the student may have another opinion.


class NodeRead(BaseModel):
    name: str
    power: Power
    ready: bool
    frozen: bool
    disks: list[DiskRead]
    nics: list[NicRead]

    @classmethod
    def of(cls, state: NodeState, addresses: Mapping[str, str]) -> "NodeRead":
        """`addresses` are what the lab gives its interfaces."""
        return cls(
            name=state.name,
            power=state.power,
            ready=state.ready,
            frozen=state.frozen,
            disks=[DiskRead(**asdict(disk)) for disk in state.disks],
            nics=[
                NicRead(
                    name=nic.name,
                    segment=nic.segment,
                    plugged=nic.plugged,
                    address=addresses.get(nic.name),
                )
                for nic in state.nics
            ],
        )


class PartitionRead(BaseModel):
    node: str
    peer: str
    one_way: bool


class ShapedRead(BaseModel):
    node: str | None  # None: the whole segment.
    delay_ms: float
    loss_percent: float
    rate_kbit: int


class SegmentRead(BaseModel):
    name: str
    subnet: str | None
    up: bool
    partitions: list[PartitionRead]
    shaped: ShapedRead | None  # The whole segment's, or else the first node's.

    @classmethod
    def of(cls, state: SegmentState, subnet: str | None) -> "SegmentRead":
        shaping = sorted(state.shaping, key=lambda each: each.node is not None)
        return cls(
            name=state.name,
            subnet=subnet,
            up=state.up,
            partitions=[PartitionRead(**asdict(each)) for each in state.partitions],
            shaped=ShapedRead(**asdict(shaping[0])) if shaping else None,
        )


class SessionRead(BaseModel):
    """The sandbox's name is absent on purpose: how we run one is nobody's business."""

    id: UUID
    lab: str
    state: SessionState
    phase: Phase | None
    place: int | None  # In the queue, from 1.
    reason: Reason | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime
    extensions_left: int
    seconds_left: int
    server_time: datetime
    nodes: list[NodeRead]
    segments: list[SegmentRead]
    points: int | None


class Happened(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    n: int
    at: float
    time: datetime
    kind: str
    node: str | None
    disk: str | None
    nic: str | None
    segment: str | None
    peer: str | None
    terminal: str | None
    detail: str

    @classmethod
    def of(cls, event: SessionEvent) -> "Happened":
        return cls.model_validate(event)


class FaultRead(BaseModel):
    events: list[Happened]


class TerminalRead(BaseModel):
    terminal: str
    node: str
    ended: bool
    offset: int

    @classmethod
    def of(cls, state: TerminalState) -> "TerminalRead":
        return cls(
            terminal=state.terminal,
            node=state.node,
            ended=state.ended,
            offset=state.offset,
        )
