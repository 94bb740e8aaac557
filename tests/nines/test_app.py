import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from nines.app import create_app, look, reloading
from nines.background import Loop
from nines.background import running as turning
from nines.catalog.service import Catalog
from nines.db import Database, open_database, open_engine
from nines.deps import Services
from nines.web.pages import Pages
from tests.conftest import ORIGIN

pytestmark = pytest.mark.anyio


def outside(app: FastAPI) -> AsyncClient:
    return AsyncClient(
        transport=ASGITransport(app, raise_app_exceptions=False), base_url=ORIGIN
    )


async def test_it_says_that_it_lives_and_is_ready(app: FastAPI) -> None:
    async with outside(app) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).json() == {"database": "ok"}


async def test_it_is_not_ready_without_its_tables(
    services: Services, tmp_path: Path
) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    db = open_database(engine)
    app = create_app(
        services=services, pages=Pages(tmp_path), ready={"database": lambda: look(db)}
    )

    async with outside(app) as client:
        answer = await client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": "failed"}
    await engine.dispose()


async def test_metrics_name_routes_and_not_paths(app: FastAPI) -> None:
    async with outside(app) as client:
        await client.get("/api/v1/labs/not-even-a-lab")
        metrics = (await client.get("/metrics")).text

    assert 'nines_request_seconds_count{method="GET",route="/labs/{slug}"' in metrics
    assert "not-even-a-lab" not in metrics


async def test_metrics_ask_for_the_token_when_there_is_one(
    services: Services, tmp_path: Path
) -> None:
    app = create_app(
        services=services, pages=Pages(tmp_path), ready={}, metrics_token="let me in"
    )
    async with outside(app) as client:
        right = {"authorization": "Bearer let me in"}
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers=right)).status_code == 200


async def test_the_api_answers_in_one_form_whatever_is_wrong(app: FastAPI) -> None:
    @app.get("/api/v1/crash")
    async def crash() -> None:
        raise ZeroDivisionError("a secret")

    app.router.routes.insert(0, app.router.routes.pop())  # Before the pages.
    async with outside(app) as client:
        missing = await client.get("/api/v1/nothing-here")
        wrong = await client.post(
            "/api/v1/sign-in", json={}, headers={"origin": ORIGIN}
        )
        crashed = await client.get("/api/v1/crash")

    assert missing.status_code == 404
    assert missing.json()["error"] == "not_found"
    assert wrong.status_code == 422
    assert wrong.json()["error"] == "invalid_input"
    assert [each["field"] for each in wrong.json()["params"]["fields"]] == [
        "name",
        "password",
    ]
    assert crashed.status_code == 500
    assert crashed.json()["error"] == "internal"
    assert "a secret" not in crashed.text


async def test_a_crash_is_in_the_log_under_the_number_that_was_shown(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/api/v1/crash")
    async def crash() -> None:
        raise ZeroDivisionError("a secret")

    app.router.routes.insert(0, app.router.routes.pop())
    async with outside(app) as client:
        number = (await client.get("/api/v1/crash")).json()["params"]["request"]

    (record,) = [each for each in caplog.records if each.message == "request failed"]
    assert vars(record)["request"] == number
    assert record.exc_info


async def test_every_answer_carries_the_headers_that_protect(app: FastAPI) -> None:
    async with outside(app) as client:
        for path in ("/healthz", "/api/v1/me", "/api/v1/nothing", "/metrics"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
            assert len(headers["x-request-id"]) == 12
            assert "strict-transport-security" not in headers


async def test_behind_tls_browsers_are_told_to_stay_there(
    services: Services, tmp_path: Path
) -> None:
    app = create_app(
        services=services, pages=Pages(tmp_path), ready={}, https_only=True
    )
    async with outside(app) as client:
        headers = (await client.get("/healthz")).headers
    assert "max-age=" in headers["strict-transport-security"]


async def test_no_page_loads_anything_from_elsewhere(app: FastAPI) -> None:
    async with outside(app) as client:
        for path in ("/docs", "/redoc"):
            assert (await client.get(path)).status_code == 503  # No such page: ours.


async def test_a_body_that_is_too_large_is_not_read(app: FastAPI) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    own = {"origin": ORIGIN}
    async with outside(app) as client:
        large = await client.post(
            "/api/v1/sign-in", content=b"x" * 300_000, headers=own
        )
        unsaid = await client.post("/api/v1/sign-in", content=endless(), headers=own)

    assert large.status_code == 413
    assert unsaid.status_code == 411


async def test_about_says_which_nines_this_is_to_everybody(app: FastAPI) -> None:
    async with outside(app) as client:
        about = (await client.get("/api/v1/about")).json()

    assert about["version"]
    assert about["commit"] is None or len(about["commit"]) == 40
    assert about["attribution"].keys() == {"ja", "en"}


async def test_start_up_and_shutdown_go_in_opposite_orders(
    services: Services, db: Database, tmp_path: Path
) -> None:
    happened: list[str] = []
    turned = anyio.Event()

    @asynccontextmanager
    async def part(name: str) -> AsyncIterator[None]:
        happened.append(f"{name} up")
        yield
        happened.append(f"{name} down")

    async def turn() -> None:
        happened.append("turn")
        turned.set()

    app = create_app(
        services=services,
        pages=Pages(tmp_path),
        ready={},
        running=[lambda: part("engine"), lambda: part("driver")],
        loops=[Loop(name="reap", seconds=60, turn=turn)],
    )
    async with app.router.lifespan_context(app):
        await turned.wait()

    assert happened == ["engine up", "driver up", "turn", "driver down", "engine down"]


async def test_one_bad_turn_does_not_end_a_loop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = anyio.Event()
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise OSError("Docker is away for a moment.")
        done.set()

    caplog.set_level(logging.ERROR)
    async with turning([Loop(name="reap", seconds=0, turn=turn)]):
        with anyio.fail_after(5):
            await done.wait()

    assert any(each.message == "background turn failed" for each in caplog.records)


async def test_a_hangup_signal_reads_the_content_again(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)  # As under a service manager.
    before = catalog.content

    async with reloading(catalog):
        os.kill(os.getpid(), signal.SIGHUP)
        with anyio.fail_after(10):
            for _ in range(200):
                if catalog.content is not before:
                    break
                await anyio.sleep(0.05)

    assert catalog.content is not before
    assert list(catalog.content.labs) == list(before.labs)
