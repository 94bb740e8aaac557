import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from labkit.calculations import Answer
from nines.catalog.service import CalculationNotFound, Catalog
from nines.db import Database
from nines.practice.models import Draw
from nines.practice.service import (
    AlreadyAnswered,
    DrawNotFound,
    DrawOutdated,
    NoSuchUnit,
    Practice,
    Sheet,
    Streak,
    UnreadableAnswer,
)

pytestmark = pytest.mark.anyio
SLUG = "ch01-series"
ROUGHLY = {"availability": Answer("0.5", "fraction")}


def right(sheet: Sheet) -> dict[str, Answer]:
    return {
        ask.key: Answer(ask.shown(sheet.exercise.solution[ask.key]), ask.units[0].key)
        for ask in sheet.exercise.asks
    }


async def answer(practice: Practice, person: UUID, *, correctly: bool) -> Sheet:
    sheet = await practice.draw(person, SLUG)
    answers = right(sheet) if correctly else ROUGHLY
    return await practice.answer(sheet.draw.id, answers, person_id=person)


async def test_a_reload_gives_the_open_draw_back(practice: Practice, ada: UUID) -> None:
    first = await practice.draw(ada, SLUG)

    again = await practice.draw(ada, SLUG)

    assert again.draw.id == first.draw.id
    assert again.exercise.values == first.exercise.values


async def test_drawing_twice_at_once_gives_one_draw(
    practice: Practice, db: Database, ada: UUID
) -> None:
    sheets = await asyncio.gather(*(practice.draw(ada, SLUG) for _ in range(8)))

    assert len({sheet.draw.id for sheet in sheets}) == 1
    async with db() as session:
        assert await session.scalar(select(func.count()).select_from(Draw)) == 1


async def test_each_person_and_each_calculation_has_its_own_draw(
    practice: Practice, ada: UUID, grace: UUID
) -> None:
    sheets = [
        await practice.draw(ada, SLUG),
        await practice.draw(grace, SLUG),
        await practice.draw(ada, "ch01-record"),
    ]
    assert len({sheet.draw.id for sheet in sheets}) == 3


async def test_after_an_answer_the_next_draw_is_a_new_one(
    practice: Practice, ada: UUID
) -> None:
    first = await answer(practice, ada, correctly=True)

    assert (await practice.draw(ada, SLUG)).draw.id != first.draw.id


async def test_a_right_answer_is_kept_with_its_explanation(
    practice: Practice, ada: UUID
) -> None:
    sheet = await answer(practice, ada, correctly=True)

    kept = await practice.get(sheet.draw.id, person_id=ada)

    assert kept.judgement == sheet.judgement
    assert kept.judgement
    assert kept.judgement.correct
    assert kept.judgement.explanation == sheet.exercise.explanation()
    assert kept.judgement.figure == sheet.exercise.solved_figure


async def test_three_right_in_a_row_finish_it_for_ever(
    practice: Practice, ada: UUID
) -> None:
    lengths = []
    for correctly in (True, True, False, True, True, True, False):
        streak = (await answer(practice, ada, correctly=correctly)).streak
        lengths.append((streak.length, streak.done))

    assert lengths == [
        (1, False),
        (2, False),
        (0, False),
        (1, False),
        (2, False),
        (3, True),
        (0, True),
    ]
    assert Streak().needed == 3


async def test_an_answer_counts_once(practice: Practice, ada: UUID) -> None:
    sheet = await practice.draw(ada, SLUG)
    await practice.answer(sheet.draw.id, ROUGHLY, person_id=ada)

    with pytest.raises(AlreadyAnswered):
        await practice.answer(sheet.draw.id, right(sheet), person_id=ada)

    assert (await practice.streak(ada, SLUG)).length == 0


async def test_sending_the_same_answer_again_gives_the_same_verdict(
    practice: Practice, ada: UUID
) -> None:
    sheet = await practice.draw(ada, SLUG)

    sheets = [
        await practice.answer(sheet.draw.id, right(sheet), person_id=ada)
        for _ in range(2)
    ]

    assert sheets[0].judgement == sheets[1].judgement
    assert (await practice.streak(ada, SLUG)).length == 1


async def test_of_two_different_answers_at_once_one_counts(
    practice: Practice, ada: UUID
) -> None:
    sheet = await practice.draw(ada, SLUG)

    results = await asyncio.gather(
        *(
            practice.answer(
                sheet.draw.id,
                {"availability": Answer(f"0.{n}", "fraction")},
                person_id=ada,
            )
            for n in (51, 52, 53)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(each, Sheet) for each in results) == 1
    assert sum(isinstance(each, AlreadyAnswered) for each in results) == 2


async def test_what_cannot_be_read_does_not_use_the_answer_up(
    practice: Practice, ada: UUID
) -> None:
    sheet = await practice.draw(ada, SLUG)
    unclear = {"availability": Answer("約九割", "fraction")}

    with pytest.raises(UnreadableAnswer) as caught:
        await practice.answer(sheet.draw.id, unclear, person_id=ada)

    assert caught.value.params["key"] == "availability"
    assert (await practice.draw(ada, SLUG)).draw.id == sheet.draw.id
    verdict = await practice.answer(sheet.draw.id, right(sheet), person_id=ada)
    assert verdict.streak.length == 1


async def test_a_unit_that_is_not_offered_does_not_use_the_answer_up(
    practice: Practice, ada: UUID
) -> None:
    sheet = await practice.draw(ada, SLUG)

    with pytest.raises(NoSuchUnit):
        await practice.answer(
            sheet.draw.id, {"availability": Answer("1", "parsec")}, person_id=ada
        )
    assert (await practice.draw(ada, SLUG)).judgement is None


async def test_other_peoples_draws_do_not_exist(
    practice: Practice, ada: UUID, grace: UUID
) -> None:
    sheet = await practice.draw(ada, SLUG)

    with pytest.raises(DrawNotFound):
        await practice.get(sheet.draw.id, person_id=grace)
    with pytest.raises(DrawNotFound):
        await practice.answer(sheet.draw.id, right(sheet), person_id=grace)


async def test_there_is_no_unknown_calculation(practice: Practice, ada: UUID) -> None:
    with pytest.raises(CalculationNotFound):
        await practice.draw(ada, "ch01-nonsense")


async def test_history_is_newest_first(practice: Practice, ada: UUID) -> None:
    for correctly in (True, False, True):
        await answer(practice, ada, correctly=correctly)
    await practice.draw(ada, SLUG)

    past = await practice.history(ada, SLUG)

    assert [each.correct for each in past] == [True, False, True]
    assert past == sorted(past, key=lambda d: d.answered_at or d.created_at)[::-1]


async def test_an_open_draw_that_no_longer_fits_is_drawn_anew(
    practice: Practice, db: Database, ada: UUID
) -> None:
    sheet = await practice.draw(ada, SLUG)
    async with db.begin() as session:
        await session.execute(update(Draw).values(values={"story": 99}))

    with pytest.raises(DrawOutdated):
        await practice.get(sheet.draw.id, person_id=ada)
    assert (await practice.draw(ada, SLUG)).draw.id != sheet.draw.id


async def test_a_story_that_is_gone_makes_a_draw_outdated(
    practice: Practice, db: Database, ada: UUID
) -> None:
    sheet = await practice.draw(ada, SLUG)
    values = {**sheet.draw.values, "story": 99}
    async with db.begin() as session:
        await session.execute(update(Draw).values(values=values))

    with pytest.raises(DrawOutdated):
        await practice.get(sheet.draw.id, person_id=ada)


async def test_a_better_generator_leaves_old_draws_as_they_were(
    practice: Practice, catalog: Catalog, ada: UUID
) -> None:
    before = await practice.draw(ada, SLUG)
    generator = catalog.calculation(SLUG)
    narrower = replace(generator, draw=lambda random: None)
    catalog.content = replace(catalog.content, calculations={SLUG: narrower})

    after = await practice.draw(ada, SLUG)

    assert after.exercise.values == before.exercise.values


async def test_progress_tells_streak_share_and_time(
    practice: Practice, ada: UUID, grace: UUID
) -> None:
    await answer(practice, ada, correctly=True)
    await practice.draw(ada, "ch01-record")

    progress = {each.slug: each for each in await practice.progress(ada)}

    series, record = progress[SLUG], progress["ch01-record"]
    assert (series.state, series.streak, series.needed) == ("started", 1, 3)
    assert series.share == pytest.approx(1 / 3)
    assert (record.state, record.streak, record.share) == ("started", 0, 0)
    assert record.at
    assert series.at
    assert record.at > series.at
    assert await practice.progress(grace) == []


async def test_progress_stays_done_after_a_slip(practice: Practice, ada: UUID) -> None:
    for correctly in (True, True, True, False):
        await answer(practice, ada, correctly=correctly)

    (series,) = await practice.progress(ada)

    assert (series.state, series.streak, series.share) == ("done", 0, 1.0)
