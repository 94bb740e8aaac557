"""What can be broken on purpose, what it takes to say so, and what undoes it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from labkit.text import Text

FaultKind = Literal[
    "disk.pull",
    "disk.insert",
    "disk.fail",
    "disk.mend",
    "cable.cut",
    "cable.plug",
    "power.off",
    "power.on",
    "power.reset",
    "node.freeze",
    "node.thaw",
    "node.panic",
    "segment.off",
    "segment.on",
    "net.partition",
    "net.heal",
    "net.shape",
    "net.clear",
    "process.kill",
    "process.stop",
    "process.cont",
]
Access = Literal["read", "write"]

MAX_DELAY_MS = 10_000
MAX_RATE_KBIT = 10_000_000
MAX_SECTORS = 64


@dataclass(frozen=True)
class Form:
    """The fields a kind of fault needs, those it may have, and the kind that undoes
    it."""

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    undo: FaultKind | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        return self.needs + self.may


_DISK = ("node", "disk")
_CABLE = ("node", "nic")
_PAIR = ("node", "peer")
_PROCESS = ("node", "process")

FORMS: Mapping[FaultKind, Form] = {
    "disk.pull": Form(_DISK, undo="disk.insert"),
    "disk.insert": Form(_DISK, undo="disk.pull"),
    "disk.fail": Form(_DISK, ("access", "sectors"), undo="disk.mend"),
    "disk.mend": Form(_DISK),
    "cable.cut": Form(_CABLE, undo="cable.plug"),
    "cable.plug": Form(_CABLE, undo="cable.cut"),
    "power.off": Form(("node",), undo="power.on"),
    "power.on": Form(("node",), undo="power.off"),
    "power.reset": Form(("node",)),
    "node.freeze": Form(("node",), undo="node.thaw"),
    "node.thaw": Form(("node",), undo="node.freeze"),
    "node.panic": Form(("node",)),
    "segment.off": Form(("segment",), undo="segment.on"),
    "segment.on": Form(("segment",), undo="segment.off"),
    "net.partition": Form(_PAIR, ("segment", "one_way"), undo="net.heal"),
    "net.heal": Form(_PAIR, ("segment", "one_way")),
    "net.shape": Form(
        ("segment",),
        ("node", "delay_ms", "loss_percent", "rate_kbit"),
        undo="net.clear",
    ),
    "net.clear": Form(("segment",), ("node",)),
    "process.kill": Form(_PROCESS),
    "process.stop": Form(_PROCESS, undo="process.cont"),
    "process.cont": Form(_PROCESS, undo="process.stop"),
}


@dataclass(frozen=True)
class Fault:
    """Which fields a kind takes, `FORMS` says."""

    kind: FaultKind
    node: str | None = None
    disk: str | None = None
    nic: str | None = None  # `eth0`
    segment: str | None = None
    peer: str | None = None  # The other node of a partition.
    one_way: bool = False  # Only frames from node to peer are lost.
    delay_ms: float = 0
    loss_percent: float = 0
    rate_kbit: int = 0  # 0: no limit.
    access: Access | None = None  # Of a failing disk; None: both.
    sectors: tuple[int, int] | None = None  # First and last, of 512 bytes; None: all.
    process: str | None = None  # Exactly as in /proc/PID/comm.

    def __post_init__(self) -> None:
        if self.kind not in FORMS:
            raise ValueError(f"There is no fault {self.kind!r}.")

    @property
    def undone(self) -> "Fault | None":
        """What puts it right again; None when nothing does, or nothing has to."""
        undo = FORMS[self.kind].undo
        if undo is None:
            return None
        return Fault(undo, **{name: getattr(self, name) for name in FORMS[undo].fields})

    @property
    def given(self) -> dict[str, Any]:
        """The fields that say something, without the kind."""
        blank = asdict(Fault(self.kind))
        return {key: it for key, it in asdict(self).items() if it != blank[key]}


def fault_from(data: Mapping[str, Any]) -> Fault:
    """The inverse of `asdict`, through JSON too. TypeError or ValueError when it has
    another form: a checker can say anything."""
    found = dict(data)
    if isinstance(found.get("sectors"), list):
        found["sectors"] = tuple(found["sectors"])
    fault = Fault(**found)
    names = (fault.node, fault.disk, fault.nic, fault.segment, fault.peer)
    well_formed = (
        all(each is None or _is_name(each) for each in (*names, fault.process))
        and type(fault.one_way) is bool
        and type(fault.delay_ms) in (int, float)
        and type(fault.loss_percent) in (int, float)
        and type(fault.rate_kbit) is int
        and fault.access in (None, "read", "write")
        and (fault.sectors is None or _is_pair(fault.sectors))
    )
    if not well_formed:
        raise TypeError(f"no fault looks like this: {str(data)[:200]}")
    return fault


def _is_name(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(type(each) is int for each in value)
    )


Mistake = tuple[str, Text]
"""The field, "" for the whole fault, and the reason."""


def mistake(field: str, *, ja: str, en: str) -> Mistake:
    return field, Text(ja=ja, en=en)


def mistakes_in(fault: Fault) -> Iterator[Mistake]:
    """Whatever makes no sense, whichever the machines are."""
    form = FORMS[fault.kind]
    given = fault.given
    for name in form.needs:
        if name not in given:
            yield mistake(
                name,
                ja=f"{fault.kind} には {name} が必要です。",
                en=f"{fault.kind} needs it.",
            )
    for name in given:
        if name not in form.fields:
            yield mistake(
                name,
                ja=f"{fault.kind} に {name} は使えません。",
                en=f"{fault.kind} does not take it.",
            )
    if fault.peer is not None and fault.peer == fault.node:
        yield mistake(
            "peer", ja="node と peer が同じです。", en="It is the same as node."
        )
    yield from _shape_mistakes(fault)
    yield from _disk_mistakes(fault)


def _shape_mistakes(fault: Fault) -> Iterator[Mistake]:
    for name, most in (
        ("delay_ms", MAX_DELAY_MS),
        ("loss_percent", 100),
        ("rate_kbit", MAX_RATE_KBIT),
    ):
        if not 0 <= getattr(fault, name) <= most:
            yield mistake(
                name,
                ja=f"0 から {most} までの値にしてください。",
                en=f"It must be from 0 to {most}.",
            )
    if fault.kind == "net.shape" and not (
        fault.delay_ms or fault.loss_percent or fault.rate_kbit
    ):
        yield mistake(
            "",
            ja="delay_ms・loss_percent・rate_kbit のどれかが必要です。",
            en="It needs one of delay_ms, loss_percent and rate_kbit.",
        )


def _disk_mistakes(fault: Fault) -> Iterator[Mistake]:
    first, last = fault.sectors or (0, 0)
    if not 0 <= first <= last < first + MAX_SECTORS:
        yield mistake(
            "sectors",
            ja=f"最初と最後のセクター番号です。{MAX_SECTORS} 個まで選べます。",
            en=f"It must be the first and the last sector, at most {MAX_SECTORS} "
            "of them.",
        )
