"""A record as people see it: figures, comparisons, a table."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import inf

from labkit.meter import Meter, MeterProbe
from nines.meter.availability import Outage, figures, outages_of
from nines.meter.models import MeterPrediction, MeterSpan
from nines.meter.predictions import explain, is_close, measured
from nines.meter.records import Record
from nines.meter.schemas import (
    ExplanationRead,
    FiguresRead,
    LineRead,
    MeterRead,
    MeterTick,
    OutageRead,
    PredictionRead,
    ProbeRead,
    SpanRead,
    TimerRead,
)
from nines.meter.spans import Span
from nines.sandboxes.schemas import Happened

SHOWN = 2000  # Spans of one probe; the figures and the table cover all.


def whole(record: Record, meter: Meter, now: float) -> MeterRead:
    spans = {each.name: record.spans_of(each.name)[-SHOWN:] for each in meter.probes}
    told = tick(record, meter, now, changed=spans)
    return MeterRead(
        **dict(told),
        probes=[_probe(each) for each in meter.probes],
        timers=[TimerRead.model_validate(each) for each in meter.timers],
    )


def tick(
    record: Record,
    meter: Meter,
    now: float,
    *,
    changed: Mapping[str, Sequence[Span | MeterSpan]],
) -> MeterTick:
    outages = {
        each.name: outages_of(record.spans_of(each.name)) for each in meter.probes
    }
    error = record.clock.error_at(now)
    return MeterTick(
        since=record.since,
        now=now,
        stamp_error=None if error == inf else error,
        lines=[
            LineRead(
                probe=probe,
                spans=[SpanRead.model_validate(each) for each in spans],
                figures=FiguresRead.model_validate(figures(record.spans_of(probe))),
                last=_outage(outages[probe][-1] if outages[probe] else None),
            )
            for probe, spans in changed.items()
        ],
        predictions=_predictions(record, meter, outages),
    )


def table(record: Record, meter: Meter, happened: Iterable[Happened]) -> str:
    """Every span and every fault, by time, as comma-separated values."""
    rows = [
        (span.began, span.ended, "up" if span.up else "down", probe.name, span.why)
        for probe in meter.probes
        for span in record.spans_of(probe.name)
    ]
    for event in happened:
        moment = event.time.timestamp()
        if event.kind.startswith("fault.") and moment >= record.since:
            rows.append((moment, moment, event.kind, event.node or "", event.detail))
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(["began", "ended", "seconds", "what", "who", "detail"])
    for began, ended, what, who, detail in sorted(rows):
        seconds = f"{ended - began:.3f}"
        write([_moment(began), _moment(ended), seconds, what, who, _plain(detail)])
    return out.getvalue()


def _predictions(
    record: Record, meter: Meter, outages: Mapping[str, Sequence[Outage]]
) -> list[PredictionRead]:
    """Each with the gap that followed it, newest first."""
    found = []
    for probe in (each.name for each in meter.probes):
        mine = [each for each in record.predictions if each.probe == probe]
        for one, after in pairwise([*mine, None]):
            assert one is not None
            gap = measured(
                outages[probe], after=one.made, before=after.made if after else inf
            )
            found.append(_prediction(one, gap, meter))
    return sorted(found, key=lambda each: -each.made)


def _prediction(
    made: MeterPrediction, gap: Outage | None, meter: Meter
) -> PredictionRead:
    over = gap is not None and gap.ended is not None
    seconds = gap.seconds if gap else 0.0
    found = explain(made.seconds, seconds, made.parts, meter.timers) if over else None
    return PredictionRead(
        id=made.id,
        probe=made.probe,
        seconds=made.seconds,
        parts=made.parts,
        made=made.made,
        measured=_outage(gap),
        close=is_close(made.seconds, seconds) if over else None,
        explanation=ExplanationRead.model_validate(found) if found else None,
    )


def _probe(probe: MeterProbe) -> ProbeRead:
    port = f":{probe.port}" if probe.port else ""
    path = probe.path if probe.kind == "http" else ""
    return ProbeRead(
        name=probe.name,
        title=probe.title,
        kind=probe.kind,
        target=f"{probe.target}{port}{path}",
        every_ms=probe.every_ms,
        sections=list(probe.sections),
    )


def _outage(outage: Outage | None) -> OutageRead | None:
    return OutageRead.model_validate(outage) if outage else None


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _plain(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
