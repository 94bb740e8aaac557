from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from nines.sandboxes.driver import FaultKind, NodeState, Phase, Power, TerminalState
from nines.sandboxes.models import SessionEvent, SessionState


class SessionCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lab: str = Field(max_length=80, examples=["ch02-raid1-mdadm"])


class FaultCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    node: str = Field(max_length=64)
    disk: str | None = Field(default=None, max_length=64)


class Reason(BaseModel):
    code: str
    detail: str


class DiskRead(BaseModel):
    name: str
    size_mb: int
    present: bool


class NodeRead(BaseModel):
    name: str
    power: Power
    ready: bool
    disks: list[DiskRead]

    @classmethod
    def of(cls, state: NodeState) -> "NodeRead":
        disks = [
            DiskRead(name=disk.name, size_mb=disk.size_mb, present=disk.present)
            for disk in state.disks
        ]
        return cls(name=state.name, power=state.power, ready=state.ready, disks=disks)


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
    points: int | None


class Happened(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    n: int
    at: float
    time: datetime
    kind: str
    node: str | None
    disk: str | None
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
