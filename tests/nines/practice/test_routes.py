"""The routes on an app of their own, with the platform's error bodies."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import select

from nines import deps
from nines.accounts.models import Person
from nines.catalog.service import Catalog
from nines.db import Database
from nines.practice.routes import router
from nines.practice.service import Practice
from nines.web.problems import show_errors

pytestmark = pytest.mark.anyio


class Signed:
    """Who the requests come from."""

    person_id: UUID


@pytest.fixture
async def signed(ada: UUID) -> Signed:
    signed = Signed()
    signed.person_id = ada
    return signed


@pytest.fixture
async def client(
    practice: Practice, catalog: Catalog, db: Database, signed: Signed
) -> AsyncIterator[AsyncClient]:
    class Services:
        pass

    async def current() -> Person:
        async with db() as session:
            look = select(Person).where(Person.id == signed.person_id)
            return (await session.scalars(look)).one()

    app = FastAPI()
    app.state.services = Services()
    app.state.services.practice = practice
    app.state.services.catalog = catalog
    app.dependency_overrides[deps.current_person] = current
    app.include_router(router, prefix="/api/v1")
    show_errors(app)
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://test/api/v1"
    ) as client:
        yield client


async def drawn(client: AsyncClient, slug: str) -> dict[str, Any]:
    response = await client.post(f"/calculations/{slug}/draws", json={})
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


async def answer(client: AsyncClient, draw: str, **answers: dict[str, str]) -> Any:
    return await client.post(f"/draws/{draw}/answer", json={"answers": answers})


async def test_a_draw_has_everything_the_page_shows(client: AsyncClient) -> None:
    draw = await drawn(client, "ch01-record")

    assert draw["generator"] == "G03"
    assert draw["sections"] == ["1.1.2"]
    assert draw["title"].keys() == draw["text"].keys() == {"ja", "en"}
    assert draw["text"]["ja"].startswith("<p>")
    assert draw["given"][0].keys() == {"key", "label", "value", "unit"}
    assert [ask["key"] for ask in draw["asks"]] == ["mtbf", "mttr"]
    assert draw["asks"][0]["units"][0] == {
        "key": "h",
        "label": {"ja": "時間", "en": "hours"},
    }
    assert draw["figure"]["kind"] == "timeline"
    assert draw["figure"]["down"][0].keys() == {"start_h", "end_h"}
    assert (draw["streak"], draw["needed"], draw["answered"]) == (0, 3, None)


async def test_nothing_of_the_answer_is_sent_before_it_is_given(
    client: AsyncClient,
) -> None:
    for slug in ("ch01-availability", "ch01-downtime", "ch01-cost", "ch01-series"):
        draw = await drawn(client, slug)
        assert draw["answered"] is None
        assert draw["figure"] is None or slug == "ch01-series"
        assert not {"values", "seed", "solution"} & draw.keys()


async def test_an_answer_gets_its_verdict_and_the_draw_keeps_it(
    client: AsyncClient, practice: Practice, ada: UUID
) -> None:
    draw = await drawn(client, "ch01-record")
    solution = (await practice.draw(ada, "ch01-record")).exercise.solution

    response = await answer(
        client,
        draw["id"],
        mtbf={"value": f"{solution['mtbf']:,.2f}", "unit": "h"},
        mttr={"value": "0.001", "unit": "h"},
    )

    verdict = response.json()
    assert response.status_code == 200
    assert verdict["correct"] is False
    outcomes = {each["key"]: each["outcome"] for each in verdict["asks"]}
    assert outcomes == {"mtbf": "right", "mttr": "wrong"}
    assert verdict["asks"][0]["expected"]["unit"] == {"ja": "時間", "en": "hours"}
    assert verdict["explanation"][-1].keys() == {"text", "formula", "result"}
    assert (verdict["streak"], verdict["needed"], verdict["done"]) == (0, 3, False)
    again = (await client.get(f"/draws/{draw['id']}")).json()
    assert again["answered"] == verdict
    assert again["answers"]["mttr"] == {"value": "0.001", "unit": "h"}


async def test_a_known_slip_is_explained_in_both_languages(
    client: AsyncClient, practice: Practice, ada: UUID
) -> None:
    draw = await drawn(client, "ch01-series")
    exercise = (await practice.draw(ada, "ch01-series")).exercise
    slips = {slip.name: value for slip, value in exercise.slips("availability")}

    response = await answer(
        client,
        draw["id"],
        availability={"value": str(slips["minimum"] * 100), "unit": "percent"},
    )

    ask = response.json()["asks"][0]
    assert ask["outcome"] == "mistake"
    assert "1.1.3" in ask["message"]["ja"]
    assert "1.1.3" in ask["message"]["en"]


async def test_an_unreadable_answer_says_why_and_loses_nothing(
    client: AsyncClient,
) -> None:
    draw = await drawn(client, "ch01-series")

    response = await answer(
        client, draw["id"], availability={"value": "ぜんぶ", "unit": "percent"}
    )

    body = response.json()
    assert response.status_code == 422
    assert body["error"] == "unreadable_answer"
    assert body["params"]["key"] == "availability"
    assert "「ぜんぶ」" in body["params"]["message"]["ja"]
    assert (await client.get(f"/draws/{draw['id']}")).json()["answered"] is None


async def test_a_second_answer_is_refused(client: AsyncClient) -> None:
    draw = await drawn(client, "ch01-series")
    await answer(client, draw["id"], availability={"value": "0.4", "unit": "fraction"})

    response = await answer(
        client, draw["id"], availability={"value": "0.5", "unit": "fraction"}
    )

    assert response.status_code == 409
    assert response.json()["error"] == "already_answered"


async def test_other_peoples_draws_are_not_found(
    client: AsyncClient, signed: Signed, grace: UUID
) -> None:
    draw = await drawn(client, "ch01-series")
    signed.person_id = grace

    response = await client.get(f"/draws/{draw['id']}")

    assert (response.status_code, response.json()["error"]) == (404, "draw_not_found")


async def test_a_calculation_tells_the_streak_and_the_history(
    client: AsyncClient, practice: Practice, ada: UUID
) -> None:
    draw = await drawn(client, "ch01-downtime")
    exercise = (await practice.draw(ada, "ch01-downtime")).exercise
    hours = exercise.solution["down"]
    await answer(client, draw["id"], down={"value": f"{hours:.9f}", "unit": "h"})

    calculation = (await client.get("/calculations/ch01-downtime")).json()
    history = (await client.get("/calculations/ch01-downtime/draws")).json()

    assert (calculation["generator"], calculation["streak"]) == ("G05", 1)
    assert calculation["done"] is False
    assert [(each["id"], each["correct"]) for each in history] == [(draw["id"], True)]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_there_is_no_unknown_calculation(
    client: AsyncClient, method: str
) -> None:
    path = "/calculations/ch99-x" + ("/draws" if method == "POST" else "")
    response = await client.request(method, path)

    assert response.status_code == 404
    assert response.json()["error"] == "calculation_not_found"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"answers": []},
        {"answers": {"a": {"value": 1, "unit": "h"}}},
        {"answers": {"a": {"value": "1"}}},
        {"answers": {"a": {"value": "9" * 201, "unit": "h"}}},
        {"answers": {}, "extra": 1},
    ],
)
async def test_a_body_of_another_shape_is_refused(
    client: AsyncClient, body: object
) -> None:
    draw = await drawn(client, "ch01-series")

    response = await client.post(f"/draws/{draw['id']}/answer", json=body)

    assert response.status_code == 422
