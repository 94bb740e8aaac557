"""Makes the driver agree with the database: starts, ends, watches and reaps.

Everything here runs in the background of the one server process. A crash at any line
is repaired by the next start: what was starting is queued again under a new name, what
runs is adopted, what nobody knows is removed.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
from anyio.abc import TaskGroup
from sqlalchemy import func, select

from labkit.meter import OBSERVER
from nines.errors import AppError
from nines.sandboxes.driver import Event, NodeUnreachable, Phase, SandboxFull
from nines.sandboxes.models import (
    HOLDING,
    LIVE,
    USABLE,
    Session,
    SessionEvent,
    SessionState,
)
from nines.sandboxes.schemas import Happened
from nines.sandboxes.service import EXPIRING_FOR, Sessions

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0
REAP_EVERY = 60.0
NODE_CHANGES = ("node.", "agent.", "fault.")


def starts_at_once() -> int:
    """A restored machine keeps a core busy while it settles: more starts at a time
    would make everyone wait, the first student too."""
    return max(1, (os.cpu_count() or 1) // 2)


@dataclass(kw_only=True)
class Keeper:
    sessions: Sessions
    at_once: int = field(default_factory=starts_at_once)
    _starts: dict[str, anyio.CancelScope] = field(default_factory=dict)
    _watches: dict[str, anyio.CancelScope] = field(default_factory=dict)
    _ends: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.sessions.driver.close)
            await stack.enter_async_context(self.sessions.hub.closing_on_signals())
            await self.recover()
            tasks = await stack.enter_async_context(anyio.create_task_group())
            tasks.start_soon(self._look_often, tasks)
            tasks.start_soon(self._reap_often)
            yield
            self.sessions.hub.close()
            tasks.cancel_scope.cancel()

    async def recover(self) -> None:
        """What a dead server was starting is queued again, in its old place."""
        for session in await self._find(SessionState.STARTING):
            await self.sessions.move(
                session,
                [SessionState.STARTING],
                state=SessionState.QUEUED,
                generation=session.generation + 1,
            )

    async def reap(self) -> None:
        """Remove what the database does not know; say what has died by itself."""
        driver = self.sessions.driver
        # Looked up first: what starts after this line cannot be taken for an orphan.
        present = await driver.names()
        holding = await self._find(*HOLDING)
        wanted = {session.name for session in holding}
        for name in present - wanted - set(self._starts) - self._ends:
            logger.info("orphan removed", extra={"sandbox": name})
            await driver.stop(name)
        for session in holding:
            if session.is_usable and not await driver.is_running(session.name):
                logger.error("sandbox lost", extra={"sandbox": session.name})
                await self._fail(session, "sandbox_lost", "The machines have stopped.")

    async def look(self, tasks: TaskGroup) -> None:
        """One turn: end what is over, start what fits, watch what runs."""
        await self._expire()
        for session in await self._find(SessionState.STOPPING):
            if session.name not in self._ends:
                self._ends.add(session.name)
                tasks.start_soon(self._end, session)
        while self.sessions.left:
            name = self.sessions.left.pop()
            self._ends.add(name)
            tasks.start_soon(self._discard, name)
        await self._admit(tasks)
        usable = {session.name: session for session in await self._find(*USABLE)}
        for name in set(self._watches) - set(usable):
            self._watches[name].cancel()
        for name in set(usable) - set(self._watches):
            self._watches[name] = anyio.CancelScope()
            tasks.start_soon(self._watch, usable[name])

    async def _look_often(self, tasks: TaskGroup) -> None:
        changed = self.sessions.changed
        while True:
            changed.clear()
            try:
                await self.look(tasks)
            except Exception:  # One bad turn must not end the loop.
                logger.exception("session turn failed")
            with anyio.move_on_after(LOOK_EVERY):
                await changed.wait()

    async def _reap_often(self) -> None:
        while True:
            try:
                await self.reap()
            except AppError as error:  # The engine is down: the next turn looks again.
                logger.error("reap failed", extra={"error": str(error)})
            except Exception:  # One bad turn must not end the loop.
                logger.exception("reap failed")
            await anyio.sleep(REAP_EVERY)

    async def _expire(self) -> None:
        now = self.sessions.now()
        for session in await self._find(*USABLE):
            if session.expires_at <= now:
                await self.sessions.move(session, USABLE, state=SessionState.STOPPING)
            elif session.expires_at - now <= EXPIRING_FOR:
                await self.sessions.move(
                    session, [SessionState.READY], state=SessionState.EXPIRING
                )

    async def _admit(self, tasks: TaskGroup) -> None:
        """In order: who does not fit now is waited for, not overtaken."""
        for session in await self._find(SessionState.QUEUED):
            if len(self._starts) >= self.at_once:
                return
            try:
                # Reads the lab's files, a few small ones.
                spec = self.sessions.spec(session)
                if not await self.sessions.driver.room(spec):
                    return
            except SandboxFull as error:
                await self._fail(session, "does_not_fit", str(error))
                continue
            except AppError as error:
                await self._fail(session, error.code, str(error))
                continue
            started = await self.sessions.move(
                session, [SessionState.QUEUED], state=SessionState.STARTING
            )
            if started:
                self._starts[started.name] = anyio.CancelScope()
                tasks.start_soon(self._start, started)
            for waiting in await self._find(SessionState.QUEUED):
                self.sessions.hub.publish(waiting.id, "session")

    async def _start(self, session: Session) -> None:
        def report(phase: Phase) -> None:
            self.sessions.phases[session.id] = phase
            self.sessions.hub.publish(session.id, "session")

        began = anyio.current_time()
        try:
            with self._starts[session.name]:
                spec = self.sessions.spec(session)
                await self.sessions.driver.start(spec, report=report)
                await self._is_ready(session, anyio.current_time() - began)
        except AppError as error:
            logger.error(
                "start failed", extra={"sandbox": session.name, "error": str(error)}
            )
            await self._fail(session, error.code, str(error))
        except Exception:  # A bug must not leave a session starting for ever.
            logger.exception("start failed", extra={"sandbox": session.name})
            await self._fail(session, "internal", "The lab could not be started.")
        finally:
            del self._starts[session.name]
            self.sessions.phases.pop(session.id, None)
            self.sessions.changed.set()

    async def _is_ready(self, session: Session, seconds: float) -> None:
        now = self.sessions.now()
        moved = await self.sessions.move(
            session,
            [SessionState.STARTING],
            state=SessionState.READY,
            ready_at=session.ready_at or now,
            # The time begins when the machines are there, and a reset wins none.
            expires_at=(
                session.expires_at if session.ready_at else now + self.sessions.length
            ),
        )
        facts = {"sandbox": session.name, "seconds": round(seconds, 3)}
        if moved:
            logger.info("sandbox ready", extra=facts)
        else:  # It was stopped meanwhile.
            await self.sessions.driver.stop(session.name)

    async def _end(self, session: Session) -> None:
        try:
            if start := self._starts.get(session.name):
                start.cancel()
            await self.sessions.driver.stop(session.name)
            await self.sessions.move(
                session,
                [SessionState.STOPPING],
                state=SessionState.STOPPED,
                ended_at=self.sessions.now(),
            )
        except AppError as error:  # Stays `stopping`: the next turn tries again.
            facts = {"sandbox": session.name, "error": str(error)}
            logger.error("stop failed", extra=facts)
            await anyio.sleep(LOOK_EVERY)
        finally:
            self._ends.discard(session.name)

    async def _discard(self, name: str) -> None:
        """End the machines from before a reset: they hold memory the new ones may
        need, and may be what the student wanted to be rid of."""
        try:
            await self.sessions.driver.stop(name)
        except AppError as error:  # `reap` finds it again.
            facts = {"sandbox": name, "error": str(error)}
            logger.error("stop failed", extra=facts)
        finally:
            self._ends.discard(name)
            self.sessions.changed.set()

    async def _fail(self, session: Session, code: str, detail: str) -> None:
        await self.sessions.move(
            session,
            LIVE,
            state=SessionState.FAILED,
            reason=code,
            detail=detail[:500],
            ended_at=self.sessions.now(),
        )

    async def _watch(self, session: Session) -> None:
        """Store what happens in the sandbox, each thing once, and tell it."""
        try:
            with self._watches[session.name]:
                while True:
                    try:
                        await self._store_events(session)
                    except NodeUnreachable:
                        pass
                    except Exception:  # What is told twice is stored once.
                        logger.exception("watch", extra={"sandbox": session.name})
                    await anyio.sleep(1)
        finally:
            del self._watches[session.name]

    async def _store_events(self, session: Session) -> None:
        n, after = await self._stored(session)
        async for event in self.sessions.driver.events(session.name, after=after):
            if event.node == OBSERVER:
                continue
            n += 1
            row = row_of(session, n, event)
            with anyio.CancelScope(shield=True):
                async with self.sessions.db.begin() as db:
                    db.add(row)
            told = Happened.of(row).model_dump(mode="json")
            self.sessions.hub.publish(session.id, "happened", told)
            if event.kind.startswith(NODE_CHANGES):
                self.sessions.hub.publish(session.id, "session")

    async def _stored(self, session: Session) -> tuple[int, int]:
        """The last event's number in the session, and in its sandbox."""
        mine = SessionEvent.session_id == session.id
        this = SessionEvent.generation == session.generation
        with anyio.CancelScope(shield=True):
            async with self.sessions.db() as db:
                n = await db.scalar(select(func.max(SessionEvent.n)).where(mine))
                stored = select(func.max(SessionEvent.sandbox_n)).where(mine, this)
                after = await db.scalar(stored)
        return n or 0, after or 0

    async def _find(self, *states: SessionState) -> list[Session]:
        chosen = select(Session).where(Session.state.in_(states))
        with anyio.CancelScope(shield=True):
            async with self.sessions.db() as db:
                found = await db.scalars(chosen.order_by(Session.queued_at))
        return list(found)


def row_of(session: Session, n: int, event: Event) -> SessionEvent:
    # A sandbox's clock is a stranger's word: any moment that exists will do.
    try:
        moment = datetime.fromtimestamp(event.time, UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return SessionEvent(
        session_id=session.id,
        n=n,
        generation=session.generation,
        sandbox_n=event.n,
        at=event.at,
        time=moment,
        kind=event.kind,
        node=event.node,
        disk=event.disk,
        nic=event.nic,
        segment=event.segment,
        peer=event.peer,
        terminal=event.terminal,
        detail=event.detail,
    )
