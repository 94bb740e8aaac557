"""A fault says what it needs, knows what undoes it, and survives a way through JSON."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from labkit.faults import FORMS, Fault, FaultKind, fault_from, mistakes_in
from labkit.standard import refused

FULL: dict[str, Any] = {
    "node": "n1",
    "disk": "vdb",
    "nic": "eth0",
    "segment": "lan",
    "peer": "n2",
    "one_way": True,
    "delay_ms": 50,
    "loss_percent": 1.5,
    "rate_kbit": 1000,
    "access": "read",
    "sectors": (8, 15),
    "process": "sshd",
}


def full(kind: FaultKind) -> Fault:
    """With every field its kind takes."""
    return Fault(kind, **{name: FULL[name] for name in FORMS[kind].fields})


@pytest.mark.parametrize("kind", FORMS)
def test_every_kind_makes_sense_and_can_be_told(kind: FaultKind) -> None:
    fault = full(kind)

    assert list(mistakes_in(fault)) == []
    assert fault_from(json.loads(json.dumps(asdict(fault)))) == fault
    assert refused(fault).ja
    if undone := fault.undone:
        assert list(mistakes_in(undone)) == []


@pytest.mark.parametrize(
    ("fault", "undone"),
    [
        (
            Fault("disk.fail", "n1", "vdb", access="write", sectors=(1, 2)),
            Fault("disk.mend", "n1", "vdb"),
        ),
        (
            Fault("net.partition", "n1", peer="n2", segment="lan", one_way=True),
            Fault("net.heal", "n1", peer="n2", segment="lan", one_way=True),
        ),
        (
            Fault("net.shape", segment="lan", node="n1", delay_ms=5),
            Fault("net.clear", segment="lan", node="n1"),
        ),
        (Fault("segment.off", segment="lan"), Fault("segment.on", segment="lan")),
        (Fault("net.heal", "n1", peer="n2"), None),
        (Fault("node.panic", "n1"), None),
    ],
)
def test_what_undoes_a_fault_names_the_same_thing(
    fault: Fault, undone: Fault | None
) -> None:
    assert fault.undone == undone


@pytest.mark.parametrize(
    ("fault", "field", "reason"),
    [
        (Fault("disk.pull", "n1"), "disk", "disk.pull needs it"),
        (Fault("segment.off", "n1", segment="lan"), "node", "does not take it"),
        (Fault("net.partition", "n1", peer="n1"), "peer", "the same as node"),
        (Fault("net.shape", segment="lan"), "", "one of delay_ms, loss_percent"),
        (Fault("net.shape", segment="lan", loss_percent=101), "loss_percent", "to 100"),
        (Fault("net.shape", segment="lan", delay_ms=-1), "delay_ms", "from 0"),
        (Fault("disk.fail", "n1", "vdb", sectors=(0, 64)), "sectors", "at most 64"),
        (Fault("disk.fail", "n1", "vdb", sectors=(9, 8)), "sectors", "the first"),
    ],
)
def test_what_makes_no_sense_is_told(fault: Fault, field: str, reason: str) -> None:
    ((where, why),) = mistakes_in(fault)

    assert where == field
    assert reason in why.en
    assert why.ja


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "disk.pull", "node": 5},
        {"kind": "disk.pull", "node": "a\0b"},
        {"kind": "disk.eat"},
        {"kind": ["disk.pull"]},
        {"kind": "disk.pull", "colour": "red"},
        {"kind": "net.shape", "segment": "lan", "delay_ms": "5"},
        {"kind": "net.shape", "segment": "lan", "rate_kbit": 0.5},
        {"kind": "net.partition", "one_way": 1},
        {"kind": "disk.fail", "sectors": [1]},
        {"kind": "disk.fail", "access": []},
    ],
)
def test_what_has_no_form_of_a_fault_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        fault_from(said)
