from uuid import UUID

from fastapi import APIRouter, status

from nines.deps import GradingDep, InstructorDep, UserDep
from nines.grading.schemas import AttemptCreate, AttemptRead, BrokenRead

router = APIRouter(tags=["grading"])


@router.post("/sessions/{session_id}/attempts", status_code=status.HTTP_202_ACCEPTED)
async def check(
    session_id: UUID, body: AttemptCreate, person: UserDep, grading: GradingDep
) -> AttemptRead:
    """Begin to check; the session's event stream tells each result as it comes."""
    return await grading.start(
        session_id, person_id=person.id, step=body.step, only=body.only
    )


@router.get("/sessions/{session_id}/attempts")
async def of_session(
    session_id: UUID, person: UserDep, grading: GradingDep
) -> list[AttemptRead]:
    return await grading.of_session(session_id, person_id=person.id)


@router.get("/attempts/{attempt_id}")
async def read(attempt_id: UUID, person: UserDep, grading: GradingDep) -> AttemptRead:
    return await grading.get(attempt_id, person_id=person.id)


@router.get("/labs/{slug}/attempts")
async def of_lab(slug: str, person: UserDep, grading: GradingDep) -> list[AttemptRead]:
    return await grading.of_lab(slug, person_id=person.id)


@router.get("/broken")
async def broken(person: InstructorDep, grading: GradingDep) -> list[BrokenRead]:
    return await grading.broken()
