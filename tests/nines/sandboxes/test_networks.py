"""A session of several machines: what it starts with, what it shows, what it lets be
broken."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labkit.manifest import LabFolder, read_lab
from nines.accounts.models import Person
from nines.db import Database
from nines.sandboxes.driver import Fault, NicSpec
from nines.sandboxes.drivers.images import Profile, Shape, plan_template, session_order
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.lab_spec import sandbox_spec
from nines.sandboxes.models import SessionState
from nines.sandboxes.schemas import PartitionRead, ShapedRead
from nines.sandboxes.service import Sessions
from tests.fakes.driver import FakeDriver
from tests.fakes.lab import write_lab
from tests.nines.sandboxes.test_sessions import reach

pytestmark = pytest.mark.anyio

ALLOWED = ["segment.off", "segment.on", "net.partition", "net.heal", "net.shape"]
CHECKS = "a = made('a', lambda lab: None, points=10)\n"


@pytest.fixture
def lab(tmp_path: Path) -> LabFolder:
    folder = write_lab(tmp_path / "ch09" / "test", CHECKS, ("a",), disks=1, pair=True)
    text = (folder / "lab.toml").read_text()
    allowed = json.dumps(ALLOWED)
    (folder / "lab.toml").write_text(text.replace("allowed = []", f"allowed={allowed}"))
    return read_lab(folder)


@pytest.fixture
async def sessions(
    db: Database, driver: FakeDriver, lab: LabFolder
) -> AsyncIterator[Sessions]:
    sessions = Sessions(db=db, driver=driver, lab=lambda _: lab)
    async with Keeper(sessions=sessions, at_once=1).running():
        yield sessions


def test_a_labs_network_is_asked_of_the_sandbox(lab: LabFolder) -> None:
    st1, st2 = sandbox_spec(lab, "nines-x").nodes

    assert st1.nics == (NicSpec(segment="lan", address="192.168.1.10/24", mtu=1500),)
    assert "192.168.1.20 st2" in st1.files["/etc/hosts"].text
    assert "192.168.1.20/24" in st2.files["/etc/network/interfaces"].text


def test_the_supervisor_is_told_of_every_interface(lab: LabFolder) -> None:
    nodes = sandbox_spec(lab, "nines-x").nodes
    profile = Profile("base", "1", Path())
    templates = {
        shape: plan_template(shape, profile=profile, image="i", accel="tcg")
        for shape in map(Shape.of, nodes)
    }

    order = json.loads(session_order("nines-x", nodes, templates, "tcg"))

    assert order["nodes"][1]["nics"] == [
        {"segment": "lan", "address": "192.168.1.20/24", "mtu": 1500}
    ]
    assert [json.loads(t.order())["nics"] for t in templates.values()] == [1, 1]


def test_a_machine_with_another_number_of_interfaces_has_a_template_of_its_own(
    lab: LabFolder,
) -> None:
    profile = Profile("base", "1", Path())
    shapes = [Shape("base", 256, 1, (), nics) for nics in (0, 1, 2)]

    keys = {
        plan_template(shape, profile=profile, image="i", accel="tcg").key
        for shape in shapes
    }

    assert len(keys) == 3


async def test_a_session_shows_its_network_before_and_while_it_runs(
    sessions: Sessions, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab="ch09-test")
    before = await sessions.show(session)
    shown = await sessions.show(await reach(sessions, session, SessionState.READY))

    for each in (before, shown):
        assert [node.nics[0].address for node in each.nodes] == [
            "192.168.1.10/24",
            "192.168.1.20/24",
        ]
        assert [(s.name, s.subnet, s.up) for s in each.segments] == [
            ("lan", "192.168.1.0/24", True)
        ]


async def test_a_broken_network_is_shown_and_told(
    sessions: Sessions, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab="ch09-test")
    session = await reach(sessions, session, SessionState.READY)
    off = Fault(kind="segment.off", segment="lan")
    apart = Fault(kind="net.partition", node="st1", peer="st2", one_way=True)
    slow = Fault(kind="net.shape", segment="lan", delay_ms=20, loss_percent=1)

    told = [await sessions.inject(session, fault) for fault in (off, apart, slow)]
    (lan,) = (await sessions.show(session)).segments

    assert [each.events[0].kind for each in told] == [
        "fault.segment.off",
        "fault.net.partition",
        "fault.net.shape",
    ]
    assert told[0].events[0].segment == "lan"
    assert told[1].events[0].peer == "st2"
    assert not lan.up
    assert lan.partitions == [PartitionRead(node="st1", peer="st2", one_way=True)]
    assert lan.shaped == ShapedRead(node=None, delay_ms=20, loss_percent=1, rate_kbit=0)
    log = await sessions.log(session)
    assert (log[-2].node, log[-2].peer) == ("st1", "st2")
