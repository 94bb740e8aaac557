"""Sessions and their keeper, on machines that are folders."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from nines.accounts.models import Person
from nines.db import utc_now
from nines.sandboxes.driver import Fault, Phase
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.models import Session, SessionState
from nines.sandboxes.schemas import Happened
from nines.sandboxes.service import (
    FaultNotAllowed,
    NoExtensionsLeft,
    SessionAlreadyLive,
    SessionNotFound,
    SessionNotReady,
    Sessions,
)
from tests.fakes.driver import FakeDriver
from tests.fakes.labs import LAB

pytestmark = pytest.mark.anyio


async def reach(
    sessions: Sessions, session: Session, state: SessionState, seconds: float = 5
) -> Session:
    """Wait until the session is in `state`."""
    async with asyncio.timeout(seconds):
        while True:
            now = await sessions.get(session.id, person_id=session.person_id)
            if now.state == state:
                return now
            await asyncio.sleep(0.01)


async def logged(sessions: Sessions, session: Session, count: int) -> list[Happened]:
    """Wait until that much has happened."""
    for _ in range(500):
        if len(log := await sessions.log(session)) >= count:
            return log
        await asyncio.sleep(0.01)
    raise AssertionError("It did not happen in time.")


def later(sessions: Sessions, time: timedelta) -> Callable[[], None]:
    """Turn the clock of the sessions on."""

    def turn() -> None:
        sessions.now = lambda: utc_now() + time
        sessions.changed.set()

    return turn


async def test_a_session_is_asked_for_at_once_and_becomes_ready(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)
    assert session.state == SessionState.QUEUED

    ready = await reach(sessions, session, SessionState.READY)

    shown = await sessions.show(ready)
    assert list(driver.live) == [ready.name]
    assert shown.phase is Phase.READY
    assert shown.seconds_left > 3590
    assert [(n.name, n.ready) for n in shown.nodes] == [("st1", True)]
    assert [d.name for d in shown.nodes[0].disks] == ["vdb", "vdc"]


async def test_a_person_has_one_live_session_however_often_it_is_asked_for(
    sessions: Sessions, ada: Person, bob: Person
) -> None:
    asked = await asyncio.gather(
        *(sessions.create(ada.id, lab=LAB) for _ in range(5)), return_exceptions=True
    )

    (session,) = [each for each in asked if isinstance(each, Session)]
    refused = [each for each in asked if isinstance(each, SessionAlreadyLive)]
    assert len(refused) == 4
    assert refused[0].params == {"id": str(session.id), "lab": LAB}
    await sessions.create(bob.id, lab=LAB)


async def test_the_number_of_live_sessions_is_a_setting(
    sessions: Sessions, ada: Person
) -> None:
    sessions.per_student = 2
    first = await sessions.create(ada.id, lab=LAB)
    await sessions.create(ada.id, lab=LAB)
    with pytest.raises(SessionAlreadyLive):
        await sessions.create(ada.id, lab=LAB)

    await sessions.stop(first)
    assert (await sessions.create(ada.id, lab=LAB)).place == first.place


async def test_somebody_elses_session_is_not_found(
    sessions: Sessions, ada: Person, bob: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)

    with pytest.raises(SessionNotFound):
        await sessions.get(session.id, person_id=bob.id)


async def test_stopping_frees_everything(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)
    session = await reach(sessions, session, SessionState.READY)

    await sessions.stop(session)
    await sessions.stop(session)

    await reach(sessions, session, SessionState.STOPPED)
    assert driver.live == {}
    assert await sessions.live(ada.id) is None


async def test_a_session_may_be_stopped_while_it_starts(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    driver.on_start = asyncio.Event().wait  # type: ignore[assignment]  # Never comes.
    session = await sessions.create(ada.id, lab=LAB)
    await reach(sessions, session, SessionState.STARTING)

    await sessions.stop(session)

    await reach(sessions, session, SessionState.STOPPED)
    driver.on_start = None
    again = await sessions.create(ada.id, lab=LAB)
    await reach(sessions, again, SessionState.READY)
    assert len(driver.live) == 1


async def test_a_start_that_fails_says_why(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    async def fail() -> None:
        driver.broken = True
        driver._check()

    driver.on_start = fail
    session = await sessions.create(ada.id, lab=LAB)

    failed = await reach(sessions, session, SessionState.FAILED)

    assert failed.reason == "sandbox_unavailable"
    assert failed.detail == "Sandboxes are unavailable right now."
    assert await sessions.live(ada.id) is None


async def test_a_lab_that_never_fits_fails_and_the_next_is_served(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    driver.full = True
    session = await sessions.create(ada.id, lab=LAB)

    failed = await reach(sessions, session, SessionState.FAILED)

    assert failed.reason == "does_not_fit"


async def test_without_room_sessions_wait_in_order_and_see_their_place(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person, bob: Person
) -> None:
    driver.places = 0
    first = await sessions.create(ada.id, lab=LAB)
    second = await sessions.create(bob.id, lab=LAB)
    assert (await sessions.show(first)).place == 1
    assert (await sessions.show(second)).place == 2

    driver.places = 1
    sessions.changed.set()
    first = await reach(sessions, first, SessionState.READY)
    assert (await sessions.show(second)).place == 1

    await sessions.stop(first)
    await reach(sessions, second, SessionState.READY)


async def test_time_runs_out_after_a_warning(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)
    session = await reach(sessions, session, SessionState.READY)

    later(sessions, timedelta(minutes=58, seconds=30))()
    expiring = await reach(sessions, session, SessionState.EXPIRING)
    assert 60 < (await sessions.show(expiring)).seconds_left <= 90

    later(sessions, timedelta(minutes=61))()
    await reach(sessions, session, SessionState.STOPPED)
    assert driver.live == {}


async def test_an_extension_gives_more_time_until_there_are_none_left(
    sessions: Sessions, keeper: Keeper, ada: Person
) -> None:
    sessions.max_extensions = 1
    session = await sessions.create(ada.id, lab=LAB)
    with pytest.raises(SessionNotReady):
        await sessions.extend(session)
    session = await reach(sessions, session, SessionState.READY)

    extended = await sessions.extend(session)

    assert extended.expires_at - session.expires_at == sessions.extension
    assert (await sessions.show(extended)).extensions_left == 0
    with pytest.raises(NoExtensionsLeft):
        await sessions.extend(extended)


async def test_a_reset_gives_new_machines_and_no_more_time(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)
    session = await reach(sessions, session, SessionState.READY)
    await driver.node(session.name, "st1").write_file("/root/mine", b"x")

    await sessions.reset(session)
    again = await reach(sessions, session, SessionState.READY)

    assert again.id == session.id
    assert again.expires_at == session.expires_at
    assert again.name != session.name
    with anyio.fail_after(5):  # The old ones go at the keeper's next turn.
        while list(driver.live) != [again.name]:  # noqa: ASYNC110 - it has no event
            await anyio.sleep(0.01)
    result = await driver.node(again.name, "st1").run(["test", "-e", "root/mine"])
    assert result.exit_code == 1


async def test_what_happens_is_stored_once_and_told(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)
    session = await reach(sessions, session, SessionState.READY)
    pull = Fault(kind="disk.pull", node="st1", disk="vdb")

    told = await sessions.inject(session, pull)

    assert [each.kind for each in told.events] == ["fault.disk.pull"]
    log = await sessions.log(session)
    assert [each.n for each in log] == list(range(1, len(log) + 1))
    assert [each.kind for each in log][-1] == "fault.disk.pull"
    with pytest.raises(FaultNotAllowed):
        await sessions.inject(session, Fault(kind="power.off", node="st1"))


async def test_events_of_new_machines_go_on_counting(
    sessions: Sessions, keeper: Keeper, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)
    session = await reach(sessions, session, SessionState.READY)
    await logged(sessions, session, 2)
    await sessions.reset(session)
    session = await reach(sessions, session, SessionState.READY)

    log = await logged(sessions, session, 4)

    assert [each.n for each in log] == [1, 2, 3, 4]


async def test_orphans_are_removed_and_the_lost_are_named(
    sessions: Sessions, keeper: Keeper, driver: FakeDriver, ada: Person
) -> None:
    session = await sessions.create(ada.id, lab=LAB)
    session = await reach(sessions, session, SessionState.READY)
    orphan = replace(driver.started[0], name="nines-orphan")
    await driver.start(orphan, report=lambda _: None)

    await keeper.reap()
    assert list(driver.live) == [session.name]

    await driver.crash(session.name)
    await keeper.reap()
    lost = await sessions.get(session.id, person_id=ada.id)
    assert (lost.state, lost.reason) == (SessionState.FAILED, "sandbox_lost")


async def test_the_next_server_adopts_what_runs_and_starts_what_was_starting(
    sessions: Sessions, driver: FakeDriver, ada: Person, bob: Person
) -> None:
    async with Keeper(sessions=sessions).running():
        running = await sessions.create(ada.id, lab=LAB)
        running = await reach(sessions, running, SessionState.READY)
        driver.on_start = asyncio.Event().wait  # type: ignore[assignment]  # Never.
        starting = await sessions.create(bob.id, lab=LAB)
        await reach(sessions, starting, SessionState.STARTING)

    successor = FakeDriver(driver.engine)
    heir = Sessions(db=sessions.db, driver=successor, lab=sessions.lab)
    async with Keeper(sessions=heir).running():
        adopted = await heir.get(running.id, person_id=ada.id)
        assert adopted.state == SessionState.READY
        node = successor.node(adopted.name, "st1")
        assert (await node.run(["echo", "here"])).stdout == b"here\n"
        await reach(heir, starting, SessionState.READY)
        assert len(driver.live) == 2


async def test_an_engine_that_is_down_leaves_what_is_stopping_to_the_next_turn(
    sessions: Sessions,
    keeper: Keeper,
    driver: FakeDriver,
    ada: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nines.sandboxes.keeper.LOOK_EVERY", 0.05)
    session = await sessions.create(ada.id, lab=LAB)
    session = await reach(sessions, session, SessionState.READY)
    driver.broken = True

    await sessions.stop(session)
    await asyncio.sleep(0.2)
    stopping = await sessions.get(session.id, person_id=ada.id)
    assert stopping.state == SessionState.STOPPING

    driver.broken = False
    await reach(sessions, session, SessionState.STOPPED)
