"""The browser's terminal: a WebSocket on one side, a shell on the other.

Binary frames are keys and screen output, untouched. Text frames are JSON: the window's
size, and how much output the browser has dealt with. Only that lets more output come
from the machine, so a browser that stops reading stops the program, not the server.
"""

import logging
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio
from fastapi import APIRouter, Path, Query, WebSocket, status
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from nines.deps import SessionsDep, UserDep
from nines.errors import AppError
from nines.sandboxes.driver import Terminal
from nines.sandboxes.schemas import TerminalRead

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/sessions/{session_id}", tags=["terminals"])

MOST_WAITING_INPUT = 1024 * 1024
TOO_MUCH, NOT_UNDERSTOOD = 1009, 1008

TerminalName = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")]
Size = Annotated[int, Query(ge=1, le=500)]


class Resize(BaseModel):
    type: Literal["resize"]
    rows: int = Field(ge=1, le=500)
    columns: int = Field(ge=1, le=500)


class Ack(BaseModel):
    type: Literal["ack"]
    bytes: int = Field(ge=0)


_control: TypeAdapter[Resize | Ack] = TypeAdapter(
    Annotated[Resize | Ack, Field(discriminator="type")]
)


@router.get("/terminals")
async def listed(
    session_id: UUID, person: UserDep, sessions: SessionsDep
) -> list[TerminalRead]:
    """The terminals the session keeps, attached or not."""
    session = await sessions.usable(session_id, person_id=person.id)
    return await sessions.terminals(session)


@router.delete("/terminals/{terminal}", status_code=status.HTTP_204_NO_CONTENT)
async def close(
    session_id: UUID, terminal: TerminalName, person: UserDep, sessions: SessionsDep
) -> None:
    """End the shell; closing what is not there is fine."""
    session = await sessions.usable(session_id, person_id=person.id)
    await sessions.close_terminal(session, terminal)


@router.websocket("/nodes/{node}/terminals/{terminal}")
async def attach(
    socket: WebSocket,
    session_id: UUID,
    node: str,
    terminal: TerminalName,
    person: UserDep,
    sessions: SessionsDep,
    rows: Size = 24,
    columns: Size = 80,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> None:
    session = await sessions.usable(session_id, person_id=person.id)
    shell = sessions.open_terminal(
        session, node, terminal, rows=rows, columns=columns, after=after
    )
    await socket.accept()
    try:
        async with shell as attached:
            await socket.send_json(
                {
                    "type": "attached",
                    "offset": attached.offset,
                    "opened": attached.opened,
                    "gap": attached.gap,
                }
            )
            await Bridge(socket, attached).run()
    except AppError as error:
        await refuse(socket, error)
    except WebSocketDisconnect:
        pass  # The browser went away; the shell lives on.


class Bridge:
    """One attached browser."""

    def __init__(self, socket: WebSocket, shell: Terminal) -> None:
        self._socket = socket
        self._shell = shell
        self._typed = bytearray()
        self._more = anyio.Event()

    async def run(self) -> None:
        async with anyio.create_task_group() as pumps:
            pumps.start_soon(self._show, pumps.cancel_scope)
            pumps.start_soon(self._type, pumps.cancel_scope)
            await self._listen()
            pumps.cancel_scope.cancel()

    async def _show(self, scope: anyio.CancelScope) -> None:
        try:
            while data := await self._shell.read():
                await self._socket.send_bytes(data)
            await self._socket.send_json({"type": "ended"})
            await self._socket.close()
        except AppError as error:
            await refuse(self._socket, error)
        except (WebSocketDisconnect, RuntimeError):
            pass  # Gone while we were sending.
        scope.cancel()

    async def _type(self, scope: anyio.CancelScope) -> None:
        """Apart from listening: a program that reads no keys may wait for an ack."""
        try:
            while True:
                await self._more.wait()
                self._more = anyio.Event()
                typed, self._typed = bytes(self._typed), bytearray()
                await self._shell.write(typed)
        except AppError as error:
            await refuse(self._socket, error)
            scope.cancel()

    async def _listen(self) -> None:
        """Until the browser leaves, or says something it should not."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if data := message.get("bytes"):
                if len(self._typed) + len(data) > MOST_WAITING_INPUT:
                    await self._socket.close(TOO_MUCH, "too much input")
                    return
                self._typed += data
                self._more.set()
            elif (text := message.get("text")) and not await self._control(text):
                return

    async def _control(self, text: str) -> bool:
        try:
            order = _control.validate_json(text)
        except ValidationError:
            await self._socket.close(NOT_UNDERSTOOD, "not understood")
            return False
        if isinstance(order, Ack):
            await self._shell.acknowledge(order.bytes)
        else:
            await self._shell.resize(rows=order.rows, columns=order.columns)
        return True


async def refuse(socket: WebSocket, error: AppError) -> None:
    """Say why, then close; the browser may be gone already."""
    if socket.application_state is not WebSocketState.CONNECTED:
        return
    why: dict[str, Any] = {
        "type": "error",
        "error": error.code,
        "detail": str(error),
    }
    try:
        await socket.send_json(why)
        await socket.close(4000 + error.status, error.code)
    except (WebSocketDisconnect, RuntimeError):
        logger.debug("browser left before it could be told", exc_info=True)
