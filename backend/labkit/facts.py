"""What is known of a check without its code: this crosses the process boundary.

The server never imports a lab's checks.py; it asks a checker's process to describe it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from labkit.checks import AfterReboot, Check, Sustained, UnderFault
from labkit.faults import Fault, fault_from
from labkit.text import Text

ModeName = Literal["current", "sustained", "under_fault", "after_reboot"]


@dataclass(frozen=True, kw_only=True)
class CheckFacts:
    name: str
    title: Text
    points: int
    after: str | None = None
    mode: ModeName = "current"
    time_limit: float = 30
    seconds: float = 0  # sustained: how long it must hold
    fault: Fault | None = None  # under_fault: what is broken meanwhile
    prepares: bool = False  # under_fault: there is a `before`
    repairs: bool = False  # under_fault: there is a `repair`
    node: str | None = None  # after_reboot: which machine restarts


def facts_of(check: Check) -> CheckFacts:
    mode: ModeName = "current"
    seconds, fault, node = 0.0, None, None
    prepares, repairs = False, False
    if isinstance(check.mode, Sustained):
        mode, seconds = "sustained", check.mode.seconds
    elif isinstance(check.mode, UnderFault):
        mode, fault = "under_fault", check.mode.fault
        prepares = check.mode.before is not None
        repairs = check.mode.repair is not None
    elif isinstance(check.mode, AfterReboot):
        mode, node = "after_reboot", check.mode.node
    return CheckFacts(
        name=check.name,
        title=check.title,
        points=check.points,
        after=check.after.name if check.after else None,
        mode=mode,
        time_limit=check.time_limit,
        seconds=seconds,
        fault=fault,
        prepares=prepares,
        repairs=repairs,
        node=node,
    )


def from_json(data: Mapping[str, Any]) -> CheckFacts:
    """The inverse of `dataclasses.asdict`. Raises TypeError, KeyError or ValueError
    when it is something else: a checker can print anything."""
    facts = CheckFacts(
        **{
            **data,
            "title": Text(**data["title"]),
            "fault": fault_from(data["fault"]) if data["fault"] else None,
        }
    )
    expected: tuple[tuple[object, type | tuple[type, ...]], ...] = (
        (facts.name, str),
        (facts.points, int),
        (facts.after, (str, type(None))),
        (facts.time_limit, (int, float)),
        (facts.seconds, (int, float)),
        (facts.node, (str, type(None))),
    )
    if not all(isinstance(value, kind) for value, kind in expected):
        raise TypeError(f"These are not the facts of a check: {data}")
    return facts
