"""Attempts: one press of "check", graded in the background and kept for ever.

Each result is stored and told the moment it is known. What a checker breaks is noted
before it is broken, so that a server that dies leaves nothing broken behind.
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import anyio
from anyio.abc import TaskGroup
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from labkit.checks import Outcome
from labkit.facts import CheckFacts
from labkit.manifest import LabFolder
from labkit.order import selection
from labkit.text import Text
from nines.accounts.models import Person
from nines.catalog.exercises import ExerciseProgress
from nines.db import Database, utc_now
from nines.errors import Conflict, NotFound
from nines.grading.examination import CheckResult, Examination
from nines.grading.machines import Machines, SandboxGone, fault_in
from nines.grading.models import Attempt, AttemptState, EvidenceBundle, Result
from nines.grading.schemas import AttemptRead, BrokenRead, ResultRead
from nines.grading.standing import standing
from nines.sandboxes.driver import Fault, SandboxDriver
from nines.sandboxes.service import Sessions

logger = logging.getLogger(__name__)

MENDING_SECONDS = 300.0
BROKEN_SHOWN = 200
AT_ONCE = 32
"""Checkers running at the same time; they mostly wait. Further attempts queue."""


class AttemptNotFound(NotFound):
    pass


class StepNotFound(NotFound):
    pass


class AttemptRunning(Conflict):
    pass


Publish = Callable[[UUID, str, dict[str, Any]], None]


@dataclass(kw_only=True)
class Grading:
    """`publish(session, kind, data)` tells whoever looks at that session."""

    db: Database
    driver: SandboxDriver
    sessions: Sessions
    lab: Callable[[str], LabFolder]
    publish: Publish
    now: Callable[[], datetime] = utc_now
    _tasks: TaskGroup | None = field(default=None, init=False)
    _places: anyio.CapacityLimiter | None = field(default=None, init=False)
    _looking_at: dict[UUID, ResultRead] = field(default_factory=dict, init=False)
    _mending: dict[str, anyio.Event] = field(default_factory=dict, init=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Attempts run inside; leaving interrupts them, with everything mended."""
        async with anyio.create_task_group() as tasks:
            self._tasks, self._places = tasks, anyio.CapacityLimiter(AT_ONCE)
            for sandbox, attempts in (await self._left_by_a_dead_server()).items():
                self._mending[sandbox] = anyio.Event()
                tasks.start_soon(self._mend, sandbox, attempts)
            yield
            tasks.cancel_scope.cancel()

    async def start(
        self,
        session_id: UUID,
        *,
        person_id: UUID,
        step: str | None = None,
        only: Literal["current"] | None = None,
    ) -> AttemptRead:
        """Begin to check the whole lab or one step; results follow on the stream."""
        session = await self.sessions.usable(session_id, person_id=person_id)
        lab = self.lab(session.lab)
        checks = _chosen(lab, step, current_only=only == "current")
        attempt = Attempt(
            session_id=session_id,
            person_id=person_id,
            sandbox=session.name,
            lab=lab.slug,
            content_hash=lab.content_hash,
            step=step,
            max_points=sum(each.points for each in checks),
            faults=[],
            started_at=self.now(),
        )
        try:
            async with self.db.begin() as db:
                db.add(attempt)
        except IntegrityError as error:  # The one constraint a new row can break.
            raise AttemptRunning("This session is being checked already.") from error
        body = AttemptRead.of(attempt, [])
        self._tell(attempt, "started", attempt_body=body.model_dump(mode="json"))
        if self._tasks is None:
            raise RuntimeError("Attempts run only inside `running()`.")
        self._tasks.start_soon(self._examine, attempt, lab, checks)
        return body

    async def get(self, attempt_id: UUID, *, person_id: UUID) -> AttemptRead:
        async with self.db() as db:
            attempt = await db.get(Attempt, attempt_id)
        if attempt is None or attempt.person_id != person_id:
            raise AttemptNotFound("There is no such attempt.")
        return (await self._with_results([attempt]))[0]

    async def of_session(
        self, session_id: UUID, *, person_id: UUID
    ) -> list[AttemptRead]:
        """Newest first."""
        await self.sessions.get(session_id, person_id=person_id)
        return await self._find(Attempt.session_id == session_id)

    async def of_lab(self, lab: str, *, person_id: UUID) -> list[AttemptRead]:
        """Newest first, over all sessions, those long gone included."""
        return await self._find(Attempt.lab == lab, Attempt.person_id == person_id)

    async def points(self, session_id: UUID) -> int | None:
        """What has been earned in this session; None before the first attempt."""
        passed = (
            select(Result.check, func.max(Result.points))
            .join(Attempt, Attempt.id == Result.attempt_id)
            .where(Attempt.session_id == session_id, Result.outcome == Outcome.PASSED)
            .group_by(Result.check)
        )
        tried = select(Attempt.id).where(Attempt.session_id == session_id).limit(1)
        async with self.db() as db:
            if await db.scalar(tried) is None:
                return None
            return sum(points for _, points in await db.execute(passed))

    async def broken(self) -> list[BrokenRead]:
        """The latest checks that failed by themselves, for their authors."""
        query = (
            select(Attempt, Result, Person.display_name)
            .join(Result, Result.attempt_id == Attempt.id)
            .join(Person, Person.id == Attempt.person_id)
            .where(Result.outcome == Outcome.BROKEN)
            .order_by(Result.at.desc())
            .limit(BROKEN_SHOWN)
        )
        async with self.db() as db:
            rows = (await db.execute(query)).all()
        return [
            BrokenRead(
                attempt=attempt.id,
                lab=attempt.lab,
                check=result.check,
                report=result.report,
                at=result.at,
                student=student,
            )
            for attempt, result, student in rows
        ]

    async def progress(self, person_id: UUID) -> Sequence[ExerciseProgress]:
        """The best of every check over all attempts, for each lab still there."""
        return await standing(self.db, person_id, self.lab)

    async def _examine(
        self, attempt: Attempt, lab: LabFolder, checks: list[CheckFacts]
    ) -> None:
        assert self._places, "Attempts run only inside `running()`."
        machines = self._machines(attempt, lab)
        places = {each.name: place for place, each in enumerate(lab.checks)}
        state = AttemptState.INTERRUPTED

        async def began(check: CheckFacts) -> None:
            self._looking_at[attempt.id] = _being_looked_at(check)
            self._tell_result(attempt, self._looking_at[attempt.id])

        async def settled(found: CheckResult) -> None:
            self._looking_at.pop(attempt.id, None)
            result = _row(attempt, found, places[found.check], self.now())
            async with self.db.begin() as db:
                db.add(result)
            self._tell_result(attempt, ResultRead.of(result))
            if found.outcome is Outcome.BROKEN:
                logger.error(
                    "check broken",
                    extra={"lab": lab.slug, "check": found.check, "why": found.report},
                )

        try:
            async with self._places:
                if mended := self._mending.get(attempt.sandbox):
                    await mended.wait()
                await Examination(lab=lab, machines=machines).run(
                    checks, began=began, settled=settled
                )
            state = AttemptState.COMPLETE
        except SandboxGone:
            logger.info("session ended in a check", extra={"attempt": str(attempt.id)})
        except Exception:  # Ours, not the checker's: it must not end the others.
            logger.exception("attempt failed", extra={"attempt": str(attempt.id)})
        finally:
            self._looking_at.pop(attempt.id, None)
            with anyio.CancelScope(shield=True):
                bundle = machines.evidence.bundle(content_hash=lab.content_hash)
                await self._finish(attempt, state, bundle)

    async def _finish(
        self, attempt: Attempt, state: AttemptState, bundle: dict[str, Any]
    ) -> None:
        async with self.db.begin() as db:
            row = await db.get_one(Attempt, attempt.id)
            results = (
                await db.scalars(select(Result).where(Result.attempt_id == attempt.id))
            ).all()
            row.state = state
            row.finished_at = self.now()
            row.points = _sum(results, Outcome.PASSED)
            # What the platform got wrong counts neither for nor against.
            row.max_points -= _sum(results, Outcome.BROKEN)
            db.add(EvidenceBundle(attempt_id=attempt.id, bundle=bundle))
        body = (await self._with_results([row]))[0].model_dump(mode="json")
        kind = "finished" if state is AttemptState.COMPLETE else "interrupted"
        self._tell(row, kind, attempt_body=body)

    async def _left_by_a_dead_server(self) -> dict[str, list[Attempt]]:
        """Interrupt what cannot go on; by sandbox, who has left something broken."""
        async with self.db.begin() as db:
            query = select(Attempt).where(Attempt.state == AttemptState.RUNNING)
            running = (await db.scalars(query)).all()
            for attempt in running:
                attempt.state = AttemptState.INTERRUPTED
                attempt.finished_at = self.now()
            left = (
                await db.scalars(
                    select(Attempt).where(Attempt.state != AttemptState.COMPLETE)
                )
            ).all()
        broke: dict[str, list[Attempt]] = {}
        for attempt in left:
            if attempt.faults or attempt.owed:
                broke.setdefault(attempt.sandbox, []).append(attempt)
        return broke

    async def _mend(self, sandbox: str, attempts: Sequence[Attempt]) -> None:
        """Whoever wants this session checked meanwhile, waits."""
        for attempt in attempts:
            try:
                lab = self.lab(attempt.lab)
                machines = self._machines(attempt, lab)
                with anyio.move_on_after(MENDING_SECONDS):
                    await Examination(lab=lab, machines=machines).mend()
            except SandboxGone:
                await self._remember(attempt, [], None)  # Gone with its sandbox.
            except Exception:
                logger.exception("not mended", extra={"sandbox": sandbox})
        self._mending.pop(sandbox).set()

    def _machines(self, attempt: Attempt, lab: LabFolder) -> Machines:
        return Machines(
            driver=self.driver,
            sandbox=attempt.sandbox,
            nodes=tuple(node.name for node in lab.manifest.nodes),
            remember=lambda faults, owed: self._remember(attempt, faults, owed),
            in_force=[fault_in(each) for each in attempt.faults],
            owed=attempt.owed,
        )

    async def _remember(
        self, attempt: Attempt, faults: Sequence[Fault], owed: str | None
    ) -> None:
        async with self.db.begin() as db:
            row = await db.get_one(Attempt, attempt.id)
            row.faults = [asdict(fault) for fault in faults]
            row.owed = owed

    async def _find(self, *which: Any) -> list[AttemptRead]:
        query = select(Attempt).where(*which).order_by(Attempt.started_at.desc())
        async with self.db() as db:
            attempts = (await db.scalars(query)).all()
        return await self._with_results(attempts)

    async def _with_results(self, attempts: Sequence[Attempt]) -> list[AttemptRead]:
        query = (
            select(Result)
            .where(Result.attempt_id.in_([each.id for each in attempts]))
            .order_by(Result.place)
        )
        async with self.db() as db:
            results = (await db.scalars(query)).all()
        found = []
        for attempt in attempts:
            mine = [each for each in results if each.attempt_id == attempt.id]
            body = AttemptRead.of(attempt, mine)
            if attempt.state == AttemptState.RUNNING:
                body.points = _sum(mine, Outcome.PASSED)
                if attempt.id in self._looking_at:
                    body.results.append(self._looking_at[attempt.id])
            found.append(body)
        return found

    def _tell_result(self, attempt: Attempt, result: ResultRead) -> None:
        self._tell(attempt, "result", result=result.model_dump(mode="json"))

    def _tell(self, attempt: Attempt, kind: str, **details: Any) -> None:
        about = {"attempt": str(attempt.id), "kind": kind}
        self.publish(attempt.session_id, "grading", {**about, **details})


def _chosen(
    lab: LabFolder, step: str | None, *, current_only: bool
) -> list[CheckFacts]:
    steps = [each for each in lab.manifest.steps if step is None or each.id == step]
    if not steps:
        raise StepNotFound("This lab has no such step.")
    names = [name for each in steps for name in each.checks]
    return selection(lab.checks, names, current_only=current_only)


def _being_looked_at(check: CheckFacts) -> ResultRead:
    return ResultRead(
        check=check.name,
        outcome="running",
        points=0,
        max_points=check.points,
        message=None,
        hint=None,
        seconds=0,
    )


def _row(attempt: Attempt, found: CheckResult, place: int, at: datetime) -> Result:
    return Result(
        attempt_id=attempt.id,
        place=place,
        check=found.check,
        outcome=found.outcome,
        points=found.points,
        message=_both(found.message),
        hint=_both(found.hint),
        report=found.report,
        seconds=found.seconds,
        at=at,
    )


def _both(text: Text | None) -> dict[str, str] | None:
    return {"ja": text.ja, "en": text.en} if text else None


def _sum(results: Sequence[Result], outcome: Outcome) -> int:
    return sum(each.points for each in results if each.outcome == outcome)
