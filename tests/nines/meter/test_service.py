"""The meter over an observer that says what a test wants it to have seen."""

import csv
from collections.abc import Callable
from uuid import UUID

import anyio
import pytest
from sqlalchemy import func, select, text

from nines.accounts.models import Person
from nines.db import Database
from nines.meter.models import MeterSpan
from nines.meter.schemas import LineRead, MeterRead, PredictionCreate
from nines.meter.service import Meters, ProbeNotFound, TimerNotFound
from nines.sandboxes.driver import Fault
from nines.sandboxes.models import Session
from nines.sandboxes.service import NodeNotFound, SessionNotFound, Sessions
from tests.fakes.observer import ObservedDriver
from tests.nines.meter.conftest import Start

pytestmark = pytest.mark.anyio


async def shown(
    meters: Meters, session: Session, holds: Callable[[MeterRead], bool]
) -> MeterRead:
    with anyio.fail_after(5):
        while True:
            read = await meters.show(session.id, person_id=session.person_id)
            if holds(read):
                return read
            await anyio.sleep(0.01)


async def stored(db: Database, spans: int) -> None:
    """Wait until that many are in the database."""
    with anyio.fail_after(5):
        while True:
            async with db() as database:
                if await database.scalar(select(func.count(MeterSpan.id))) == spans:
                    return
            await anyio.sleep(0.01)


def line(read: MeterRead, probe: str = "web") -> LineRead | None:
    found = [each for each in read.lines if each.probe == probe and each.spans]
    return found[0] if found else None


def has(outages: int) -> Callable[[MeterRead], bool]:
    def holds(read: MeterRead) -> bool:
        web = line(read)
        over = web is not None and web.spans[-1].up
        return over and web is not None and web.figures.outages == outages

    return holds


async def test_an_outage_is_measured(running: Meters, start: Start) -> None:
    session, observer = await start()
    began = observer.now + 2
    observer.ask("u" * 20 + "d" * 80 + "u" * 20)

    web = line(await shown(running, session, has(1)))

    assert web is not None
    assert web.last is not None
    assert web.last.seconds == pytest.approx(8.0, abs=0.05)
    assert web.last.began == pytest.approx(began, abs=0.05)  # Stamps: 50 ms.
    assert web.last.why == "timeout"
    assert web.figures.mttr == pytest.approx(8.0, abs=0.05)


async def test_the_observer_asks_what_the_lab_says(
    running: Meters, start: Start
) -> None:
    _, observer = await start()
    web, vip = observer.words[:8], observer.words[8:]
    assert web == [
        "web",
        "http",
        "192.168.1.100",
        "80",
        "100",
        "500",
        "/health",
        "well",
    ]
    assert vip == ["vip", "icmp", "192.168.1.100", "0", "100", "500", "/", ""]


async def test_a_server_that_was_away_loses_nothing(
    meters: Meters, keeper: object, start: Start, db: Database
) -> None:
    async with meters.running():
        session, observer = await start()
        observer.ask("u" * 10)
        await shown(meters, session, has(0))
    observer.ask("d" * 50 + "u" * 10)
    async with meters.running():
        web = line(await shown(meters, session, has(1)))
    assert web is not None
    assert web.last is not None
    assert web.last.seconds == pytest.approx(5.0, abs=0.05)
    await stored(db, spans=3)


async def test_what_could_not_be_stored_is_read_again(
    running: Meters, start: Start, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    session, observer = await start()
    observer.ask("u" * 10)
    await shown(running, session, has(0))
    async with db.begin() as database:
        await database.execute(text("alter table meter_span rename to gone"))
    observer.ask("d" * 20 + "u" * 10)
    await anyio.sleep(0.2)
    async with db.begin() as database:
        await database.execute(text("alter table gone rename to meter_span"))

    await shown(running, session, has(1))
    await stored(db, spans=3)
    assert "meter" in caplog.text


async def test_what_was_overwritten_meanwhile_is_unknown(
    meters: Meters, keeper: object, start: Start
) -> None:
    def is_unknown(read: MeterRead) -> bool:
        web = line(read)
        return web is not None and web.figures.unknown > 0

    async with meters.running():
        session, observer = await start()
        observer.ask("u" * 10)
        await shown(meters, session, has(0))
    observer.ask("d" * 100 + "u" * 10)
    observer.lost = 110
    async with meters.running():
        web = line(await shown(meters, session, is_unknown))

    assert web is not None
    assert (web.figures.outages, web.figures.down) == (0, 0)
    assert web.figures.unknown == pytest.approx(10.1, abs=0.3)


async def test_an_observer_that_restarted_is_read_from_its_beginning(
    running: Meters, start: Start
) -> None:
    session, observer = await start()
    observer.ask("u" * 30)
    await shown(running, session, has(0))
    observer.run_id, observer.results = "00000000000000bb", []
    observer.behind += 900  # Its clock began at zero again.
    observer.started = 0
    observer.now += 5
    observer.ask("uudddduuuu")

    web = line(await shown(running, session, has(1)))
    assert web is not None
    assert observer.started >= 1
    assert web.figures.down == pytest.approx(0.4, abs=0.05)
    assert web.figures.unknown == pytest.approx(5.1, abs=1)


async def test_after_a_reset_counting_begins_anew(
    running: Meters, start: Start, db: Database
) -> None:
    session, observer = await start()
    observer.ask("uuudddduuu")
    await shown(running, session, has(1))

    observer.now += 1
    read = await running.reset(session.id, person_id=session.person_id)
    assert line(read) is None
    observer.ask("uuu")
    web = line(await shown(running, session, has(0)))
    assert web is not None
    assert web.figures.down == 0
    await stored(db, spans=1)


async def test_new_machines_are_a_new_run(
    running: Meters, start: Start, sessions: Sessions
) -> None:
    session, observer = await start()
    observer.ask("uuudddduuu")
    await shown(running, session, has(1))

    await sessions.reset(session)
    read = await shown(running, session, lambda read: line(read) is None)
    assert read.predictions == []


async def test_a_prediction_is_compared_and_the_timer_named(
    running: Meters, start: Start
) -> None:
    session, observer = await start()
    observer.ask("u" * 10)
    await shown(running, session, has(0))
    body = PredictionCreate(probe="web", seconds=2, parts={"interval": 2})
    await running.predict(session.id, body, person_id=session.person_id)
    observer.ask("u" * 5 + "d" * 318 + "u" * 5)

    read = await shown(running, session, has(1))
    (found,) = read.predictions
    assert found.measured is not None
    assert found.measured.seconds == pytest.approx(31.8, abs=0.1)
    assert found.close is False
    assert found.explanation is not None
    assert (found.explanation.timer, found.explanation.how) == ("deadtime", "missing")


async def test_a_gap_that_goes_on_is_not_judged_yet(
    running: Meters, start: Start
) -> None:
    session, observer = await start()
    observer.ask("u" * 10)
    await shown(running, session, has(0))
    body = PredictionCreate(probe="web", seconds=8)
    await running.predict(session.id, body, person_id=session.person_id)
    observer.ask("d" * 30)

    read = await shown(
        running, session, lambda r: r.predictions[0].measured is not None
    )
    assert read.predictions[0].close is None


async def test_only_what_the_lab_has_can_be_predicted(
    running: Meters, start: Start
) -> None:
    session, _ = await start()
    ada = session.person_id
    with pytest.raises(ProbeNotFound):
        await running.predict(
            session.id, PredictionCreate(probe="dns", seconds=1), person_id=ada
        )
    body = PredictionCreate(probe="web", seconds=1, parts={"uptime": 1})
    with pytest.raises(TimerNotFound):
        await running.predict(session.id, body, person_id=ada)


async def test_who_looks_is_told(
    running: Meters, start: Start, sessions: Sessions
) -> None:
    session, observer = await start()
    with sessions.hub.listen(session.id) as listener, anyio.fail_after(5):
        observer.ask("uuudduuu")
        async for told in listener:
            if told.kind == "meter" and told.data["lines"]:
                break
    (web,) = told.data["lines"]
    assert [each["up"] for each in web["spans"]] == [True, False, True]
    assert told.data["stamp_error"] == pytest.approx(0.02, abs=0.001)


async def test_the_table_has_every_span_and_every_fault(
    running: Meters, start: Start, sessions: Sessions
) -> None:
    session, observer = await start()
    observer.ask("uuudduuu")
    await shown(running, session, has(1))
    await sessions.inject(session, Fault(kind="disk.pull", node="st1", disk="vdb"))

    written = await running.table(session.id, person_id=session.person_id)
    rows = list(csv.DictReader(written.splitlines()))
    assert [row["what"] for row in rows if row["who"] == "web"] == ["up", "down", "up"]
    assert float(rows[1]["seconds"]) == pytest.approx(0.21, abs=0.01)
    assert rows[-1]["what"] == "fault.disk.pull"


async def test_the_observer_is_nobodys_to_see_or_break(
    running: Meters, start: Start, sessions: Sessions
) -> None:
    session, _ = await start()
    read = await sessions.show(session)
    assert [node.name for node in read.nodes] == ["st1"]
    await sessions.inject(session, Fault(kind="disk.pull", node="st1", disk="vdb"))
    assert {each.node for each in await sessions.log(session)} == {"st1"}
    with pytest.raises(NodeNotFound):
        await sessions.inject(session, Fault(kind="disk.pull", node="observer"))
    with pytest.raises(NodeNotFound):
        sessions.open_terminal(
            session, "observer", "1", rows=24, columns=80, after=None
        )


async def test_the_sandbox_has_one_machine_more(
    running: Meters, start: Start, driver: ObservedDriver
) -> None:
    await start()
    _, observer = driver.started[0].nodes
    (nic,) = observer.nics
    assert (observer.name, observer.profile, observer.memory_mb) == (
        "observer",
        "tiny",
        128,
    )
    assert (nic.segment, nic.address) == ("lan", "192.168.1.250/24")
    assert "192.168.1.250/24" in observer.files["/etc/network/interfaces"].text


async def test_somebody_elses_meter_is_not_there(
    running: Meters, start: Start, bob: Person
) -> None:
    session, _ = await start()
    with pytest.raises(SessionNotFound):
        await running.show(session.id, person_id=bob.id)
    with pytest.raises(SessionNotFound):
        await running.show(UUID(int=0), person_id=bob.id)
