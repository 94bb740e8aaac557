"""WebSockets on a real server: who may open one, and what happens when nobody reads."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
import websockets
from fastapi import FastAPI, WebSocket

from nines.accounts.cookie import NAME as COOKIE
from nines.accounts.models import Person
from nines.accounts.service import Accounts
from nines.cli.serve import server_config
from nines.config import Settings
from nines.deps import UserDep
from tests.conftest import PASSWORD

pytestmark = pytest.mark.anyio
CHUNK = b"x" * 16384


@pytest.fixture
def sent() -> list[int]:
    return []


@pytest.fixture
async def port(app: FastAPI, sent: list[int]) -> AsyncIterator[int]:
    """Our app with two sockets more, as `nines serve` would serve it."""

    @app.websocket("/flood")
    async def flood(socket: WebSocket, _: UserDep) -> None:
        await socket.accept()
        with contextlib.suppress(Exception):  # The browser goes away in the end.
            while True:
                await socket.send_bytes(CHUNK)
                sent.append(len(CHUNK))

    @app.websocket("/deaf")
    async def deaf(socket: WebSocket, _: UserDep) -> None:
        await socket.accept()
        await asyncio.sleep(60)

    for _ in range(2):
        app.router.routes.insert(0, app.router.routes.pop())
    wanted = server_config(Settings(port=0))
    config = uvicorn.Config(
        app,
        ws=wanted.ws,
        ws_max_size=wanted.ws_max_size,
        ws_per_message_deflate=wanted.ws_per_message_deflate,
        timeout_graceful_shutdown=1,
        log_config=None,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    await task
    listener.close()


async def connect(port: int, accounts: Accounts | None, **headers: str) -> Any:
    if accounts:
        _, token = await accounts.sign_in(name="ada", password=PASSWORD, address="x")
        headers["Cookie"] = f"{COOKIE}={token}"
    origin = headers.pop("Origin", f"http://127.0.0.1:{port}")
    path = headers.pop("path", "/flood")
    return await websockets.connect(
        f"ws://127.0.0.1:{port}{path}",
        origin=websockets.Origin(origin),
        additional_headers=headers,
        max_queue=1,
        compression=None,
    )


async def close_code(connection: Any) -> int:
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await connection.recv()
    assert closed.value.rcvd
    return int(closed.value.rcvd.code)


async def test_nobody_opens_a_socket_without_signing_in(port: int) -> None:
    assert await close_code(await connect(port, None)) == 4401


async def test_a_foreign_page_opens_no_socket_with_your_cookie(
    port: int, accounts: Accounts, ada: Person
) -> None:
    for origin in ("http://evil.test", f"http://127.0.0.1:{port + 1}"):
        connection = await connect(port, accounts, Origin=origin)
        assert await close_code(connection) == 4403


async def test_a_browser_that_stops_reading_stops_the_sender(
    port: int, accounts: Accounts, ada: Person, sent: list[int]
) -> None:
    connection = await connect(port, accounts)
    assert await connection.recv() == CHUNK

    before = -1
    while len(sent) != before:  # Until the kernel's buffers are full as well.
        before = len(sent)
        await asyncio.sleep(0.3)

    assert sum(sent) < 16 * 1024 * 1024
    for _ in range(before):  # Nothing was lost, and reading goes on where it stopped.
        assert await connection.recv() == CHUNK
    connection.transport.abort()


async def test_a_server_that_does_not_read_stops_the_browser(
    port: int, accounts: Accounts, ada: Person
) -> None:
    connection = await connect(port, accounts, path="/deaf")
    taken = 0
    with contextlib.suppress(TimeoutError):
        while taken < 64 * 1024 * 1024:
            async with asyncio.timeout(0.5):
                await connection.send(CHUNK)
            taken += len(CHUNK)

    assert taken < 32 * 1024 * 1024
    connection.transport.abort()


async def test_a_message_larger_than_a_megabyte_ends_the_connection(
    port: int, accounts: Accounts, ada: Person
) -> None:
    connection = await connect(port, accounts, path="/deaf")

    with contextlib.suppress(websockets.ConnectionClosed):
        await connection.send(b"x" * (1024 * 1024 + 1))
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await connection.recv()

    # The reason gets lost when the rest of the message was still on its way.
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
