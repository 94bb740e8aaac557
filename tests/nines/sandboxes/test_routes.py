import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from nines.accounts.cookie import NAME as COOKIE
from nines.accounts.models import Person
from nines.accounts.service import Accounts
from nines.sandboxes.driver import Fault
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.service import Sessions
from tests.conftest import PASSWORD, Client
from tests.fakes.driver import FakeDriver
from tests.fakes.labs import LAB
from tests.nines.sandboxes.serving import serving

pytestmark = pytest.mark.anyio

Told = dict[str, Any]
PULL = {"kind": "disk.pull", "node": "st1", "disk": "vdb"}


async def become_ready(client: httpx.AsyncClient) -> Told:
    asked = await client.post("/sessions", json={"lab": LAB})
    assert asked.status_code == 202, asked.text
    for _ in range(500):
        shown: Told = (await client.get(f"/sessions/{asked.json()['id']}")).json()
        if shown["state"] == "ready":
            return shown
        await asyncio.sleep(0.01)
    raise AssertionError(f"It is {shown['state']}.")


async def test_a_session_is_asked_for_seen_and_ended(
    client: httpx.AsyncClient, keeper: Keeper
) -> None:
    assert (await client.get("/sessions/live")).json() is None
    session = await become_ready(client)

    assert session["lab"] == LAB
    assert session["phase"] == "ready"
    assert session["extensions_left"] == 4
    assert session["nodes"][0]["power"] == "on"
    assert (await client.get("/sessions/live")).json()["id"] == session["id"]

    assert (await client.delete(f"/sessions/{session['id']}")).status_code == 204
    assert (await client.get("/sessions/live")).json() is None


async def test_a_second_session_is_refused_with_the_first(
    client: httpx.AsyncClient,
) -> None:
    first = (await client.post("/sessions", json={"lab": LAB})).json()

    second = await client.post("/sessions", json={"lab": LAB})

    assert second.status_code == 409
    assert second.json()["error"] == "session_already_live"
    assert second.json()["params"] == {"id": first["id"], "lab": LAB}


async def test_a_lab_that_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    refused = await client.post("/sessions", json={"lab": "ch99-nothing"})

    assert refused.status_code == 404
    assert refused.json()["error"] == "lab_not_found"


async def test_faults_are_those_the_lab_allows(
    client: httpx.AsyncClient, keeper: Keeper
) -> None:
    session = await become_ready(client)
    path = f"/sessions/{session['id']}/faults"

    pulled = await client.post(path, json=PULL)
    again = await client.post(path, json=PULL)
    power = await client.post(path, json={"kind": "power.off", "node": "st1"})

    assert pulled.status_code == 200
    assert [each["kind"] for each in pulled.json()["events"]] == ["fault.disk.pull"]
    assert (again.status_code, again.json()["error"]) == (409, "fault_refused")
    assert again.json()["params"] == {"reason": "disk_absent"}
    assert (power.status_code, power.json()["error"]) == (403, "fault_not_allowed")
    log = (await client.get(f"/sessions/{session['id']}/log")).json()
    assert log[-1]["kind"] == "fault.disk.pull"
    assert log[-1]["disk"] == "vdb"


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "disk.pull", "node": "st1"},
        {"kind": "disk.pull", "node": "st1", "disk": "vdb", "segment": "lan"},
        {"kind": "disk.eat", "node": "st1"},
        {"kind": "net.shape", "segment": "lan", "delay_ms": -1},
        {"kind": "net.shape", "segment": "lan", "loss_percent": "nan"},
        {"kind": "process.kill", "node": "st1", "process": "a-name-of-17-chars"},
        {"kind": "cable.cut", "node": "../etc", "nic": "eth0"},
    ],
)
async def test_a_fault_that_makes_no_sense_is_invalid(
    client: httpx.AsyncClient, keeper: Keeper, body: Told
) -> None:
    session = await become_ready(client)

    refused = await client.post(f"/sessions/{session['id']}/faults", json=body)

    assert refused.status_code == 422, refused.text


async def test_extensions_and_resets(client: httpx.AsyncClient, keeper: Keeper) -> None:
    session = await become_ready(client)
    path = f"/sessions/{session['id']}"

    extended = (await client.post(f"{path}/extend")).json()
    reset = await client.post(f"{path}/reset")

    assert extended["extensions_left"] == 3
    assert extended["seconds_left"] > session["seconds_left"]
    assert (reset.status_code, reset.json()["state"]) == (202, "queued")
    assert reset.json()["id"] == session["id"]


async def test_nobody_sees_somebody_elses_session(
    client: httpx.AsyncClient, client_of: Client, bob: Person
) -> None:
    session = (await client.post("/sessions", json={"lab": LAB})).json()
    theirs = await client_of(bob)
    path = f"/sessions/{session['id']}"

    answers = [
        await theirs.get(path),
        await theirs.delete(path),
        await theirs.post(f"{path}/extend"),
        await theirs.post(f"{path}/reset"),
        await theirs.post(f"{path}/faults", json=PULL),
        await theirs.get(f"{path}/log"),
        await theirs.get(f"{path}/events"),
    ]

    assert {each.status_code for each in answers} == {404}
    assert {each.json()["error"] for each in answers} == {"session_not_found"}


@asynccontextmanager
async def stream(
    port: int, accounts: Accounts, person: Person, session: str, **headers: str
) -> AsyncIterator[AsyncIterator[tuple[str, Told, str]]]:
    """The session's event stream as (event, data, id)."""
    _, token = await accounts.sign_in(
        name=person.name, password=PASSWORD, address="127.0.0.1"
    )
    url = f"http://127.0.0.1:{port}/api/v1/sessions/{session}/events"
    headers["cookie"] = f"{COOKIE}={token}"
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")

        async def events() -> AsyncIterator[tuple[str, Told, str]]:
            found: dict[str, str] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    found[name] = value
                elif "data" in found:
                    data = json.loads(found["data"])
                    yield found["event"], data, found.get("id", "")
                    found = {}

        yield events()


async def test_the_stream_tells_how_it_is_and_what_happens_and_resumes(
    app: FastAPI,
    client: httpx.AsyncClient,
    keeper: Keeper,
    sessions: Sessions,
    driver: FakeDriver,
    accounts: Accounts,
    ada: Person,
) -> None:
    session = await become_ready(client)
    name = next(iter(driver.live))
    async with serving(app) as port:
        async with stream(port, accounts, ada, session["id"]) as events:
            kind, data, _ = await anext(events)
            assert (kind, data["state"]) == ("session", "ready")

            pull = Fault(kind="disk.pull", node="st1", disk="vdb")
            await driver.inject(name, pull)
            last = ""
            async for kind, data, number in events:
                if kind == "happened" and data["kind"] == "fault.disk.pull":
                    last = number
                    break
            assert str(data["n"]) == last
            kind, data, _ = await anext(events)
            assert kind == "session"
            assert not data["nodes"][0]["disks"][0]["present"]

        await driver.inject(name, Fault(kind="disk.insert", node="st1", disk="vdb"))
        path = session["id"]
        more = {"last-event-id": last}
        async with stream(port, accounts, ada, path, **more) as events:
            assert (await anext(events))[0] == "session"
            kind, data, number = await anext(events)
            assert (kind, data["kind"]) == ("happened", "fault.disk.insert")
            assert int(number) == int(last) + 1


async def test_an_open_stream_does_not_keep_the_server_from_stopping(
    app: FastAPI,
    client: httpx.AsyncClient,
    sessions: Sessions,
    accounts: Accounts,
    ada: Person,
) -> None:
    session = (await client.post("/sessions", json={"lab": LAB})).json()
    async with (
        serving(app) as port,
        stream(port, accounts, ada, session["id"]) as events,
    ):
        assert (await anext(events))[0] == "session"

        sessions.hub.close()

        assert [each async for each in events] == []
