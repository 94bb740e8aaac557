from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
from sqlalchemy import select

from labkit.manifest import LabFolder
from nines.accounts.models import Person
from nines.db import Database, utc_now
from nines.errors import NotFound
from nines.grading.models import Attempt, AttemptState, EvidenceBundle, Result
from nines.grading.schemas import AttemptRead
from nines.grading.service import (
    AttemptNotFound,
    AttemptRunning,
    Grading,
    StepNotFound,
)
from nines.sandboxes.driver import (
    CommandResult,
    DiskSpec,
    Fault,
    NodeSpec,
    SandboxSpec,
)
from nines.sandboxes.models import Session, SessionState
from nines.sandboxes.service import SessionNotReady, Sessions
from tests.fakes.driver import FakeDriver
from tests.fakes.lab import lab_with

pytestmark = pytest.mark.anyio

CHECKS = """
def easy(lab): pass
easy = made("easy", easy, points=2)

def asks(lab):
    require(lab.node("st1").output("say") == "yes", ja="いいえ", en="It says no.",
            hint=Text(ja="見て", en="look"))
asks = made("asks", asks, points=3)

def builds(lab): pass
builds = made("builds", builds, points=1, after=asks)

def fragile(lab):
    require(lab.node("st1").output("break") != "yes", ja="あ", en="a")
    if lab.node("st1").output("crash"): raise RuntimeError("oh")
fragile = made("fragile", fragile, points=4)
"""


@pytest.fixture
async def ada(db: Database) -> UUID:
    person = Person(name="ada", display_name="Ada", password="x")
    async with db.begin() as session:
        session.add(person)
    return person.id


@pytest.fixture
async def session(db: Database, driver: FakeDriver, ada: UUID) -> Session:
    """Ada's, with its sandbox running."""
    found = Session(
        person_id=ada,
        lab="ch09-test",
        state=SessionState.READY,
        generation=1,
        expires_at=utc_now() + timedelta(hours=1),
    )
    async with db.begin() as rows:
        rows.add(found)
    disks = (DiskSpec(name="vdb", size_mb=16),)
    spec = SandboxSpec(
        name=found.name, nodes=(NodeSpec(name="st1", profile="base", disks=disks),)
    )
    await driver.start(spec, report=lambda _: None)
    return found


@pytest.fixture
def lab(tmp_path: Path) -> LabFolder:
    return lab_with(tmp_path, CHECKS, "easy", "asks", "builds", "fragile")


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def made(
    db: Database, driver: FakeDriver, lab: LabFolder, told: list[dict[str, Any]]
) -> Grading:
    def find(slug: str) -> LabFolder:
        if slug != lab.slug:
            raise NotFound("There is no such lab.")
        return lab

    return Grading(
        db=db,
        driver=driver,
        sessions=Sessions(db=db, driver=driver, lab=find),
        lab=find,
        publish=lambda session, kind, data: told.append(data),
    )


@pytest.fixture
async def grading(made: Grading) -> AsyncIterator[Grading]:
    async with made.running():
        yield made


def say(driver: FakeDriver, **answers: str) -> None:
    driver.answers = {
        f"/bin/sh -c {command}": CommandResult(0, answer.encode())
        for command, answer in answers.items()
    }


async def checked(grading: Grading, session: Session, **how: Any) -> AttemptRead:
    attempt = await grading.start(session.id, person_id=session.person_id, **how)
    with anyio.fail_after(20):
        while attempt.state == AttemptState.RUNNING:
            await anyio.sleep(0.02)
            attempt = await grading.get(attempt.id, person_id=session.person_id)
    return attempt


async def test_an_attempt_tells_what_holds_and_what_does_not(
    grading: Grading, session: Session, told: list[dict[str, Any]]
) -> None:
    attempt = await checked(grading, session)

    assert attempt.state == "complete"
    assert (attempt.points, attempt.max_points) == (6, 10)
    assert {each.check: each.outcome for each in attempt.results} == {
        "easy": "passed",
        "asks": "failed",
        "builds": "skipped",
        "fragile": "passed",
    }
    failed = attempt.results[1]
    assert failed.message
    assert failed.hint
    assert (failed.message.ja, failed.hint.en) == ("いいえ", "look")
    kinds = [(each["kind"], each.get("result", {}).get("outcome")) for each in told]
    assert kinds == [
        ("started", None),
        ("result", "running"),
        ("result", "passed"),
        ("result", "running"),
        ("result", "failed"),
        ("result", "skipped"),
        ("result", "running"),
        ("result", "passed"),
        ("finished", None),
    ]
    assert told[-1]["attempt_body"]["points"] == 6


async def test_a_broken_check_counts_neither_for_nor_against(
    grading: Grading, session: Session, driver: FakeDriver, ada: UUID
) -> None:
    say(driver, say="yes", crash="yes")

    attempt = await checked(grading, session)

    assert (attempt.points, attempt.max_points) == (6, 6)
    [progress] = await grading.progress(ada)
    assert (progress.points, progress.max_points, progress.state) == (6, 6, "done")
    assert await grading.points(session.id) == 6
    [broken] = await grading.broken()
    assert broken.check == "fragile"
    assert "RuntimeError: oh" in broken.report
    assert (broken.lab, broken.student) == ("ch09-test", "Ada")


async def test_the_best_earlier_result_of_a_broken_check_stands(
    grading: Grading, session: Session, driver: FakeDriver, ada: UUID
) -> None:
    await checked(grading, session)
    say(driver, say="yes", crash="yes")
    await checked(grading, session)

    [progress] = await grading.progress(ada)

    assert (progress.points, progress.max_points, progress.share) == (10, 10, 1.0)


async def test_what_once_passed_stays(
    grading: Grading, session: Session, driver: FakeDriver, ada: UUID
) -> None:
    say(driver, say="yes")
    await checked(grading, session)
    say(driver, say="no")
    await checked(grading, session)

    [progress] = await grading.progress(ada)
    past = await grading.of_lab("ch09-test", person_id=ada)

    assert (progress.points, progress.state) == (10, "done")
    assert [each.points for each in past] == [6, 10]


async def test_evidence_holds_what_was_asked_and_answered(
    grading: Grading, session: Session, driver: FakeDriver, db: Database
) -> None:
    say(driver, say="maybe")

    attempt = await checked(grading, session)

    async with db() as rows:
        kept = await rows.get_one(EvidenceBundle, attempt.id)
    [asked] = [each for each in kept.bundle["asked"] if each["check"] == "asks"]
    assert asked["asked"]["command"] == ["/bin/sh", "-c", "say"]
    assert "maybe" in asked["answer"]


async def test_a_session_is_checked_once_at_a_time(
    grading: Grading, session: Session
) -> None:
    await grading.start(session.id, person_id=session.person_id)

    with pytest.raises(AttemptRunning):
        await grading.start(session.id, person_id=session.person_id)


async def test_a_step_must_exist_and_the_session_be_ready(
    grading: Grading, session: Session, db: Database
) -> None:
    with pytest.raises(StepNotFound):
        await checked(grading, session, step="nothing")
    async with db.begin() as rows:
        (await rows.get_one(Session, session.id)).state = SessionState.STARTING
    with pytest.raises(SessionNotReady):
        await checked(grading, session)


async def test_somebody_elses_attempt_is_not_found(
    grading: Grading, session: Session
) -> None:
    attempt = await checked(grading, session)

    with pytest.raises(AttemptNotFound):
        await grading.get(attempt.id, person_id=uuid4())


async def test_a_session_that_ends_interrupts_its_attempt(
    grading: Grading, session: Session, driver: FakeDriver, told: list[dict[str, Any]]
) -> None:
    await driver.crash(session.name)

    attempt = await checked(grading, session)

    assert attempt.state == "interrupted"
    assert [each.outcome for each in attempt.results] == ["passed"]
    assert told[-1]["kind"] == "interrupted"


async def test_a_server_that_stops_interrupts_what_it_was_checking(
    made: Grading, session: Session, ada: UUID
) -> None:
    async with AsyncExitStack() as server:
        await server.enter_async_context(made.running())
        attempt = await made.start(session.id, person_id=ada)
        await anyio.sleep(0.01)

    ended = await made.get(attempt.id, person_id=ada)
    assert ended.state == "interrupted"


async def test_a_new_server_mends_what_a_dead_one_broke(
    made: Grading, session: Session, driver: FakeDriver, db: Database, ada: UUID
) -> None:
    left = Attempt(
        session_id=session.id,
        person_id=ada,
        sandbox=session.name,
        lab="ch09-test",
        content_hash="",
        faults=[{"kind": "disk.pull", "node": "st1", "disk": "vdb"}],
    )
    async with db.begin() as rows:
        rows.add(left)
    await driver.inject(session.name, Fault(kind="disk.pull", node="st1", disk="vdb"))

    async with made.running():
        with anyio.fail_after(10):
            while True:
                [node] = await driver.nodes(session.name)
                async with db() as rows:
                    row = await rows.scalar(select(Attempt))
                assert row is not None
                if node.disks[0].present and not row.faults:
                    break
                await anyio.sleep(0.02)

    assert row.state == AttemptState.INTERRUPTED


REPAIRED = """
import time

def repair(lab):
    time.sleep(0.3)
    lab.node("st1").write("/etc/repaired", "yes")

def survives(lab): pass
survives = made("survives", survives, points=5,
                mode=UnderFault(Fault("disk.pull", "st1", "vdb"), repair=repair))

def is_repaired(lab):
    require(lab.node("st1").read("/etc/repaired"), ja="まだ", en="Not yet")
is_repaired = made("is_repaired", is_repaired, points=5)
"""


async def test_the_repair_a_dead_server_owes_is_done_before_the_next_check(
    made: Grading, session: Session, tmp_path: Path, db: Database, ada: UUID
) -> None:
    lab = lab_with(tmp_path / "2", REPAIRED, "survives", "is_repaired", disks=1)
    made.lab = lambda _: lab
    left = Attempt(
        session_id=session.id,
        person_id=ada,
        sandbox=session.name,
        lab=lab.slug,
        content_hash="",
        faults=[],
        owed="survives",
    )
    async with db.begin() as rows:
        rows.add(left)

    async with made.running():
        attempt = await checked(made, session, only="current")

    assert [each.outcome for each in attempt.results] == ["passed"]
    async with db() as rows:
        assert (await rows.get_one(Attempt, left.id)).owed is None


async def test_results_outlive_their_session(
    grading: Grading, session: Session, driver: FakeDriver, db: Database, ada: UUID
) -> None:
    await checked(grading, session)
    await driver.stop(session.name)
    async with db.begin() as rows:
        await rows.delete(await rows.get_one(Session, session.id))

    [attempt] = await grading.of_lab("ch09-test", person_id=ada)

    assert attempt.points == 6
    async with db() as rows:
        assert len((await rows.scalars(select(Result))).all()) == 4
