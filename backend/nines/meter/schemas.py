"""What of a meter crosses HTTP and the session's event stream. Moments are Unix
seconds: a page draws them on one axis with what happened in the machines."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from labkit.text import Text

Seconds = Annotated[float, Field(ge=0, le=3600)]


class SpanRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    up: bool
    began: float
    ended: float
    why: str


class OutageRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    began: float
    ended: float | None
    seconds: float
    why: str


class FiguresRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    began: float | None
    up: float
    down: float
    unknown: float
    outages: int
    availability: float | None
    mtbf: float | None
    mttr: float | None
    nines: float | None


class ProbeRead(BaseModel):
    name: str
    title: Text
    kind: Literal["icmp", "tcp", "http"]
    target: str
    every_ms: int
    sections: list[str]


class TimerRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    title: Text
    seconds: float | None
    explain: Text


class LineRead(BaseModel):
    """One probe's line; in an event only the spans that are new or have changed."""

    probe: str
    spans: list[SpanRead]
    figures: FiguresRead
    last: OutageRead | None


class ExplanationRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    timer: str
    how: Literal["missing", "superfluous", "other_value"]
    seconds: float


class PredictionRead(BaseModel):
    """`measured` is the longest gap that began before the next prediction."""

    id: UUID
    probe: str
    seconds: float
    parts: dict[str, float]
    made: float
    measured: OutageRead | None
    close: bool | None
    explanation: ExplanationRead | None


class MeterTick(BaseModel):
    """What the event stream tells; `stamp_error`: seconds, at most, either way."""

    since: float
    now: float
    stamp_error: float | None
    lines: list[LineRead]
    predictions: list[PredictionRead]


class MeterRead(MeterTick):
    probes: list[ProbeRead]
    timers: list[TimerRead]


class PredictionCreate(BaseModel):
    """`parts`: the timers counted, with the seconds each was taken for."""

    model_config = ConfigDict(extra="forbid")

    probe: str = Field(max_length=32)
    seconds: Seconds
    parts: dict[str, Seconds] = Field(default_factory=dict, max_length=12)
