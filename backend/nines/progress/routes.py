from fastapi import APIRouter

from nines.deps import CatalogDep, ProgressDep, UserDep
from nines.progress.schemas import ChapterRead, ChapterSummary, Home

router = APIRouter(tags=["progress"])


@router.get("/home")
async def home(person: UserDep, catalog: CatalogDep, progress: ProgressDep) -> Home:
    standings = await progress.standings(person.id)
    return Home.of(catalog.content.chapters, standings)


@router.get("/chapters")
async def chapters(
    person: UserDep, catalog: CatalogDep, progress: ProgressDep
) -> list[ChapterSummary]:
    standings = await progress.standings(person.id)
    return [ChapterSummary.of(each, standings) for each in catalog.content.chapters]


@router.get("/chapters/{number}")
async def chapter(
    number: int, person: UserDep, catalog: CatalogDep, progress: ProgressDep
) -> ChapterRead:
    found = catalog.chapter(number)
    return ChapterRead.of(found, await progress.standings(person.id))
