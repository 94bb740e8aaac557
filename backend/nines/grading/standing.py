"""A person's best points in each lab, put together from all results ever stored."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from labkit.checks import Outcome
from labkit.manifest import LabFolder
from nines.catalog.exercises import ExerciseProgress
from nines.db import Database
from nines.errors import NotFound
from nines.grading.models import Attempt, Result

Latest = dict[str, dict[str, datetime]]
"""Check → outcome → when it last came out so."""


async def standing(
    db: Database, person_id: UUID, lab: Callable[[str], LabFolder]
) -> list[ExerciseProgress]:
    query = (
        select(Attempt.lab, Result.check, Result.outcome, func.max(Result.at))
        .join(Result, Result.attempt_id == Attempt.id)
        .where(Attempt.person_id == person_id)
        .group_by(Attempt.lab, Result.check, Result.outcome)
    )
    tried = (
        select(Attempt.lab, func.max(Attempt.started_at))
        .where(Attempt.person_id == person_id)
        .group_by(Attempt.lab)
    )
    async with db() as session:
        rows = (await session.execute(query)).all()
        last = {slug: at for slug, at in await session.execute(tried)}
    latest: dict[str, Latest] = defaultdict(lambda: defaultdict(dict))
    for slug, check, outcome, at in rows:
        latest[slug][check][outcome] = at
    found = []
    for slug, at in last.items():
        try:
            found.append(_of_lab(lab(slug), latest[slug], at))
        except NotFound:
            continue  # The lab is no longer there, or cannot be read at the moment.
    return found


def _of_lab(lab: LabFolder, latest: Latest, at: datetime) -> ExerciseProgress:
    """A check once passed stays passed. One whose checker is broken, and that never
    passed, is left out of what can be reached."""
    earned = possible = 0
    for check in lab.checks:
        outcomes = latest.get(check.name, {})
        if Outcome.PASSED in outcomes:
            earned += check.points
        elif outcomes and max(outcomes, key=lambda each: outcomes[each]) == (
            Outcome.BROKEN
        ):
            continue
        possible += check.points
    return ExerciseProgress(
        slug=lab.slug,
        state="done" if earned and earned == possible else "started",
        share=earned / possible if possible else 0.0,
        points=earned,
        max_points=possible,
        at=at,
    )
