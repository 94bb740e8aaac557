"""The [meter] of a lab: what is asked, from where, and which timers make up a gap."""

from ipaddress import IPv4Address, IPv4Interface
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labkit.text import Text

OBSERVER = "observer"
"""The name of the machine that asks; no lab may have one of that name."""

NAME = r"^[a-z][a-z0-9-]{0,30}$"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MeterProbe(Strict):
    """One question, asked again and again. Up is an answer within `timeout_ms`."""

    name: str = Field(pattern=NAME)
    title: Text
    kind: Literal["icmp", "tcp", "http"]
    target: IPv4Address
    port: int | None = Field(default=None, ge=1, le=65535)
    path: str = Field(default="/", pattern=r"^/[!-~]*$", max_length=200)
    body: str = Field(default="", max_length=200)  # http: the answer contains it.
    every_ms: int = Field(default=100, ge=100, le=1000)
    timeout_ms: int = Field(default=500, ge=200, le=1000)
    sections: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fields_of_its_kind(self) -> "MeterProbe":
        if (self.port is None) != (self.kind == "icmp"):
            raise ValueError("tcp and http need a port, icmp has none")
        if self.kind != "http" and {"path", "body"} & self.model_fields_set:
            raise ValueError("only http has a path and a body")
        return self


class MeterTimer(Strict):
    """A timer of the configuration that a gap may contain."""

    name: str = Field(pattern=NAME)
    title: Text
    seconds: float | None = Field(
        default=None, gt=0, le=3600
    )  # Unless students choose.
    explain: Text


class Meter(Strict):
    segment: str
    address: IPv4Interface  # The observer's own.
    probes: tuple[MeterProbe, ...] = Field(min_length=1, max_length=8)
    timers: tuple[MeterTimer, ...] = Field(default=(), max_length=12)

    @model_validator(mode="after")
    def _names_once(self) -> "Meter":
        for listed in (self.probes, self.timers):
            names = [each.name for each in listed]
            if len(set(names)) < len(names):
                raise ValueError("two probes, or two timers, have the same name")
        return self
