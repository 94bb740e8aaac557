"""Sessions as a person sees them: asked for, looked at, broken, ended.

The database says what should exist; `keeper.py` makes the driver agree. So nothing
here waits for a start or a stop.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from labkit.manifest import LabFolder
from labkit.meter import OBSERVER
from nines.catalog.exercises import ExerciseProgress
from nines.db import Database, utc_now
from nines.errors import Conflict, Forbidden, NotFound, Unavailable
from nines.sandboxes.driver import (
    Fault,
    NodeUnreachable,
    Phase,
    SandboxDriver,
    SandboxSpec,
    SandboxUnavailable,
    Terminal,
)
from nines.sandboxes.hub import Hub
from nines.sandboxes.lab_spec import expected_nodes, expected_segments, sandbox_spec
from nines.sandboxes.models import (
    LIVE,
    USABLE,
    Session,
    SessionEvent,
    SessionState,
)
from nines.sandboxes.schemas import (
    FaultRead,
    Happened,
    NodeRead,
    Reason,
    SegmentRead,
    SessionRead,
    TerminalRead,
)

EXPIRING_FOR = timedelta(minutes=2)
LONGEST_QUEUE = 100
FAULT_SEEN_WITHIN = 1.0
LOG_AT_MOST = 1000


class SessionNotFound(NotFound):
    pass


class NodeNotFound(NotFound):
    pass


class SessionAlreadyLive(Conflict):
    def __init__(self, live: Session) -> None:
        super().__init__("You have a lab running already. End it first.")
        self.params = {"id": str(live.id), "lab": live.lab}


class SessionNotReady(Conflict):
    pass


class NoExtensionsLeft(Conflict):
    pass


class FaultNotAllowed(Forbidden):
    pass


class NoRoom(Unavailable):
    pass


@dataclass(kw_only=True)
class Sessions:
    db: Database
    driver: SandboxDriver
    lab: Callable[[str], LabFolder]
    hub: Hub = field(default_factory=Hub)
    length: timedelta = timedelta(minutes=60)
    extension: timedelta = timedelta(minutes=30)
    max_extensions: int = 4
    per_student: int = 1
    points: Callable[[UUID], Awaitable[int | None]] | None = None  # Of a session.
    now: Callable[[], datetime] = utc_now
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # For the keeper.
    phases: dict[UUID, Phase] = field(default_factory=dict)  # Of starts going on.
    left: set[str] = field(default_factory=set)  # Sandboxes to end, by name.

    async def create(self, person_id: UUID, *, lab: str) -> Session:
        """Ask for a session; it starts when there is room."""
        self.lab(lab)
        now = self.now()
        async with self.db() as db:
            live = list(
                await db.scalars(
                    select(Session)
                    .where(Session.person_id == person_id, Session.state.in_(LIVE))
                    .order_by(Session.created_at)
                )
            )
            queued = await db.scalar(
                select(func.count()).where(Session.state == SessionState.QUEUED)
            )
        free = sorted(set(range(self.per_student)) - {each.place for each in live})
        if not free or len(live) >= self.per_student:
            raise SessionAlreadyLive(live[0])
        if (queued or 0) >= LONGEST_QUEUE:
            raise NoRoom("Too many people are waiting for a lab. Try again later.")
        session = Session(
            person_id=person_id,
            lab=lab,
            place=free[0],
            state=SessionState.QUEUED,
            created_at=now,
            queued_at=now,
            expires_at=now + self.length,
        )
        try:
            async with self.db.begin() as db:
                db.add(session)
        except IntegrityError as error:  # Two requests at once wanted the same place.
            other = await self.live(person_id)
            if other is None:
                raise
            raise SessionAlreadyLive(other) from error
        self.changed.set()
        return session

    async def get(self, session_id: UUID, *, person_id: UUID) -> Session:
        """Somebody else's session is not found."""
        async with self.db() as db:
            session = await db.get(Session, session_id)
        if session is None or session.person_id != person_id:
            raise SessionNotFound("There is no such session.")
        return session

    async def live(self, person_id: UUID) -> Session | None:
        """The latest, where a person may have several."""
        mine = select(Session).where(
            Session.person_id == person_id, Session.state.in_(LIVE)
        )
        async with self.db() as db:
            return await db.scalar(mine.order_by(Session.created_at.desc()).limit(1))

    async def usable(self, session_id: UUID, *, person_id: UUID) -> Session:
        session = await self.get(session_id, person_id=person_id)
        if not session.is_usable:
            raise SessionNotReady("The machines of this session are not ready.")
        return session

    async def extend(self, session: Session) -> Session:
        more = (
            update(Session)
            .where(
                Session.id == session.id,
                Session.state.in_(USABLE),
                Session.extensions == session.extensions,
                Session.extensions < self.max_extensions,
            )
            .values(
                extensions=session.extensions + 1,
                expires_at=session.expires_at + self.extension,
                state=SessionState.READY,
            )
            .returning(Session)
        )
        async with self.db.begin() as db:
            extended = await db.scalar(more)
        if extended is None:
            if not session.is_usable:
                raise SessionNotReady("Only a running session can be extended.")
            raise NoExtensionsLeft("This session cannot be extended any more.")
        self._tell(session.id)
        return extended

    async def reset(self, session: Session) -> Session:
        """New machines under the same id; those there are go at once.

        It keeps its place before everybody who waits: the room it leaves is its own.
        """
        again = await self.move(
            session,
            USABLE,
            state=SessionState.QUEUED,
            generation=session.generation + 1,
        )
        if again is None:
            raise SessionNotReady("Only a running session can be reset.")
        self.left.add(session.name)
        self.changed.set()
        return again

    async def stop(self, session: Session) -> None:
        """Stopping what has ended is fine."""
        await self.move(session, LIVE, state=SessionState.STOPPING)

    async def inject(self, session: Session, fault: Fault) -> FaultRead:
        """Break or mend something, if the lab lets its students do that."""
        if fault.kind not in self.lab(session.lab).manifest.faults.allowed:
            raise FaultNotAllowed("This lab does not let you do that.")
        if OBSERVER in (fault.node, fault.peer):
            raise NodeNotFound("This lab has no such machine.")
        with self.hub.listen(session.id) as listener:
            await self.driver.inject(session.name, fault)
            try:
                async with asyncio.timeout(FAULT_SEEN_WITHIN):
                    async for told in listener:
                        if tells_of(told.data, fault):
                            return FaultRead(
                                events=[Happened.model_validate(told.data)]
                            )
            except TimeoutError:
                pass  # It happened; the stream tells it a moment later.
        return FaultRead(events=[])

    async def log(self, session: Session, *, after: int = 0) -> list[Happened]:
        mine = (
            select(SessionEvent)
            .where(SessionEvent.session_id == session.id, SessionEvent.n > after)
            .order_by(SessionEvent.n.desc())
            .limit(LOG_AT_MOST)
        )
        async with self.db() as db:
            return [Happened.of(each) for each in await db.scalars(mine)][::-1]

    async def show(self, session: Session) -> SessionRead:
        now = self.now()
        left = max(0, round((session.expires_at - now).total_seconds()))
        phase = self.phases.get(session.id)
        if session.state == SessionState.READY:
            phase = Phase.READY
        nodes, segments = await self._machines(session)
        return SessionRead(
            id=session.id,
            lab=session.lab,
            state=SessionState(session.state),
            phase=phase if session.state in LIVE else None,
            place=await self._place(session),
            reason=(
                Reason(code=session.reason, detail=session.detail or "")
                if session.reason
                else None
            ),
            created_at=session.created_at,
            ready_at=session.ready_at,
            expires_at=session.expires_at,
            extensions_left=max(0, self.max_extensions - session.extensions),
            seconds_left=left if session.is_usable else 0,
            server_time=now,
            nodes=nodes,
            segments=segments,
            points=await self.points(session.id) if self.points else None,
        )

    async def follow(
        self, session: Session, *, after: int | None
    ) -> AsyncIterator[tuple[str, Any, int | None]]:
        """What to tell a browser, as (event, data, id); begins with how things are."""
        with self.hub.listen(session.id) as listener:
            yield "session", await self.show(session), None
            seen = after or 0
            if after is not None:
                for happened in await self.log(session, after=after):
                    seen = happened.n
                    yield "happened", happened, seen
            async for told in listener:
                if told.kind == "session":
                    now = await self.get(session.id, person_id=session.person_id)
                    yield "session", await self.show(now), None
                elif told.kind == "happened":
                    if told.data["n"] > seen:
                        seen = told.data["n"]
                        yield "happened", told.data, seen
                else:
                    yield told.kind, told.data, None

    def open_terminal(
        self,
        session: Session,
        node: str,
        terminal: str,
        *,
        rows: int,
        columns: int,
        after: int | None,
    ) -> AbstractAsyncContextManager[Terminal]:
        if node not in {each.name for each in self.lab(session.lab).manifest.nodes}:
            raise NodeNotFound("This lab has no such machine.")
        return self.driver.node(session.name, node).open_terminal(
            terminal, rows=rows, columns=columns, after=after
        )

    async def terminals(self, session: Session) -> list[TerminalRead]:
        listed = await self.driver.terminals(session.name)
        return [TerminalRead.of(each) for each in listed]

    async def close_terminal(self, session: Session, terminal: str) -> None:
        for each in await self.driver.terminals(session.name):
            if each.terminal == terminal:
                node = self.driver.node(session.name, each.node)
                await node.close_terminal(terminal)

    async def progress(self, person_id: UUID) -> list[ExerciseProgress]:
        """A source of Progress: what has been started, and what is live."""
        mine = select(Session).where(Session.person_id == person_id)
        found: dict[str, ExerciseProgress] = {}
        async with self.db() as db:
            for each in await db.scalars(mine.order_by(Session.created_at)):
                live = each.id if each.state in LIVE else None
                found[each.lab] = ExerciseProgress(
                    slug=each.lab, state="started", session=live, at=each.created_at
                )
        return list(found.values())

    def spec(self, session: Session) -> SandboxSpec:
        return sandbox_spec(self.lab(session.lab), session.name)

    async def move(
        self, session: Session, states: Iterable[SessionState], **values: Any
    ) -> Session | None:
        """Change this generation if it is in one of `states`: whoever is first, wins.

        Tells everyone who looks, and wakes the keeper.
        """
        change = (
            update(Session)
            .where(
                Session.id == session.id,
                Session.generation == session.generation,
                Session.state.in_(states),
            )
            .values(**values)
            .returning(Session)
        )
        # Short, and called where work is cancelled: a connection cut off in the middle
        # is a lost one.
        with anyio.CancelScope(shield=True):
            async with self.db.begin() as db:
                moved = await db.scalar(change)
        if moved is not None:
            self.changed.set()
            self._tell(session.id)
        return moved

    def _tell(self, session_id: UUID) -> None:
        self.hub.publish(session_id, "session")

    async def _place(self, session: Session) -> int | None:
        if session.state != SessionState.QUEUED:
            return None
        before = select(func.count()).where(
            Session.state == SessionState.QUEUED, Session.queued_at < session.queued_at
        )
        async with self.db() as db:
            return 1 + (await db.scalar(before) or 0)

    async def _machines(
        self, session: Session
    ) -> tuple[list[NodeRead], list[SegmentRead]]:
        try:
            manifest = self.lab(session.lab).manifest
        except NotFound:  # The lab is not in the catalogue any more.
            return [], []
        nodes = expected_nodes(manifest, live=session.state in LIVE)
        segments = expected_segments(manifest)
        if session.is_usable:
            with suppress(NodeUnreachable, SandboxUnavailable):
                nodes = await self.driver.nodes(session.name)
                segments = await self.driver.segments(session.name)
        subnets = {each.name: each.subnet for each in manifest.segments}
        return (
            [
                NodeRead.of(each, manifest.addresses_of(each.name))
                for each in nodes
                if each.name != OBSERVER
            ],
            [SegmentRead.of(each, subnets.get(each.name)) for each in segments],
        )


def tells_of(event: Mapping[str, Any], fault: Fault) -> bool:
    """Whether what happened is this fault, and not one somebody else made just now."""
    kind = "reset" if fault.kind == "power.reset" else fault.kind
    about = {"kind": f"fault.{kind}", "node": fault.node}
    if fault.segment is not None:
        about["segment"] = fault.segment
    return all(event.get(key) == value for key, value in about.items())
