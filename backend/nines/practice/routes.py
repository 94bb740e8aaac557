from uuid import UUID

from fastapi import APIRouter

from nines.deps import CatalogDep, PracticeDep, UserDep
from nines.practice.schemas import (
    AnswersWrite,
    CalculationRead,
    DrawRead,
    PastDraw,
    VerdictRead,
)

router = APIRouter(tags=["practice"])


@router.get("/calculations/{slug}")
async def calculation(
    slug: str, person: UserDep, catalog: CatalogDep, practice: PracticeDep
) -> CalculationRead:
    generator = catalog.calculation(slug)
    return CalculationRead.of(generator, await practice.streak(person.id, slug))


@router.post("/calculations/{slug}/draws")
async def draw(slug: str, person: UserDep, practice: PracticeDep) -> DrawRead:
    """A new exercise, or the one still open."""
    return DrawRead.of(await practice.draw(person.id, slug))


@router.get("/calculations/{slug}/draws")
async def history(
    slug: str, person: UserDep, catalog: CatalogDep, practice: PracticeDep
) -> list[PastDraw]:
    """What the person has answered, newest first."""
    generator = catalog.calculation(slug)
    past = await practice.history(person.id, generator.slug)
    return [PastDraw.of(each) for each in past]


@router.get("/draws/{draw_id}")
async def read(draw_id: UUID, person: UserDep, practice: PracticeDep) -> DrawRead:
    return DrawRead.of(await practice.get(draw_id, person_id=person.id))


@router.post("/draws/{draw_id}/answer")
async def answer(
    draw_id: UUID, body: AnswersWrite, person: UserDep, practice: PracticeDep
) -> VerdictRead:
    sheet = await practice.answer(draw_id, body.as_answers(), person_id=person.id)
    assert sheet.judgement  # It has just been answered.
    return VerdictRead.of(sheet.judgement, sheet.streak)
