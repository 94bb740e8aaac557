"""Figures as data; the page draws them."""

from dataclasses import dataclass
from typing import Literal

from labkit.text import Text


@dataclass(frozen=True)
class Down:
    start_h: float
    end_h: float


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """When a system was up and down in a period."""

    period_h: float
    down: tuple[Down, ...]
    caption: Text
    kind: Literal["timeline"] = "timeline"


@dataclass(frozen=True)
class Part:
    label: Text
    availability: float


@dataclass(frozen=True, kw_only=True)
class Series:
    """Blocks in a row: the system runs while all of them run."""

    parts: tuple[Part, ...]
    kind: Literal["series"] = "series"


@dataclass(frozen=True)
class Shown:
    """A number as the student reads it."""

    value: str
    unit: Text


@dataclass(frozen=True, kw_only=True)
class Nines:
    """How much of a period an availability leaves down."""

    availability: float
    down: Shown
    kind: Literal["nines"] = "nines"


Figure = Timeline | Series | Nines
