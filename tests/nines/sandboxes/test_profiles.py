"""Machine images that are built when a start first needs them."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from nines.sandboxes.driver import SandboxUnavailable
from nines.sandboxes.drivers import profiles
from nines.sandboxes.drivers.profiles import Profiles, builder

pytestmark = pytest.mark.anyio

SCRIPT = """
import argparse, json, pathlib, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--out", type=pathlib.Path)
parser.add_argument("--work", type=pathlib.Path)
asked = parser.parse_args()
asked.work.mkdir(parents=True, exist_ok=True)
(asked.work / "started").touch()
if asked.name == "slow":
    time.sleep(60)
if asked.name == "broken":
    sys.exit("broken: the archive\\ndoes not answer")
asked.out.mkdir(parents=True)
(asked.out / "meta.json").write_text(json.dumps({"build_id": "1"}))
"""


class FakeBuilder:
    """Builds into `folder` once it is told to go on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.go_on = asyncio.Event()
        self.built: list[str] = []

    async def __call__(self, name: str) -> None:
        self.built.append(name)
        await self.go_on.wait()
        (self.folder / name).mkdir(parents=True)
        (self.folder / name / "meta.json").write_text(json.dumps({"build_id": "1"}))


@pytest.fixture
def fake(tmp_path: Path) -> FakeBuilder:
    return FakeBuilder(tmp_path / "profiles")


@pytest.fixture
def shelf(fake: FakeBuilder, tmp_path: Path) -> Profiles:
    return Profiles(fake.folder, tmp_path / "locks", fake)


async def test_what_is_missing_is_built_and_what_is_there_is_not(
    shelf: Profiles, fake: FakeBuilder
) -> None:
    fake.go_on.set()

    await shelf.have(["network", "tiny", "network"])
    await shelf.have(["network"])

    assert fake.built == ["network", "tiny"]


async def test_a_second_student_waits_for_the_same_build(
    shelf: Profiles, fake: FakeBuilder
) -> None:
    first = asyncio.create_task(shelf.have(["network"]))
    second = asyncio.create_task(shelf.have(["network"]))
    await asyncio.sleep(0.1)
    assert not first.done()
    assert not second.done()

    fake.go_on.set()
    await asyncio.gather(first, second)

    assert fake.built == ["network"]


async def test_a_build_goes_on_when_its_student_leaves(
    shelf: Profiles, fake: FakeBuilder
) -> None:
    leaving = asyncio.create_task(shelf.have(["network"]))
    await asyncio.sleep(0.05)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)

    fake.go_on.set()
    await asyncio.sleep(0.05)
    await shelf.have(["network"])

    assert fake.built == ["network"]


async def test_who_may_not_build_leaves_it_to_the_one_who_reads(
    fake: FakeBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    folder = tmp_path / "profiles"

    assert builder(folder) is None
    await Profiles(folder, tmp_path / "locks", builder(folder)).have(["network"])

    assert not folder.exists()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the guest's build script; its folder for profiles is returned."""
    (tmp_path / "build.py").write_text(SCRIPT)
    monkeypatch.setattr(profiles, "GUEST", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path / "var" / "profiles"


async def test_the_script_builds_beside_its_cache(script: Path) -> None:
    build = builder(script)
    assert build

    await build("network")

    assert (script / "network" / "meta.json").exists()
    assert (script.parent / "cache" / "started").exists()


async def test_a_failure_says_why_and_what_to_do(script: Path) -> None:
    build = builder(script)
    assert build

    with pytest.raises(SandboxUnavailable) as failure:
        await build("broken")

    assert str(failure.value) == (
        "The machine image “broken” could not be built: broken: the archive does not "
        "answer. Try again, or have it built with `nines images build broken`."
    )


async def test_the_script_ends_with_the_server(script: Path) -> None:
    build = builder(script)
    assert build
    running = asyncio.ensure_future(build("slow"))
    for _ in range(500):
        if (script.parent / "cache" / "started").exists():
            break
        await asyncio.sleep(0.02)

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, timeout=5)


async def test_a_build_that_hangs_is_ended(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "BUILD_WITHIN", 0.2)
    build = builder(script)
    assert build

    with pytest.raises(SandboxUnavailable, match="it took too long"):
        await build("slow")
