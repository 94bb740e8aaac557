from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from nines.db import Model, new_id, utc_now


class SessionState(StrEnum):
    QUEUED = "queued"
    STARTING = "starting"
    READY = "ready"
    EXPIRING = "expiring"  # Ready, and its time is nearly over.
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


USABLE = (SessionState.READY, SessionState.EXPIRING)
HOLDING = (SessionState.STARTING, *USABLE)
"""States in which a sandbox should exist."""
LIVE = (SessionState.QUEUED, *HOLDING)
_is_live = text("state IN ('queued', 'starting', 'ready', 'expiring')")


class Session(Model):
    """One person's run of one lab."""

    __tablename__ = "session"
    __table_args__ = (
        # A person has as many live sessions as there are places: a rule the database
        # keeps for us, however many requests come at once.
        Index(
            "uq_session_live_place",
            "person_id",
            "place",
            unique=True,
            postgresql_where=_is_live,
            sqlite_where=_is_live,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    lab: Mapped[str] = mapped_column(String(80), index=True)
    place: Mapped[int] = mapped_column(default=0)  # Of the person, from 0.
    generation: Mapped[int] = mapped_column(default=1)  # Counts resets.
    state: Mapped[str] = mapped_column(
        String(16), default=SessionState.QUEUED, index=True
    )
    reason: Mapped[str | None] = mapped_column(String(64))  # A code, once it failed.
    detail: Mapped[str | None] = mapped_column(String(500))
    extensions: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    queued_at: Mapped[datetime] = mapped_column(default=utc_now)
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """The sandbox's: known before anything starts, another after each reset."""
        return f"nines-{self.id.hex}-{self.generation}"

    @property
    def is_usable(self) -> bool:
        return self.state in USABLE


class SessionEvent(Model):
    """What happened in a session's sandboxes, each thing once."""

    __tablename__ = "session_event"
    __table_args__ = (UniqueConstraint("session_id", "generation", "sandbox_n"),)

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("session.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[int]
    sandbox_n: Mapped[int]  # The sandbox's own number.
    at: Mapped[float]  # Seconds on the sandbox's monotonic clock.
    time: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    node: Mapped[str | None] = mapped_column(String(64))
    disk: Mapped[str | None] = mapped_column(String(64))
    nic: Mapped[str | None] = mapped_column(String(64))
    segment: Mapped[str | None] = mapped_column(String(64))
    peer: Mapped[str | None] = mapped_column(String(64))
    terminal: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(String(300), default="")
