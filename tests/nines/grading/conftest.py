from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from labkit.manifest import LabFolder
from nines.grading.examination import CheckResult, Examination
from nines.grading.machines import Machines
from nines.sandboxes.driver import DiskSpec, NodeSpec, SandboxSpec
from tests.fakes.driver import FakeDriver

SANDBOX = "nines-test"

Grade = Callable[[LabFolder], Awaitable[dict[str, CheckResult]]]


@pytest.fixture
async def driver() -> AsyncIterator[FakeDriver]:
    """With one sandbox: st1 with two disks."""
    fake = FakeDriver()
    disks = (DiskSpec(name="vdb", size_mb=16), DiskSpec(name="vdc", size_mb=16))
    node = NodeSpec(name="st1", profile="base", disks=disks)
    await fake.start(SandboxSpec(name=SANDBOX, nodes=(node,)), report=lambda _: None)
    yield fake
    await fake.end()


@pytest.fixture
def machines(driver: FakeDriver) -> Machines:
    async def remember(*_: object) -> None: ...

    return Machines(driver=driver, sandbox=SANDBOX, nodes=("st1",), remember=remember)


@pytest.fixture
def grade(machines: Machines) -> Grade:
    """Run all checks of a lab against the sandbox."""

    async def run(lab: LabFolder) -> dict[str, CheckResult]:
        results: dict[str, CheckResult] = {}

        async def began(_: object) -> None: ...

        async def settled(result: CheckResult) -> None:
            results[result.check] = result

        examination = Examination(lab=lab, machines=machines)
        await examination.run(lab.checks, began=began, settled=settled)
        return results

    return run
