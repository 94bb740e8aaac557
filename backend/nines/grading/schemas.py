"""What of an attempt crosses HTTP and the session's event stream."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from labkit.checks import Outcome
from labkit.text import Text
from nines.grading.models import Attempt, AttemptState, Result


class AttemptCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    step: str | None = None
    only: Literal["current"] | None = None


class ResultRead(BaseModel):
    check: str
    outcome: Literal["running", "passed", "failed", "skipped", "broken"]
    points: int  # Earned.
    max_points: int
    message: Text | None
    hint: Text | None
    seconds: float

    @classmethod
    def of(cls, result: Result) -> "ResultRead":
        """The report of a broken check is not the student's to read."""
        return cls.model_validate(
            {
                "check": result.check,
                "outcome": result.outcome,
                "points": result.points if result.outcome == Outcome.PASSED else 0,
                "max_points": result.points,
                "message": result.message,
                "hint": result.hint,
                "seconds": result.seconds,
            }
        )


class AttemptRead(BaseModel):
    id: UUID
    session: UUID
    lab: str
    step: str | None
    state: AttemptState
    started_at: datetime
    finished_at: datetime | None
    points: int
    max_points: int
    results: list[ResultRead]

    @classmethod
    def of(cls, attempt: Attempt, results: Iterable[Result]) -> "AttemptRead":
        return cls(
            id=attempt.id,
            session=attempt.session_id,
            lab=attempt.lab,
            step=attempt.step,
            state=AttemptState(attempt.state),
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            points=attempt.points,
            max_points=attempt.max_points,
            results=[ResultRead.of(each) for each in results],
        )


class BrokenRead(BaseModel):
    """A check that failed by itself, for the people who mend it."""

    attempt: UUID
    lab: str
    check: str
    report: str
    at: datetime
    student: str
