"""Labs on real machines: those that changed since `nines lab prove` recorded them, and
each day another one of the rest."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labkit.manifest import find_labs, read_lab, slug_of
from nines.cli.lab import proofs
from nines.config import ROOT, Settings
from nines.grading.prove import prove
from nines.sandboxes.driver import SandboxDriver
from nines.sandboxes.drivers.container import DockerDriver

pytestmark = [pytest.mark.anyio, pytest.mark.docker]

LABS = find_labs(ROOT / "labs")
TODAYS = LABS[datetime.now(UTC).toordinal() % len(LABS)]


def is_due(folder: Path) -> bool:
    recorded = proofs(ROOT / "labs").get(slug_of(folder))
    return folder == TODAYS or recorded != read_lab(folder).content_hash


DUE = [folder for folder in LABS if is_due(folder)]


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SandboxDriver]:
    driver = DockerDriver(tmp_path / "state", profiles=Settings.read().profiles_dir)
    yield driver
    await driver.close()


@pytest.mark.parametrize("folder", DUE, ids=slug_of)
async def test_a_lab_is_proved(folder: Path, engine: SandboxDriver) -> None:
    lab = read_lab(folder)

    trials = await prove(engine, lab)

    assert {trial.name: trial.problems for trial in trials if not trial.ok} == {}
    assert await engine.names() == set()
