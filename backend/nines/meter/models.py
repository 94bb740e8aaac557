from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nines.db import Model, new_id


class MeterRun(Model):
    """How far a session's observer has been read, and since when figures count.

    Written together with the spans, so that each result is counted once, whenever the
    server dies.
    """

    __tablename__ = "meter_run"

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("session.id", ondelete="CASCADE"), primary_key=True
    )
    generation: Mapped[int]  # Of the session: new machines, a new run.
    run: Mapped[str] = mapped_column(String(16), default="")  # The observer's word.
    next: Mapped[int] = mapped_column(BigInteger, default=0)
    since: Mapped[float]  # Unix seconds.


class MeterSpan(Model):
    """A service was up, or down, from one moment to another (Unix seconds)."""

    __tablename__ = "meter_span"
    __table_args__ = (Index("ix_meter_span_session_id_began", "session_id", "began"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("session.id", ondelete="CASCADE")
    )
    probe: Mapped[str] = mapped_column(String(32))
    up: Mapped[bool]
    began: Mapped[float]
    ended: Mapped[float]
    why: Mapped[str] = mapped_column(String(16))


class MeterPrediction(Model):
    """What somebody expected of the next gap, before they made it."""

    __tablename__ = "meter_prediction"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("session.id", ondelete="CASCADE"), index=True
    )
    probe: Mapped[str] = mapped_column(String(32))
    seconds: Mapped[float]
    parts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # By timer.
    made: Mapped[float]  # Unix seconds.
