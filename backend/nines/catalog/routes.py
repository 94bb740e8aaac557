from fastapi import APIRouter

from nines.catalog.attribution import ATTRIBUTION
from nines.catalog.schemas import About, LabRead, ProblemRead
from nines.deps import CatalogDep, InstructorDep, UserDep
from nines.version import commit, installed_version, licence

router = APIRouter(tags=["catalog"])
_COMMIT = commit()


@router.get("/labs/{slug}")
async def lab(slug: str, _: UserDep, catalog: CatalogDep) -> LabRead:
    return LabRead.of(catalog.lab(slug))


@router.get("/catalog/problems")
async def problems(_: InstructorDep, catalog: CatalogDep) -> list[ProblemRead]:
    """What is wrong with the content, for those who can mend it."""
    return [ProblemRead.of(each) for each in catalog.content.problems]


@router.get("/about")
async def about() -> About:
    return About(
        version=installed_version(),
        commit=_COMMIT,
        licence=licence(),
        attribution=ATTRIBUTION,
    )
