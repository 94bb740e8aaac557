"""What sessions start from is missing, damaged, or finds no room on the disk."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nines.config import ROOT
from nines.sandboxes.driver import (
    DiskSpec,
    Event,
    NodeSpec,
    NodeUnreachable,
    Phase,
    SandboxSpec,
    SandboxUnavailable,
)
from nines.sandboxes.drivers import docker as engine
from nines.sandboxes.drivers.container import DockerDriver, data_volume
from nines.sandboxes.drivers.images import Shape
from nines.sandboxes.drivers.workshop import Ready, Workshop

pytestmark = [pytest.mark.anyio, pytest.mark.docker]

PROFILES = ROOT / "var" / "profiles"
# A shape no lab has: nobody else uses the template that is damaged here.
NODE = NodeSpec(
    name="st1",
    profile="storage",
    memory_mb=176,
    disks=(DiskSpec(name="vdb", size_mb=8),),
)
BOX = SandboxSpec(name="nines-faults-images", nodes=(NODE,))


def ignore(_phase: Phase) -> None:
    pass


def docker(*arguments: str) -> str:
    command = ["docker", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
async def driver(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[DockerDriver]:
    driver = DockerDriver(tmp_path_factory.mktemp("state"), profiles=PROFILES)
    await forget(driver)
    yield driver
    await driver.stop(BOX.name)
    await forget(driver)
    await driver.close()


@pytest.fixture(scope="module")
async def template(driver: DockerDriver) -> str:
    """The volume of a template that works."""
    await driver.start(BOX, report=ignore)
    await driver.stop(BOX.name)
    return docker(
        "inspect",
        "-f",
        '{{index .Config.Labels "nines.volume"}}',
        *await receipts(driver),
    )


async def receipts(driver: DockerDriver) -> list[str]:
    """Of our shape's template, where it is there."""
    image = await driver.workshop.image()
    wanted = driver.workshop.plan(image, Shape.of(NODE))
    kept = await driver.workshop.inventory()
    return [
        each.name
        for each in kept
        if each.name in wanted and each.name.startswith("nines-bake-")
    ]


async def forget(driver: DockerDriver) -> None:
    for name in await receipts(driver):
        volume = docker(
            "inspect", "-f", '{{index .Config.Labels "nines.volume"}}', name
        )
        docker("rm", "-f", name)
        docker("volume", "rm", "-f", volume)


def in_volume(volume: str, code: str) -> None:
    """Run Python over a volume, which lies at /v."""
    image = docker("image", "ls", "-q", "nines-sandbox").split()[0]
    python = ["--entrypoint", "/usr/bin/python3", image, "-c", code]
    docker("run", "--rm", "-u", "0", "-v", f"{volume}:/v", *python)


def tight(monkeypatch: pytest.MonkeyPatch, begins: str, size_mb: int) -> None:
    """Volumes named like that are disks of their own, of that size."""
    create = engine.Engine.create

    def create_tight(self: engine.Engine, order: engine.Order) -> str:
        for volume in order.own_volumes:
            if volume.startswith(begins):
                size = f"o=size={size_mb}m,uid=1000,gid=1000"
                kind = ["--opt", "type=tmpfs", "--opt", "device=tmpfs"]
                labels = ["--label", "nines=1"]
                docker("volume", "create", *kind, "--opt", size, *labels, volume)
        return create(self, order)

    monkeypatch.setattr(engine.Engine, "create", create_tight)


async def test_a_disk_that_is_full_while_baking_is_told(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight(monkeypatch, "nines-template-", 64)

    with pytest.raises(SandboxUnavailable) as refused:
        await driver.start(BOX, report=ignore)

    assert "It needs 272 MB of disk. The disk has 64 MB left." in str(refused.value)
    assert BOX.name not in await driver.names()
    assert await receipts(driver) == []


async def test_a_disk_that_is_nearly_full_is_told_before_anything_starts(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await driver.room(BOX)

    async def few(_: Workshop) -> int:
        return 1000

    monkeypatch.setattr(Workshop, "disk_free_mb", few)

    with pytest.raises(SandboxUnavailable, match="disk of the Docker engine is full"):
        await driver.room(BOX)


DAMAGES = {
    "memory cut short": "open('/v/ram', 'r+b').truncate(64 << 20)",
    "memory full of holes": "import os; size = os.path.getsize('/v/ram'); "
    "os.truncate('/v/ram', 0); os.truncate('/v/ram', size)",
    "a flipped byte in the state": "f = open('/v/state', 'r+b'); f.seek(5000); "
    "byte = f.read(1)[0]; f.seek(5000); f.write(bytes([byte ^ 1]))",
    "no disk": "import os; os.unlink('/v/snap.qcow2')",
    "no description": "import os; os.unlink('/v/meta.json')",
    "a torn description": "open('/v/meta.json', 'r+b').truncate(40)",
}
SAVE = "import shutil; shutil.copytree('/v', '/v/.saved')"
UNDO = (
    "import os, shutil; names = os.listdir('/v/.saved'); "
    "[shutil.copy2('/v/.saved/' + n, '/v/' + n) for n in names]; "
    "[os.chown('/v/' + n, 1000, 1000) for n in names]; shutil.rmtree('/v/.saved')"
)


class Noticed(Exception):
    pass


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_template_is_noticed(
    damage: str, driver: DockerDriver, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def notice(_: Workshop, ready: Ready) -> None:
        raise Noticed

    monkeypatch.setattr(Workshop, "rebake", notice)
    in_volume(template, SAVE)
    in_volume(template, DAMAGES[damage])
    try:
        with pytest.raises(Noticed):
            await driver.start(BOX, report=ignore)
    finally:
        in_volume(template, UNDO)
    assert BOX.name not in await driver.names()


async def test_a_damaged_template_is_made_again_and_the_lab_starts(
    driver: DockerDriver, template: str
) -> None:
    in_volume(template, DAMAGES["memory cut short"])
    phases: list[Phase] = []

    await driver.start(BOX, report=phases.append)

    assert phases.count(Phase.TEMPLATE) == 2
    assert phases[-1] is Phase.READY
    result = await driver.node(BOX.name, "st1").run(["hostname"])
    assert result.stdout == b"st1\n"
    await driver.stop(BOX.name)
    assert template not in docker("volume", "ls", "-q").split()


async def test_a_missing_machine_image_is_told(
    driver: DockerDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # Root would build it.
    elsewhere = DockerDriver(tmp_path / "state", profiles=tmp_path / "none")

    with pytest.raises(SandboxUnavailable) as refused:
        await elsewhere.start(BOX, report=ignore)
    await elsewhere.close()

    assert str(refused.value) == (
        "The machine image “storage” has not been built here. "
        "Build it with `nines images build storage`."
    )


async def test_a_missing_session_image_is_told(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "IMAGE", "nines-no-such-image")

    with pytest.raises(SandboxUnavailable) as refused:
        await driver.start(BOX, report=ignore)

    assert str(refused.value) == (
        "The session image has not been built here. Build it with `make up`."
    )


async def test_a_machine_waits_while_the_host_has_no_room_and_loses_nothing(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight(monkeypatch, BOX.name, 120)
    await driver.start(BOX, report=ignore)
    node = driver.node(BOX.name, "st1")
    happened: list[Event] = []

    async def listen() -> None:
        async for event in driver.events(BOX.name):
            happened.append(event)

    async def until(kind: str) -> None:
        async with asyncio.timeout(60):
            while kind not in {each.kind for each in happened}:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    listening = asyncio.ensure_future(listen())
    in_volume(data_volume(BOX.name), "open('/v/filler', 'wb').write(bytes(90 << 20))")
    fill = "dd if=/dev/urandom of=/root/x bs=1M count=60 && sync && md5sum < /root/x"
    writing = asyncio.ensure_future(node.run(["sh", "-c", fill], timeout=60))
    await until("node.paused")
    with pytest.raises(NodeUnreachable):
        await node.read_file("/etc/hostname")

    in_volume(data_volume(BOX.name), "import os; os.unlink('/v/filler')")

    await until("node.resumed")
    written = await writing
    assert written.exit_code == 0, written.stderr
    again = await node.run(
        ["sh", "-c", "echo 3 > /proc/sys/vm/drop_caches; md5sum < /root/x"]
    )
    assert again.stdout == written.stdout
    assert [each.kind for each in happened].count("node.paused") == 1
    listening.cancel()
    await asyncio.wait([listening])
    await driver.stop(BOX.name)
