from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from nines.db import Model, new_id, utc_now


class AttemptState(StrEnum):
    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"  # The server or the session ended first.


class Attempt(Model):
    """One press of "check". It outlives its session: `session_id` is no foreign key."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index(
            "uq_attempt_running",
            "session_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index("ix_attempt_person_id_lab", "person_id", "lab"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[UUID] = mapped_column(index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    sandbox: Mapped[str] = mapped_column(String(100))
    lab: Mapped[str] = mapped_column(String(100))
    content_hash: Mapped[str] = mapped_column(String(64))
    step: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default=AttemptState.RUNNING)
    points: Mapped[int] = mapped_column(default=0)
    max_points: Mapped[int] = mapped_column(default=0)
    # What the checker broke and has not mended yet, for whoever comes after a crash.
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    owed: Mapped[str | None] = mapped_column(String(64))  # The check to be repaired.
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]


class Result(Model):
    __tablename__ = "result"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), index=True
    )
    place: Mapped[int]  # Results are listed as the checks are written.
    check: Mapped[str] = mapped_column("check_name", String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    points: Mapped[int]  # What the check is worth.
    message: Mapped[dict[str, str] | None] = mapped_column(JSON)
    hint: Mapped[dict[str, str] | None] = mapped_column(JSON)
    report: Mapped[str] = mapped_column(Text, default="")
    seconds: Mapped[float] = mapped_column(default=0.0)
    at: Mapped[datetime] = mapped_column(default=utc_now)


class EvidenceBundle(Model):
    __tablename__ = "evidence"

    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True
    )
    bundle: Mapped[dict[str, Any]] = mapped_column(JSON)
