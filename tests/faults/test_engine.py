"""Without a Docker engine the pages stay, and everybody is told what to do."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bootstrap import machine
from bootstrap.phases import Stopped, fail
from tests.bench.client import LAB, Student
from tests.e2e.server import RunningServer, ServerFailed

pytestmark = pytest.mark.anyio

NOBODY_THERE = "No Docker engine answers. Start it, for example with `make up`; "
FORBIDDEN = (
    "The server may not use the Docker engine. "
    "Add its user to the group `docker` and sign in again."
)
# Root may do everything; without these two it meets file modes as everybody does.
AS_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


@pytest.fixture(scope="module", params=["missing", "foreign"])
def reason(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def engine(reason: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where an engine's socket should be, and is not, or is somebody else's."""
    path = tmp_path_factory.mktemp("engine") / "docker.sock"
    if reason == "missing":
        yield path
        return
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(path))
        foreign.listen()
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
            path.chmod(0o600)
        else:
            path.chmod(0)
        yield path


@pytest.fixture(scope="module")
def server(reason: str, engine: Path) -> Iterator[RunningServer]:
    with RunningServer(
        engine.parent / "state",
        settings={"DOCKER_HOST": f"unix://{engine}"},
        through=AS_ANYBODY if reason == "foreign" and os.geteuid() == 0 else (),
        up_at="/healthz",
    ) as running:
        yield running


async def test_a_lab_fails_with_a_sentence_and_the_pages_stay(
    reason: str, server: RunningServer
) -> None:
    student = await Student.sign_in(server, "student")
    session = (await student.post("sessions", lab=LAB)).json()["id"]
    while (found := await student.get(f"sessions/{session}"))["state"] == "queued":
        pass

    assert found["state"] == "failed"
    assert found["reason"]["code"] == "sandbox_unavailable"
    sentence = FORBIDDEN if reason == "foreign" else NOBODY_THERE
    assert found["reason"]["detail"].startswith(sentence)
    assert len(await student.get("chapters")) == 12
    assert (await student.get(f"labs/{LAB}"))["slug"] == LAB
    draw = (await student.post("calculations/ch01-record/draws")).json()
    assert draw["generator"]
    async with httpx.AsyncClient(base_url=server.url) as visitor:
        ready = await visitor.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        503,
        {"database": "ok", "engine": "failed"},
    )
    # Nobody is in the way of the next try.
    assert await student.get("sessions/live") is None
    await student.http.aclose()
    log = server.log_tail(400)
    assert sentence in log
    assert "Traceback" not in log


async def test_the_doctor_says_it(reason: str, server: RunningServer) -> None:
    sentence = FORBIDDEN if reason == "foreign" else NOBODY_THERE

    with pytest.raises(ServerFailed) as failed:
        server.run("doctor")

    assert f"MISSING Docker engine: {sentence}" in str(failed.value)


def test_make_up_names_the_engine_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = f"unix://{tmp_path}/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", host)

    with pytest.raises(Stopped) as stopped:
        machine.start_engine()

    assert fail(stopped.value) == 1
    told = capsys.readouterr()
    assert "▸ Docker engine" in told.out
    assert f"✘ The Docker engine DOCKER_HOST names does not answer: {host}" in told.err
    assert "→ Start it, or unset DOCKER_HOST" in told.err


def test_make_up_shows_why_an_engine_ended_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "engine.log"
    log.write_text("first\nfailed to start daemon: it is running already\n")
    monkeypatch.setattr(machine, "ENGINE_LOG", log)
    monkeypatch.setattr(machine, "ENGINE_PID", tmp_path / "engine.pid")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    with pytest.raises(Stopped, match="it is running already"):
        machine.wait_for_engine(ended)


def test_make_up_says_how_to_be_allowed_to_use_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in (
        ("docker", '[ "$AS_ROOT" ] || exit 1; echo 20.10'),
        ("sudo", 'AS_ROOT=1 exec "$@"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(Stopped, match="you may not use it") as stopped:
        machine.start_engine()

    assert "usermod -aG docker" in stopped.value.advice
