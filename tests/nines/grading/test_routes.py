"""The wire: what of an attempt crosses HTTP, and who may see it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import pytest
from httpx import AsyncClient

from nines.accounts.models import Person
from nines.sandboxes.keeper import Keeper
from tests.fakes.driver import FakeDriver
from tests.fakes.labs import LAB

pytestmark = pytest.mark.anyio

Client = Callable[[Person | None], Awaitable[AsyncClient]]


@pytest.fixture
async def driver() -> AsyncIterator[FakeDriver]:
    """The shared one, without a sandbox of its own."""
    driver = FakeDriver()
    yield driver
    await driver.end()


async def ready_session(client: AsyncClient) -> str:
    made = await client.post("/sessions", json={"lab": LAB})
    assert made.status_code == 202, made.text
    session = made.json()
    with anyio.fail_after(10):
        while session["state"] != "ready":
            await anyio.sleep(0.02)
            session = (await client.get(f"/sessions/{session['id']}")).json()
    return str(session["id"])


async def test_an_attempt_is_asked_for_watched_and_kept(
    client: AsyncClient, client_of: Client, bob: Person, keeper: Keeper
) -> None:
    session = await ready_session(client)

    asked = await client.post(f"/sessions/{session}/attempts", json={})
    assert asked.status_code == 202
    attempt = asked.json()
    assert (attempt["state"], attempt["lab"]) == ("running", LAB)
    with anyio.fail_after(30):
        while attempt["state"] == "running":
            await anyio.sleep(0.05)
            attempt = (await client.get(f"/attempts/{attempt['id']}")).json()

    assert attempt["state"] == "complete"
    assert {each["outcome"] for each in attempt["results"]} <= {
        "passed",
        "failed",
        "skipped",
    }
    listed = (await client.get(f"/sessions/{session}/attempts")).json()
    of_lab = (await client.get(f"/labs/{LAB}/attempts")).json()
    assert [each["id"] for each in listed] == [attempt["id"]]
    assert of_lab == listed

    other = await client_of(bob)
    for path in (f"/attempts/{attempt['id']}", f"/sessions/{session}/attempts"):
        assert (await other.get(path)).status_code == 404


async def test_only_instructors_see_broken_checks(
    client: AsyncClient, client_of: Client, grace: Person
) -> None:
    assert (await client.get("/broken")).status_code == 403
    assert (await (await client_of(grace)).get("/broken")).json() == []


async def test_an_unknown_step_is_not_found(
    client: AsyncClient, keeper: Keeper
) -> None:
    session = await ready_session(client)

    asked = await client.post(f"/sessions/{session}/attempts", json={"step": "no"})

    assert asked.status_code == 404
    assert asked.json()["error"] == "step_not_found"
