"""The meter: an observer's answers become up and down, figures and comparisons.

One task per running session reads its observer once a second. The observer keeps its
results for half an hour and more, so a server that was away loses nothing.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import anyio
from anyio.abc import TaskGroup
from sqlalchemy import select

from labkit.manifest import LabFolder
from labkit.meter import OBSERVER, Meter
from nines.db import Database
from nines.errors import AppError, Invalid, NotFound
from nines.meter.models import MeterPrediction
from nines.meter.observer import WHOLE_ANSWER, NothingRead, Observer
from nines.meter.records import Record, begin, forget, keep, load
from nines.meter.schemas import MeterRead, PredictionCreate
from nines.meter.view import table, tick, whole
from nines.sandboxes.models import USABLE, Session
from nines.sandboxes.service import Sessions

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
READ_EVERY = 1.0
FIRST_READINGS = 5
"""A new observer's clock is read so often before its stamps are believed."""
PREDICTIONS_AT_MOST = 50


class NoMeter(NotFound):
    pass


class ProbeNotFound(NotFound):
    pass


class TimerNotFound(NotFound):
    pass


class TooManyPredictions(Invalid):
    pass


@dataclass(kw_only=True)
class Meters:
    """`publish(session, kind, data)` tells whoever looks at that session."""

    db: Database
    sessions: Sessions
    lab: Callable[[str], LabFolder]
    publish: Callable[[UUID, str, dict[str, Any]], None]
    now: Callable[[], float] = time.time
    look_every: float = LOOK_EVERY
    read_every: float = READ_EVERY
    _records: dict[UUID, Record] = field(default_factory=dict, init=False)
    _watches: dict[str, anyio.CancelScope] = field(default_factory=dict, init=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._look_often, tasks)
            yield
            tasks.cancel_scope.cancel()

    async def show(self, session_id: UUID, *, person_id: UUID) -> MeterRead:
        session = await self.sessions.get(session_id, person_id=person_id)
        meter = self._meter(session)
        return whole(await self._record(session), meter, self.now())

    async def reset(self, session_id: UUID, *, person_id: UUID) -> MeterRead:
        """Count from now on; what was measured before is gone."""
        session = await self.sessions.get(session_id, person_id=person_id)
        meter = self._meter(session)
        record = await self._record(session)
        record.begin_again(self.now())
        await keep(self.db, record)
        await forget(self.db, session_id, before=record.since)
        self._tell(record, meter)
        return whole(record, meter, self.now())

    async def predict(
        self, session_id: UUID, body: PredictionCreate, *, person_id: UUID
    ) -> MeterRead:
        """Say how long the next gap will be, before making it."""
        session = await self.sessions.usable(session_id, person_id=person_id)
        meter = self._meter(session)
        if body.probe not in {each.name for each in meter.probes}:
            raise ProbeNotFound("The meter has no such probe.")
        if not body.parts.keys() <= {each.name for each in meter.timers}:
            raise TimerNotFound("The meter knows no such timer.")
        record = await self._record(session)
        if len(record.predictions) >= PREDICTIONS_AT_MOST:
            raise TooManyPredictions("Reset the meter to predict again.")
        prediction = MeterPrediction(
            session_id=session_id,
            probe=body.probe,
            seconds=body.seconds,
            parts=body.parts,
            made=self.now(),
        )
        async with self.db.begin() as db:
            db.add(prediction)
        record.predictions.append(prediction)
        self._tell(record, meter)
        return whole(record, meter, self.now())

    async def table(self, session_id: UUID, *, person_id: UUID) -> str:
        session = await self.sessions.get(session_id, person_id=person_id)
        meter = self._meter(session)
        happened = await self.sessions.log(session)
        return table(await self._record(session), meter, happened)

    def _meter(self, session: Session) -> Meter:
        meter = self.lab(session.lab).manifest.meter
        if meter is None:
            raise NoMeter("This lab has no meter.")
        return meter

    async def _record(self, session: Session) -> Record:
        """The one that is being written, or what is stored."""
        record = self._records.get(session.id)
        if record and record.generation == session.generation:
            return record
        return await load(self.db, session, now=self.now())

    async def _look_often(self, tasks: TaskGroup) -> None:
        while True:
            try:
                await self._look(tasks)
            except Exception:  # One bad turn must not end the loop.
                logger.exception("meter turn failed")
            await anyio.sleep(self.look_every)

    async def _look(self, tasks: TaskGroup) -> None:
        """Watch what runs and has a meter; leave what has ended."""
        with anyio.CancelScope(shield=True):
            async with self.db() as db:
                chosen = select(Session).where(Session.state.in_(USABLE))
                usable = {each.name: each for each in await db.scalars(chosen)}
        for name in set(self._watches) - set(usable):
            self._watches[name].cancel()
        for name in set(usable) - set(self._watches):
            try:
                meter = self._meter(usable[name])
            except NotFound:  # No meter, or the lab is not in the catalogue any more.
                continue
            self._watches[name] = anyio.CancelScope()
            tasks.start_soon(self._watch, usable[name], meter)

    async def _watch(self, session: Session, meter: Meter) -> None:
        try:
            with self._watches[session.name]:
                while True:
                    await self._follow(session, meter)
                    await anyio.sleep(self.read_every)
        finally:
            del self._watches[session.name]
            record = self._records.get(session.id)
            if record and record.generation == session.generation:
                del self._records[session.id]

    async def _follow(self, session: Session, meter: Meter) -> None:
        """Read on from what is stored; return when something could not be stored, for
        then it has to be read again."""
        observer = Observer(self.sessions.driver.node(session.name, OBSERVER), self.now)
        try:
            with anyio.CancelScope(shield=True):
                record = await begin(self.db, session, now=self.now())
            self._records[session.id] = record
            while True:
                if not await self._read_once(observer, record, meter):
                    await anyio.sleep(self.read_every)
        except Exception:
            logger.exception("meter", extra={"sandbox": session.name})

    async def _read_once(
        self, observer: Observer, record: Record, meter: Meter
    ) -> bool:
        """Whether there is more to be read at once."""
        try:
            return await self._read(observer, record, meter)
        except NothingRead:
            pass
        except AppError as error:
            logger.info("observer unreachable", extra={"why": str(error)})
        return False

    async def _read(self, observer: Observer, record: Record, meter: Meter) -> bool:
        rounds = 1 if record.clock.heard else FIRST_READINGS
        for _ in range(rounds):
            try:
                reading = await observer.read(record.run, record.next)
            except NothingRead:
                await observer.begin(meter.probes)
                raise
            record.clock.hear(
                asked=reading.asked, answered=reading.answered, clock=reading.clock
            )
        if not reading.samples:  # It may have been killed; starting it twice is fine.
            await observer.begin(meter.probes)
        with anyio.CancelScope(shield=True):
            changed = record.take(reading, [each.name for each in meter.probes])
            await keep(self.db, record, changed)
        told = tick(record, meter, self.now(), changed=changed)
        self.publish(record.session_id, "meter", told.model_dump(mode="json"))
        return len(reading.samples) >= WHOLE_ANSWER

    def _tell(self, record: Record, meter: Meter) -> None:
        told = tick(record, meter, self.now(), changed={})
        self.publish(record.session_id, "meter", told.model_dump(mode="json"))
