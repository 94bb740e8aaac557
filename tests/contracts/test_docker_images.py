"""Templates on a real engine: damaged, interrupted, wanted twice at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nines.sandboxes.driver import NodeSpec, SandboxSpec
from nines.sandboxes.drivers.container import DockerDriver
from nines.sandboxes.drivers.images import Shape
from tests.contracts.boxes import BOX, ignore
from tests.contracts.test_docker_driver import PROFILES, docker

pytestmark = [pytest.mark.anyio, pytest.mark.docker]

# A shape no lab has, so that nobody else's template is touched.
ODD = NodeSpec(name="odd", profile="storage", memory_mb=248)
SPEC = SandboxSpec(name=f"{BOX.name}-odd", nodes=(ODD,))


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[DockerDriver]:
    driver = DockerDriver(tmp_path, profiles=PROFILES)
    yield driver
    await driver.stop(SPEC.name)
    image = await driver.workshop.image()
    profile, template = sorted(
        driver.workshop.plan(image, Shape.of(ODD)), key=lambda name: "bake" in name
    )
    keep = {each.name for each in await driver.workshop.inventory()} - {template}
    await driver.workshop.prune(keep | {profile})
    await driver.close()


def volume_of(container: str) -> str:
    (found,) = json.loads("".join(docker("inspect", container)))
    return str(found["Config"]["Labels"]["nines.volume"])


async def test_a_damaged_template_is_baked_again_and_the_session_starts(
    driver: DockerDriver,
) -> None:
    image = await driver.workshop.image()
    await driver.workshop.prepare(image, [Shape.of(ODD)])
    plan = driver.workshop.plan(image, Shape.of(ODD))
    receipt = next(name for name in plan if name.startswith("nines-bake-"))
    damaged = volume_of(receipt)
    mount = f"{damaged}:/damaged"
    command = ["run", "--rm", "--user=0", "--network=none", "--entrypoint=truncate"]
    docker(*command, "-v", mount, image, "--size=1", "/damaged/state")

    await driver.start(SPEC, report=ignore)

    result = await driver.node(SPEC.name, "odd").run(["echo", "mended"])
    assert result.stdout == b"mended\n"
    assert volume_of(receipt) != damaged


async def test_two_servers_that_want_one_template_bake_it_once(
    driver: DockerDriver, tmp_path: Path
) -> None:
    image = await driver.workshop.image()
    other = DockerDriver(tmp_path, profiles=PROFILES)
    try:
        first, second = await asyncio.gather(
            driver.workshop.prepare(image, [Shape.of(ODD)]),
            other.workshop.prepare(image, [Shape.of(ODD)]),
        )
    finally:
        await other.close()

    assert first.volumes == second.volumes


async def test_a_bake_whose_server_died_counts_only_once_it_has_ended_well(
    driver: DockerDriver, tmp_path: Path
) -> None:
    image = await driver.workshop.image()
    shape = Shape.of(ODD)
    dying = asyncio.create_task(driver.workshop.prepare(image, [shape]))
    plan = driver.workshop.plan(image, shape)
    receipt = next(name for name in plan if name.startswith("nines-bake-"))
    for _ in range(600):
        if receipt in docker("ps", "--format", "{{.Names}}"):
            break
        await asyncio.sleep(0.05)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    docker("kill", receipt)
    interrupted = volume_of(receipt)

    successor = DockerDriver(tmp_path, profiles=PROFILES)
    try:
        ready = await successor.workshop.prepare(image, [shape])
    finally:
        await successor.close()

    assert interrupted not in ready.volumes
    assert volume_of(receipt) in ready.volumes
