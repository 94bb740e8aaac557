"""Terminals over real WebSockets, as `nines serve` has them, on bash of this host."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets
from fastapi import FastAPI

from nines.accounts.cookie import NAME as COOKIE
from nines.accounts.models import Person
from nines.accounts.service import Accounts
from nines.sandboxes.driver import Fault
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.models import Session, SessionState
from nines.sandboxes.service import Sessions
from tests.conftest import PASSWORD
from tests.fakes.driver import FakeDriver
from tests.fakes.labs import LAB
from tests.nines.sandboxes.serving import serving

pytestmark = pytest.mark.anyio

Socket = websockets.ClientConnection
Open = Callable[..., AbstractAsyncContextManager[Socket]]


@pytest.fixture
async def port(app: FastAPI, keeper: Keeper) -> AsyncIterator[int]:
    async with serving(app) as port:
        yield port


@pytest.fixture
async def cookie_of(accounts: Accounts) -> Callable[[Person], Awaitable[str]]:
    async def cookie(person: Person) -> str:
        _, token = await accounts.sign_in(
            name=person.name, password=PASSWORD, address="127.0.0.1"
        )
        return f"{COOKIE}={token}"

    return cookie


@pytest.fixture
async def session(sessions: Sessions, keeper: Keeper, ada: Person) -> Session:
    session = await sessions.create(ada.id, lab=LAB)
    async with asyncio.timeout(5):
        while session.state != SessionState.READY:
            await asyncio.sleep(0.01)
            session = await sessions.get(session.id, person_id=ada.id)
    return session


@pytest.fixture
async def opened(
    port: int,
    session: Session,
    ada: Person,
    cookie_of: Callable[[Person], Awaitable[str]],
) -> Open:
    cookie = await cookie_of(ada)

    @asynccontextmanager
    async def opened(
        path: str = "nodes/st1/terminals/1", who: str = cookie, **more: Any
    ) -> AsyncIterator[Socket]:
        url = f"ws://127.0.0.1:{port}/api/v1/sessions/{session.id}/{path}"
        headers = {"cookie": who}
        origin = more.pop("origin", f"http://127.0.0.1:{port}")
        async with websockets.connect(
            url, origin=origin, additional_headers=headers, compression=None, **more
        ) as socket:
            yield socket

    return opened


async def attached(socket: Socket) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 5))
    assert said["type"] == "attached"
    return said


async def shown(socket: Socket, wanted: bytes) -> bytes:
    """Read until it is shown, acknowledging as a browser does."""
    seen = b""
    async with asyncio.timeout(10):
        while wanted not in seen:
            data = await socket.recv()
            assert isinstance(data, bytes), data
            await socket.send(json.dumps({"type": "ack", "bytes": len(data)}))
            seen += data
    return seen


async def close_code(socket: Socket) -> int | None:
    async with asyncio.timeout(5):
        await socket.wait_closed()
    return socket.close_code


async def test_what_is_typed_is_shown(opened: Open) -> None:
    async with opened() as socket:
        assert (await attached(socket))["opened"]
        await socket.send(b"echo he''llo\n")
        await shown(socket, b"hello")


async def test_the_window_may_change_its_size(opened: Open) -> None:
    async with opened("nodes/st1/terminals/1?rows=30&columns=100") as socket:
        await attached(socket)
        await socket.send(b"echo =$(stty size)=\n")
        await shown(socket, b"=30 100=")
        await socket.send(json.dumps({"type": "resize", "rows": 50, "columns": 132}))
        await socket.send(b"echo =$(stty size)=\n")
        await shown(socket, b"=50 132=")


async def test_a_browser_that_comes_back_gets_what_it_missed_once(opened: Open) -> None:
    async with opened() as socket:
        offset = (await attached(socket))["offset"]
        await socket.send(b"echo be''fore\n")
        received = offset + len(await shown(socket, b"before"))

    async with opened(f"nodes/st1/terminals/1?after={received}") as socket:
        again = await attached(socket)
        assert again == {
            "type": "attached",
            "offset": received,
            "opened": False,
            "gap": False,
        }
        await socket.send(b"echo af''ter\n")
        assert b"before" not in await shown(socket, b"after")


async def test_a_browser_that_acknowledges_nothing_gets_no_more_than_its_credit(
    opened: Open,
) -> None:
    async with opened() as socket:
        await attached(socket)
        await socket.send(b"yes\n")
        taken = 0
        try:
            async with asyncio.timeout(2):
                while True:
                    taken += len(await socket.recv())
        except TimeoutError:
            pass

        assert 200 * 1024 < taken <= 256 * 1024
        await socket.send(json.dumps({"type": "ack", "bytes": taken}))
        assert await asyncio.wait_for(socket.recv(), 5)


async def test_keys_are_heard_while_the_screen_is_full(opened: Open) -> None:
    async with opened() as socket:
        await attached(socket)
        await socket.send(b"cat\n")
        line = b"x" * 1000 + b"\n"
        pasted = line * 300  # More than a credit, and every byte comes back.
        for start in range(0, len(pasted), 10_000):
            await socket.send(pasted[start : start + 10_000])
        await socket.send(b"the end\n")

        await shown(socket, b"the end")


async def test_the_end_of_the_shell_is_said(opened: Open) -> None:
    async with opened() as socket:
        await attached(socket)
        await socket.send(b"exit\n")
        said = [data async for data in socket]

        assert json.loads(said[-1]) == {"type": "ended"}
        assert socket.close_code == 1000


async def test_a_machine_that_is_off_is_unreachable(
    opened: Open, driver: FakeDriver, session: Session
) -> None:
    await driver.inject(session.name, Fault(kind="power.off", node="st1"))

    async with opened() as socket:
        said = json.loads(await socket.recv())
        assert (said["type"], said["error"]) == ("error", "node_unreachable")
        assert await close_code(socket) == 4503


async def test_a_sandbox_that_dies_closes_its_terminals(
    opened: Open, driver: FakeDriver, session: Session
) -> None:
    async with opened() as socket:
        await attached(socket)
        await driver.crash(session.name)

        assert await close_code(socket) in (1000, 4503)


async def test_nobody_sees_somebody_elses_terminal(
    opened: Open, bob: Person, cookie_of: Callable[[Person], Awaitable[str]]
) -> None:
    async with opened(who=await cookie_of(bob)) as socket:
        assert await close_code(socket) == 4404
    async with opened(who="") as socket:
        assert await close_code(socket) == 4401


async def test_a_foreign_page_is_refused(opened: Open) -> None:
    async with opened(origin="https://example.com") as socket:
        assert await close_code(socket) == 4403


@pytest.mark.parametrize("path", ["nodes/nobody/terminals/1"])
async def test_what_is_not_there_is_not_found(opened: Open, path: str) -> None:
    async with opened(path) as socket:
        assert await close_code(socket) == 4404


async def test_a_session_that_has_ended_is_not_ready(
    opened: Open, sessions: Sessions, session: Session
) -> None:
    await sessions.stop(session)

    async with opened() as socket:
        assert await close_code(socket) == 4409


@pytest.mark.parametrize(
    "said", ["nonsense", '{"type":"ack","bytes":-1}', '{"type":"x"}']
)
async def test_what_is_not_understood_ends_the_connection(
    opened: Open, said: str
) -> None:
    async with opened() as socket:
        await attached(socket)
        await socket.send(said)
        assert await close_code(socket) == 1008


async def test_terminals_are_listed_and_closed(
    opened: Open,
    port: int,
    session: Session,
    ada: Person,
    cookie_of: Callable[[Person], Awaitable[str]],
) -> None:
    headers = {
        "cookie": await cookie_of(ada),
        "origin": f"http://127.0.0.1:{port}",
    }
    base = f"http://127.0.0.1:{port}/api/v1/sessions/{session.id}/terminals"
    async with opened() as socket, httpx.AsyncClient(headers=headers) as client:
        await attached(socket)
        (listed,) = (await client.get(base)).json()
        assert (listed["terminal"], listed["node"], listed["ended"]) == (
            "1",
            "st1",
            False,
        )

        assert (await client.delete(f"{base}/1")).status_code == 204
        assert (await client.delete(f"{base}/1")).status_code == 204
        assert (await client.get(base)).json() == []
