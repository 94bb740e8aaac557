from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, status
from fastapi.sse import EventSourceResponse, ServerSentEvent

from nines.deps import SessionsDep, UserDep
from nines.sandboxes.driver import Fault
from nines.sandboxes.models import Session
from nines.sandboxes.schemas import (
    FaultCreate,
    FaultRead,
    Happened,
    SessionCreate,
    SessionRead,
)

router = APIRouter(prefix="/sessions", tags=["sandboxes"])


@router.post("", status_code=status.HTTP_202_ACCEPTED)
async def create(
    body: SessionCreate, person: UserDep, sessions: SessionsDep
) -> SessionRead:
    """Ask for a lab; it starts in the background, in turn."""
    return await sessions.show(await sessions.create(person.id, lab=body.lab))


@router.get("/live")
async def live(person: UserDep, sessions: SessionsDep) -> SessionRead | None:
    session = await sessions.live(person.id)
    return await sessions.show(session) if session else None


@router.get("/{session_id}")
async def read(session_id: UUID, person: UserDep, sessions: SessionsDep) -> SessionRead:
    return await sessions.show(await sessions.get(session_id, person_id=person.id))


@router.post("/{session_id}/extend")
async def extend(
    session_id: UUID, person: UserDep, sessions: SessionsDep
) -> SessionRead:
    session = await sessions.get(session_id, person_id=person.id)
    return await sessions.show(await sessions.extend(session))


@router.post("/{session_id}/reset", status_code=status.HTTP_202_ACCEPTED)
async def reset(
    session_id: UUID, person: UserDep, sessions: SessionsDep
) -> SessionRead:
    """New machines under the same id; what was done in the old ones is gone."""
    session = await sessions.get(session_id, person_id=person.id)
    return await sessions.show(await sessions.reset(session))


@router.delete("/{session_id}", status_code=status.HTTP_204_NO_CONTENT)
async def stop(session_id: UUID, person: UserDep, sessions: SessionsDep) -> None:
    await sessions.stop(await sessions.get(session_id, person_id=person.id))


@router.post("/{session_id}/faults")
async def inject(
    session_id: UUID, body: FaultCreate, person: UserDep, sessions: SessionsDep
) -> FaultRead:
    """Break or mend something, as far as the lab allows it."""
    session = await sessions.usable(session_id, person_id=person.id)
    return await sessions.inject(session, Fault(**body.model_dump()))


@router.get("/{session_id}/log")
async def log(
    session_id: UUID, person: UserDep, sessions: SessionsDep
) -> list[Happened]:
    """What has happened in the session's machines."""
    return await sessions.log(await sessions.get(session_id, person_id=person.id))


async def own_session(
    session_id: UUID, person: UserDep, sessions: SessionsDep
) -> Session:
    """Looked up before a stream begins: after that there is no 404 any more."""
    return await sessions.get(session_id, person_id=person.id)


@router.get("/{session_id}/events", response_class=EventSourceResponse)
async def events(
    session: Annotated[Session, Depends(own_session)],
    sessions: SessionsDep,
    last_event_id: Annotated[int | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    """`session`: the whole session, at once and on every change. `happened`: what
    happens in its machines; goes on after `Last-Event-ID`. `grading`: an attempt.
    `meter`: what of the meter's lines is new."""
    async for event, data, number in sessions.follow(session, after=last_event_id):
        identity = None if number is None else str(number)
        yield ServerSentEvent(data=data, event=event, id=identity)
