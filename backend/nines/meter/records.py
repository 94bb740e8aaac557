"""What is known of one session's services: in memory while it runs, and stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, select, update

from nines.db import Database, new_id
from nines.meter.availability import since as spans_since
from nines.meter.clock import ClockMap
from nines.meter.models import MeterPrediction, MeterRun, MeterSpan
from nines.meter.observer import Reading
from nines.meter.spans import Sample, Span, prolong
from nines.sandboxes.models import Session

LONGEST_LINE = 5000
"""Spans of one probe that are kept: of what flickers for hours, the newest."""


@dataclass
class Line:
    """The spans of one probe, in order; `last` is the stored row of the last."""

    spans: list[Span] = field(default_factory=list)
    last: UUID = field(default_factory=new_id)


@dataclass(kw_only=True)
class Record:
    session_id: UUID
    generation: int
    since: float
    run: str = ""
    next: int = 0
    lines: dict[str, Line] = field(default_factory=dict)
    predictions: list[MeterPrediction] = field(default_factory=list)
    clock: ClockMap = field(default_factory=ClockMap)

    def spans_of(self, probe: str) -> list[Span]:
        return self.lines[probe].spans if probe in self.lines else []

    def take(
        self, reading: Reading, probes: Sequence[str]
    ) -> dict[str, list[MeterSpan]]:
        """Go on with what was read. By probe, the rows that are new or have changed."""
        ours = [self._in_our_time(each) for each in reading.samples]
        changed = {}
        for probe in probes:
            samples = [
                each for each in ours if each.probe == probe and each.sent >= self.since
            ]
            if samples:
                changed[probe] = self._prolong(probe, samples)
        self.run, self.next = reading.run, reading.next
        return changed

    def begin_again(self, moment: float) -> None:
        self.since = moment
        for line in self.lines.values():
            line.spans = spans_since(line.spans, moment)
        self.predictions = []

    def _in_our_time(self, sample: Sample) -> Sample:
        return Sample(
            probe=sample.probe,
            sent=self.clock.ours(sample.sent),
            up=sample.up,
            round_trip=sample.round_trip,
            why=sample.why,
        )

    def _prolong(self, probe: str, samples: Sequence[Sample]) -> list[MeterSpan]:
        line = self.lines.setdefault(probe, Line())
        last = line.spans.pop() if line.spans else None
        spans = prolong(last, samples)
        ids = [line.last if last else new_id(), *(new_id() for _ in spans[1:])]
        line.last = ids[-1]
        line.spans = [*line.spans, *spans][-LONGEST_LINE:]
        return [
            MeterSpan(
                id=row,
                session_id=self.session_id,
                probe=probe,
                up=span.up,
                began=span.began,
                ended=span.ended,
                why=span.why,
            )
            for row, span in zip(ids, spans, strict=True)
        ]


async def load(database: Database, session: Session, *, now: float) -> Record:
    """What is stored of the session's present machines; empty if there is nothing."""
    record = Record(session_id=session.id, generation=session.generation, since=now)
    async with database() as db:
        run = await db.get(MeterRun, session.id)
        if run is None or run.generation != session.generation:
            return record
        record.since, record.run, record.next = run.since, run.run, run.next
        rows = await db.scalars(
            select(MeterSpan)
            .where(MeterSpan.session_id == session.id, MeterSpan.ended >= run.since)
            .order_by(MeterSpan.began)
        )
        for row in rows:
            line = record.lines.setdefault(row.probe, Line())
            line.spans.append(
                Span(up=row.up, began=row.began, ended=row.ended, why=row.why)
            )
            line.last = row.id
        made = select(MeterPrediction).where(
            MeterPrediction.session_id == session.id, MeterPrediction.made >= run.since
        )
        record.predictions = list(await db.scalars(made.order_by(MeterPrediction.made)))
    for line in record.lines.values():
        line.spans = spans_since(line.spans, record.since)[-LONGEST_LINE:]
    return record


async def begin(database: Database, session: Session, *, now: float) -> Record:
    """As `load`, for whoever is going to write: the new machines' run is noted."""
    record = await load(database, session, now=now)
    async with database.begin() as db:
        run = MeterRun(
            session_id=session.id,
            generation=session.generation,
            run=record.run,
            next=record.next,
            since=record.since,
        )
        await db.merge(run)
    return record


async def keep(
    database: Database, record: Record, changed: Mapping[str, Sequence[MeterSpan]] = {}
) -> None:
    """Store the spans and how far we have read, both or neither."""
    async with database.begin() as db:
        for rows in changed.values():
            for row in rows:
                await db.merge(row)
        await db.execute(
            update(MeterRun)
            .where(
                MeterRun.session_id == record.session_id,
                MeterRun.generation == record.generation,
            )
            .values(run=record.run, next=record.next, since=record.since)
        )


async def forget(database: Database, session_id: UUID, *, before: float) -> None:
    """Drop what lies wholly before `before`."""
    async with database.begin() as db:
        await db.execute(
            delete(MeterSpan).where(
                MeterSpan.session_id == session_id, MeterSpan.ended < before
            )
        )
        await db.execute(
            delete(MeterPrediction).where(
                MeterPrediction.session_id == session_id, MeterPrediction.made < before
            )
        )
