from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import cache

import anyio
import pytest

from labkit.manifest import LabFolder
from labkit.meter import Meter
from labkit.schema import Segment
from nines.accounts.models import Person
from nines.catalog.service import Catalog
from nines.db import Database
from nines.meter.service import Meters
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.models import Session, SessionState
from nines.sandboxes.service import Sessions
from tests.fakes.labs import LAB
from tests.fakes.observer import FakeObserver, ObservedDriver

TITLE = {"ja": "稼働", "en": "Service"}
METER = Meter.model_validate(
    {
        "segment": "lan",
        "address": "192.168.1.250/24",
        "probes": [
            {
                "name": "web",
                "title": TITLE,
                "kind": "http",
                "target": "192.168.1.100",
                "port": 80,
                "path": "/health",
                "body": "well",
                "sections": ["1.1.2"],
            },
            {"name": "vip", "title": TITLE, "kind": "icmp", "target": "192.168.1.100"},
        ],
        "timers": [
            {"name": "deadtime", "title": TITLE, "seconds": 30, "explain": TITLE},
            {"name": "interval", "title": TITLE, "explain": TITLE},
        ],
    }
)

Start = Callable[[], Awaitable[tuple[Session, FakeObserver]]]


@pytest.fixture
async def driver() -> AsyncIterator[ObservedDriver]:
    driver = ObservedDriver()
    yield driver
    await driver.end()


@pytest.fixture
def sessions(db: Database, driver: ObservedDriver, catalog: Catalog) -> Sessions:
    """Every lab has a meter."""

    @cache
    def metered(slug: str) -> LabFolder:
        lab = catalog.lab(slug)
        update = {"meter": METER, "segments": (Segment(name="lan"),)}
        return replace(lab, manifest=lab.manifest.model_copy(update=update))

    return Sessions(db=db, driver=driver, lab=metered)


@pytest.fixture
def meters(db: Database, sessions: Sessions) -> Meters:
    publish = sessions.hub.publish
    return Meters(
        db=db,
        sessions=sessions,
        lab=sessions.lab,
        publish=publish,
        look_every=0.02,
        read_every=0.02,
    )


@pytest.fixture
async def running(meters: Meters, keeper: Keeper) -> AsyncIterator[Meters]:
    async with meters.running():
        yield meters


@pytest.fixture
def start(
    sessions: Sessions, driver: ObservedDriver, meters: Meters, ada: Person
) -> Start:
    """Ada's session, watched, and its observer, whose clock all then go by."""

    async def start_session() -> tuple[Session, FakeObserver]:
        session = await sessions.create(ada.id, lab=LAB)
        observer = driver.node(session.name, "observer")
        assert isinstance(observer, FakeObserver)
        meters.now = observer.clock
        with anyio.fail_after(5):
            while session.state != SessionState.READY:
                await anyio.sleep(0.01)
                session = await sessions.get(session.id, person_id=ada.id)
            await observer.asked.wait()
        return session, observer

    return start_session
