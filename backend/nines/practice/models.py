from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from nines.db import Model, new_id, utc_now

_is_open = text("answered_at IS NULL")


class Draw(Model):
    """One exercise drawn for one person, and what became of it.

    The drawn values are kept beside the seed, so that an old draw stays what it was
    when its generator is improved.
    """

    __tablename__ = "draw"
    __table_args__ = (
        # One open draw for a person and calculation is a rule the database keeps.
        Index(
            "uq_draw_open_person_id_calculation",
            "person_id",
            "calculation",
            unique=True,
            postgresql_where=_is_open,
            sqlite_where=_is_open,
        ),
        Index("ix_draw_person_id_calculation", "person_id", "calculation"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    calculation: Mapped[str] = mapped_column(String(80))  # The generator's slug.
    seed: Mapped[int] = mapped_column(BigInteger)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    answered_at: Mapped[datetime | None]
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    correct: Mapped[bool | None]
