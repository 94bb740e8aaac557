"""A gap as the meter measures it and as `ping -D` on a client saw it: real machines."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

import anyio
import pytest

from labkit.manifest import LabFolder
from labkit.meter import Meter
from labkit.schema import Nic, Node, Segment
from nines.accounts.models import Person
from nines.catalog.service import Catalog
from nines.config import ROOT
from nines.db import Database
from nines.meter.service import Meters
from nines.sandboxes.driver import Fault
from nines.sandboxes.drivers.container import DockerDriver
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.models import Session, SessionState
from nines.sandboxes.service import Sessions
from tests.fakes.labs import LAB

pytestmark = [pytest.mark.anyio, pytest.mark.docker]

TITLE = {"ja": "n1", "en": "n1"}
TARGET = "192.168.1.10"
PROBE = {"name": "n1", "title": TITLE, "kind": "icmp", "target": TARGET}
EVERY = 0.1
PING = ["timeout", "-s", "INT", "14", "ping", "-D", "-i", "0.02", TARGET]


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[DockerDriver]:
    def new_driver() -> DockerDriver:
        return DockerDriver(tmp_path / "state", profiles=ROOT / "var/profiles")

    yield new_driver()
    driver = new_driver()  # The keeper has closed the one before.
    for name in await driver.names():
        await driver.stop(name)
    await driver.close()


@pytest.fixture
def sessions(db: Database, driver: DockerDriver, catalog: Catalog) -> Sessions:
    """Every lab is two machines on one segment, and an observer."""
    meter = {"segment": "lan", "address": "192.168.1.250/24", "probes": [PROBE]}

    @cache
    def metered(slug: str) -> LabFolder:
        lab = catalog.lab(slug)
        faults = {"allowed": ("cable.cut", "cable.plug")}
        update = {
            "segments": (Segment(name="lan"),),
            "nodes": (node("n1", f"{TARGET}/24"), node("n2", "192.168.1.20/24")),
            "meter": Meter.model_validate(meter),
            "faults": lab.manifest.faults.model_copy(update=faults),
        }
        return replace(lab, manifest=lab.manifest.model_copy(update=update))

    return Sessions(db=db, driver=driver, lab=metered)


@pytest.fixture
def meters(db: Database, sessions: Sessions) -> Meters:
    publish = sessions.hub.publish
    return Meters(db=db, sessions=sessions, lab=sessions.lab, publish=publish)


def node(name: str, address: str) -> Node:
    nic = Nic(segment="lan", address=address)
    return Node(name=name, profile="tiny", memory_mb=128, nics=(nic,))


async def test_the_meter_and_a_ping_see_the_same_gap(
    meters: Meters, keeper: Keeper, sessions: Sessions, ada: Person
) -> None:
    async with meters.running():
        session = await ready(sessions, ada)
        await until_up(meters, session)
        cut = Fault(kind="cable.cut", node="n1", nic="eth0")
        spacing, seen = await ping_during(sessions, session, cut, seconds=6)
        await anyio.sleep(3)
        read = await meters.show(session.id, person_id=ada.id)

    (line,) = read.lines
    assert line.last is not None
    print(f"meter {line.last.seconds:.3f} s, ping -D {seen:.3f} s")
    # Each of them only looks now and then.
    assert abs(line.last.seconds - seen) <= EVERY + spacing
    assert read.stamp_error is not None
    assert read.stamp_error <= 0.05
    (happened,) = [
        each for each in await sessions.log(session) if each.kind == "fault.cable.cut"
    ]
    late = line.last.began - happened.time.timestamp()
    assert -0.05 <= late <= EVERY + 0.1


async def ready(sessions: Sessions, person: Person) -> Session:
    session = await sessions.create(person.id, lab=LAB)
    with anyio.fail_after(300):  # The first time, templates are baked.
        while session.state != SessionState.READY:
            assert session.state != SessionState.FAILED, session.detail
            await anyio.sleep(0.2)
            session = await sessions.get(session.id, person_id=person.id)
    return session


async def until_up(meters: Meters, session: Session) -> None:
    with anyio.fail_after(30):
        while True:
            read = await meters.show(session.id, person_id=session.person_id)
            if any(line.figures.up > 3 for line in read.lines):
                return
            await anyio.sleep(0.5)


async def ping_during(
    sessions: Sessions, session: Session, fault: Fault, *, seconds: float
) -> tuple[float, float]:
    """The usual time between two answers (at its longest), and the longest of all."""
    client = sessions.driver.node(session.name, "n2")
    printed = b""

    async def ping() -> None:
        nonlocal printed
        printed = (await client.run(PING, timeout=40)).stdout

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ping)
        await anyio.sleep(3)
        await sessions.inject(session, fault)
        await anyio.sleep(seconds)
        await sessions.inject(session, replace(fault, kind="cable.plug"))
    stamps = [
        float(each)
        for each in re.findall(rb"^\[([0-9.]+)\].* bytes from", printed, re.M)
    ]
    *usual, longest = sorted(after - before for before, after in pairwise(stamps))
    return quantiles(usual, n=100)[-1], longest
