import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nines.config import ROOT
from nines.sandboxes.driver import SandboxDriver
from nines.sandboxes.drivers.container import DockerDriver
from tests.contracts.driver_contract import DriverContract

PROFILES = ROOT / "var" / "profiles"


def docker(*arguments: str) -> list[str]:
    command = ["docker", *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.split()


@pytest.mark.docker
class TestDockerDriver(DriverContract):
    @pytest.fixture(scope="class")
    @classmethod
    def state(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("state")

    @pytest.fixture(scope="class")
    @classmethod
    def new_driver(cls, state: Path) -> Callable[[], SandboxDriver]:
        cls.links = state / "links"
        return lambda: DockerDriver(state, profiles=PROFILES)

    links: Path

    def leftovers(self, name: str) -> list[str]:
        label = f"label=nines.session={name}"
        return [
            *docker("ps", "-aq", "--filter", label),
            *docker("volume", "ls", "-q", "--filter", label),
            *(str(each) for each in self.links.glob(name)),
        ]
