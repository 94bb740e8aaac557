from datetime import timedelta
from uuid import uuid4

import pytest

from nines.catalog.exercises import ExerciseProgress
from nines.catalog.service import Catalog
from nines.db import utc_now
from nines.progress.service import Progress, Standings, merged
from tests.fakes.labs import CALCULATION, LAB

pytestmark = pytest.mark.anyio
NOW = utc_now()


class Said:
    """A domain that says the same of everybody."""

    def __init__(self, *entries: ExerciseProgress) -> None:
        self.entries = entries

    async def progress(self, _person: object) -> list[ExerciseProgress]:
        return list(self.entries)


async def standings(catalog: Catalog, *sources: Said) -> Standings:
    return await Progress(catalog=catalog, sources=sources).standings(uuid4())


def lab(**facts: object) -> ExerciseProgress:
    return ExerciseProgress(slug=LAB, **facts)  # type: ignore[arg-type]  # as named


def calculation(**facts: object) -> ExerciseProgress:
    return ExerciseProgress(slug=CALCULATION, **facts)  # type: ignore[arg-type]


async def test_who_has_done_nothing_sees_every_exercise_as_new(
    catalog: Catalog,
) -> None:
    found = await standings(catalog)

    assert [each.exercise.slug for each in found.all] == [CALCULATION, LAB]
    assert {each.progress.state for each in found.all} == {"new"}
    assert found.all[0].progress.needed == 3
    assert found.all[1].progress.max_points == 10
    assert found.resume() is None
    assert found.recent() == []


async def test_a_chapters_mastery_is_the_mean_of_its_exercises(
    catalog: Catalog,
) -> None:
    found = await standings(catalog, Said(lab(state="started", share=0.4)))

    assert found.mastery(catalog.chapter(1)) == 0
    assert found.mastery(catalog.chapter(2)) == pytest.approx(0.4)
    assert found.mastery(catalog.chapter(3)) == 0


async def test_what_two_domains_say_of_one_lab_is_put_together(
    catalog: Catalog,
) -> None:
    session = uuid4()
    sessions = Said(lab(state="started", session=session, at=NOW))
    attempts = Said(
        lab(state="done", points=10, share=1.0, at=NOW - timedelta(hours=1))
    )

    found = (await standings(catalog, sessions, attempts)).all[1].progress

    assert found.state == "done"
    assert found.points == found.max_points == 10
    assert found.session == session
    assert found.at == NOW


async def test_a_live_session_is_resumed_before_anything_else(
    catalog: Catalog,
) -> None:
    live = lab(state="done", session=uuid4(), at=NOW - timedelta(hours=2))
    begun = calculation(state="started", streak=1, at=NOW)

    resume = (await standings(catalog, Said(live, begun))).resume()

    assert resume
    assert resume.exercise.slug == LAB


async def test_what_was_begun_is_resumed_before_something_new(
    catalog: Catalog,
) -> None:
    begun = lab(state="started", at=NOW)

    resume = (await standings(catalog, Said(begun))).resume()

    assert resume
    assert resume.exercise.slug == LAB


async def test_after_something_done_the_next_new_thing_is_offered(
    catalog: Catalog,
) -> None:
    done = calculation(state="done", at=NOW)

    found = await standings(catalog, Said(done))
    resume = found.resume()

    assert resume
    assert resume.exercise.slug == LAB
    assert found.resume(catalog.chapter(1)) is None


async def test_what_was_touched_last_comes_first(catalog: Catalog) -> None:
    older = lab(state="started", at=NOW - timedelta(days=1))
    newer = calculation(state="done", at=NOW)

    recent = (await standings(catalog, Said(older, newer))).recent()

    assert [each.exercise.slug for each in recent] == [CALCULATION, LAB]


async def test_an_exercise_that_is_gone_is_not_shown(catalog: Catalog) -> None:
    gone = ExerciseProgress(slug="ch01-gone", state="done", at=NOW)

    found = await standings(catalog, Said(gone))

    assert len(found.all) == 2
    assert found.recent() == []


def test_merging_does_not_depend_on_the_order() -> None:
    one = lab(state="started", session=uuid4(), at=NOW)
    other = lab(state="done", points=7, share=0.7, at=NOW - timedelta(hours=1))

    assert merged(one, other) == merged(other, one)
