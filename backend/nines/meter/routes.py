from uuid import UUID

from fastapi import APIRouter, Response, status

from nines.deps import MetersDep, UserDep
from nines.meter.schemas import MeterRead, PredictionCreate

router = APIRouter(prefix="/sessions/{session_id}", tags=["meter"])


@router.get("/meter")
async def read(session_id: UUID, person: UserDep, meters: MetersDep) -> MeterRead:
    """Up and down, figures and predictions; the event stream goes on (`meter`)."""
    return await meters.show(session_id, person_id=person.id)


@router.post("/meter/reset")
async def reset(session_id: UUID, person: UserDep, meters: MetersDep) -> MeterRead:
    """Count from now on."""
    return await meters.reset(session_id, person_id=person.id)


@router.post("/meter/predictions", status_code=status.HTTP_201_CREATED)
async def predict(
    session_id: UUID, body: PredictionCreate, person: UserDep, meters: MetersDep
) -> MeterRead:
    """State how long the next gap will be; the platform compares."""
    return await meters.predict(session_id, body, person_id=person.id)


@router.get("/meter.csv", response_class=Response)
async def table(session_id: UUID, person: UserDep, meters: MetersDep) -> Response:
    """Every span and every fault, by time."""
    text = await meters.table(session_id, person_id=person.id)
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="meter.csv"'},
    )
