from collections.abc import Callable

import pytest

from nines.sandboxes.driver import Node, SandboxDriver
from tests.contracts.boxes import BOX
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

    async def ping(
        self, driver: SandboxDriver, source: str, target: str
    ) -> float | None:
        return self.engine.live[BOX.name].round_trip(source, target)

    async def writes(self, node: Node) -> bool:
        return not self.engine.live[BOX.name].machines["st1"].failing

    def leftovers(self, name: str) -> list[str]:
        return [str(each) for each in self.engine.folder.glob(f"*/{name}")]
