"""Every route there is, tried by somebody who should not; new ones are tried too."""

import re
from collections.abc import Iterator
from uuid import uuid4

import anyio
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from nines.accounts.models import Person
from nines.sandboxes.keeper import Keeper
from tests.conftest import Client
from tests.fakes.labs import CALCULATION, LAB

pytestmark = pytest.mark.anyio
OPEN_TO_ALL = {("post", "/sign-in"), ("post", "/sign-out"), ("get", "/about")}
Route = tuple[str, str]


def routes(app: FastAPI) -> Iterator[Route]:
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            if path.startswith("/api/v1/"):
                yield method, path.removeprefix("/api/v1")


def filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda name: ids.get(name[1], "1"), path)


async def ask(client: AsyncClient, route: Route, ids: dict[str, str]) -> int:
    method, path = route
    body = None if method in ("get", "delete") else BODIES.get(path, {})
    answer = await client.request(method.upper(), filled(path, ids), json=body)
    return answer.status_code


BODIES: dict[str, dict[str, object]] = {
    "/sessions": {"lab": LAB},
    "/sessions/{session_id}/faults": {
        "kind": "disk.pull",
        "node": "st1",
        "disk": "vdb",
    },
    "/sessions/{session_id}/attempts": {},
    "/sessions/{session_id}/meter/predictions": {"probe": "web", "seconds": 1},
    "/draws/{draw_id}/answer": {"answers": {"sum": {"value": "5", "unit": "h"}}},
    "/me/password": {"current": "guess", "new": "a long enough guess"},
}


async def test_nobody_gets_in_without_signing_in(
    app: FastAPI, client_of: Client
) -> None:
    nobody = await client_of(None)
    closed = set(routes(app)) - OPEN_TO_ALL
    ids = {"session_id": str(uuid4()), "attempt_id": str(uuid4())}
    ids["draw_id"] = str(uuid4())

    answers = {route: await ask(nobody, route, ids) for route in closed}

    assert len(closed) > 20
    assert {route: code for route, code in answers.items() if code != 401} == {}


async def test_no_foreign_page_changes_anything(
    app: FastAPI, client: AsyncClient
) -> None:
    client.headers["origin"] = "http://evil.test"
    changing = [each for each in routes(app) if each[0] != "get"]

    answers = {route: await ask(client, route, {}) for route in changing}

    assert len(changing) > 10
    assert {route: code for route, code in answers.items() if code != 403} == {}


async def test_what_is_somebody_elses_is_not_there(
    app: FastAPI, client: AsyncClient, client_of: Client, bob: Person, keeper: Keeper
) -> None:
    session = (await client.post("/sessions", json={"lab": LAB})).json()
    draw = (await client.post(f"/calculations/{CALCULATION}/draws", json={})).json()
    await until_ready(client, session["id"])
    path = f"/sessions/{session['id']}/attempts"
    attempt = (await client.post(path, json={})).json()
    ids = {
        "session_id": session["id"],
        "attempt_id": attempt["id"],
        "draw_id": draw["id"],
        "terminal": "1",
    }
    theirs = [
        each for each in routes(app) if any(f"{{{name}}}" in each[1] for name in ids)
    ]

    other = await client_of(bob)
    answers = {route: await ask(other, route, ids) for route in theirs}

    assert len(theirs) >= 10
    assert {route: code for route, code in answers.items() if code != 404} == {}
    assert (await client.get(f"/sessions/{session['id']}")).json()["state"] == "ready"
    assert (await client.get(f"/attempts/{attempt['id']}")).status_code == 200
    assert (await client.get(f"/draws/{draw['id']}")).json()["answered"] is None


async def until_ready(client: AsyncClient, session: str) -> None:
    with anyio.fail_after(10):
        for _ in range(100):
            if (await client.get(f"/sessions/{session}")).json()["state"] == "ready":
                return
            await anyio.sleep(0.1)
