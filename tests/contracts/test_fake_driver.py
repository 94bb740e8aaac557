from collections.abc import Callable

import pytest

from nines.sandboxes.driver import SandboxDriver
from tests.contracts.driver_contract import DriverContract
from tests.fakes.driver import FakeDriver, FakeEngine


class TestFakeDriver(DriverContract):
    engine = FakeEngine()

    @pytest.fixture(scope="class")
    @classmethod
    def new_driver(cls) -> Callable[[], SandboxDriver]:
        return lambda: FakeDriver(cls.engine)

    def in_node(self, path: str) -> str:
        return path.lstrip("/")  # Commands start in the machine's folder.

    def leftovers(self, name: str) -> list[str]:
        return [str(each) for each in self.engine.folder.glob(f"*/{name}")]
