"""The [meter] of a lab.toml: what is taken, what is refused and why."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from labkit.manifest import LabProblems, read_lab
from labkit.meter import OBSERVER, Meter, MeterProbe
from labkit.new import write_new_lab

TITLE = {"ja": "代表IP", "en": "The virtual address"}
PROBE: dict[str, Any] = {
    "name": "vip",
    "title": TITLE,
    "kind": "icmp",
    "target": "192.168.1.100",
}


def meter(**changes: Any) -> dict[str, Any]:
    return {
        "segment": "lan",
        "address": "192.168.1.250/24",
        "probes": [PROBE],
    } | changes


def test_a_small_meter_is_enough() -> None:
    (probe,) = Meter.model_validate(meter()).probes
    assert 1000 / probe.every_ms >= 5
    assert probe.timeout_ms == 500


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"port": 80}, "icmp has none"),
        ({"kind": "tcp"}, "need a port"),
        ({"kind": "tcp", "port": 22, "path": "/"}, "only http"),
        ({"kind": "http", "port": 80, "path": "/a b"}, "path"),
        ({"kind": "http", "port": 80, "path": "/\r\nX: y"}, "path"),
        ({"kind": "sql", "port": 3306}, "kind"),
        ({"target": "example.org"}, "target"),
        ({"every_ms": 50}, "every_ms"),
        ({"timeout_ms": 5000}, "timeout_ms"),
        ({"name": "two words"}, "name"),
        ({"body": "x"}, "only http"),
    ],
)
def test_a_probe_that_makes_no_sense_is_refused(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        MeterProbe.model_validate(PROBE | changes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"probes": []}, "probes"),
        ({"probes": [PROBE, PROBE]}, "same name"),
        ({"probes": [PROBE] * 9}, "probes"),
        ({"address": "192.168.1.300/24"}, "address"),
        ({"interval": 3}, "interval"),
    ],
)
def test_a_meter_that_makes_no_sense_is_refused(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        Meter.model_validate(meter(**changes))


LAB = """\
[[segments]]
name = "lan"
subnet = "192.168.1.0/24"

[meter]
segment = "lan"
address = "192.168.1.250/24"

[[meter.probes]]
name = "n1"
title = { ja = "n1", en = "n1" }
kind = "icmp"
target = "192.168.1.10"

[[nodes]]
name = "st1"
nics = [{ segment = "lan", address = "192.168.1.10/24" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lab of one machine on one segment, watched by the meter."""
    lab = tmp_path / "ch03" / "metered"
    write_new_lab(lab)
    change(lab, '[[nodes]]\nname = "st1"\n', LAB)
    return lab


def change(lab: Path, old: str, new: str) -> None:
    text = (lab / "lab.toml").read_text("utf-8")
    assert old in text
    (lab / "lab.toml").write_text(text.replace(old, new), "utf-8")


def test_the_observer_is_a_machine_and_no_node(folder: Path) -> None:
    lab = read_lab(folder)
    *_, observer = lab.manifest.machines

    assert observer.name == OBSERVER
    assert OBSERVER not in [node.name for node in lab.manifest.nodes]
    files = {path: text for path, (text, _) in lab.files_of(observer).items()}
    assert "address 192.168.1.250/24" in files["/etc/network/interfaces"]
    assert "192.168.1.10 st1" in files["/etc/hosts"]
    assert OBSERVER not in files["/etc/hosts"]


@pytest.mark.parametrize(
    ("old", "new", "field", "why"),
    [
        (
            'segment = "lan"\naddress',
            'segment = "wan"\naddress',
            "meter.segment",
            "wan",
        ),
        ("192.168.1.250/24", "192.168.1.10/24", "meter.address", "twice"),
        ("192.168.1.250/24", "10.0.0.1/24", "meter.address", "does not lie"),
        ("192.168.1.250/24", "192.168.1.255/24", "meter.address", "broadcast"),
        ('name = "st1"', 'name = "observer"', "nodes", "kept for the meter"),
    ],
)
def test_a_meter_must_fit_its_lab(
    folder: Path, old: str, new: str, field: str, why: str
) -> None:
    change(folder, old, new)
    with pytest.raises(LabProblems) as caught:
        read_lab(folder)
    told = [(each.field, each.reason.en) for each in caught.value.problems]
    assert any(where == field and why in text for where, text in told), told
