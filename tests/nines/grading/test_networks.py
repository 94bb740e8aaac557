"""Checks that break a network, a cable, a disk or a machine: it is undone after."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labkit.checks import Outcome
from labkit.manifest import LabFolder
from nines.grading.examination import CheckResult, Examination
from nines.grading.machines import Machines
from nines.sandboxes.driver import Fault, NodeState, SegmentState
from nines.sandboxes.lab_spec import sandbox_spec
from tests.fakes.driver import FakeDriver
from tests.fakes.lab import lab_with

pytestmark = pytest.mark.anyio

NAME = "nines-pair"
FAULTS = {
    "segment": 'Fault("segment.off", segment="lan")',
    "partition": 'Fault("net.partition", "st1", peer="st2")',
    "one_way": 'Fault("net.partition", "st1", peer="st2", segment="lan", one_way=True)',
    "shape": 'Fault("net.shape", segment="lan", delay_ms=5, loss_percent=1)',
    "slow_node": 'Fault("net.shape", "st2", segment="lan", rate_kbit=100)',
    "cable": 'Fault("cable.cut", "st2", nic="eth0")',
    "disk": 'Fault("disk.fail", "st1", "vdb", access="read", sectors=(8, 15))',
    "freeze": 'Fault("node.freeze", "st2")',
}
State = tuple[tuple[NodeState, ...], tuple[SegmentState, ...]]


class Pair:
    """Two machines on a segment, and what is seen of them while a check looks."""

    def __init__(self, driver: FakeDriver) -> None:
        self.driver = driver
        self.stored: list[list[Fault]] = []

        async def remember(faults: list[Fault], _owed: object) -> None:
            self.stored.append(list(faults))

        self.machines = Machines(
            driver=driver,
            sandbox=NAME,
            nodes=("st1", "st2"),
            remember=remember,  # type: ignore[arg-type]
        )

    async def state(self) -> State:
        return await self.driver.nodes(NAME), await self.driver.segments(NAME)

    async def grade(self, lab: LabFolder) -> dict[str, CheckResult]:
        results: dict[str, CheckResult] = {}

        async def began(_: object) -> None: ...

        async def settled(result: CheckResult) -> None:
            results[result.check] = result

        examination = Examination(lab=lab, machines=self.machines)
        await examination.run(lab.checks, began=began, settled=settled)
        return results


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    driver = FakeDriver()
    lab = lab_with(
        tmp_path,
        "a = made('a', lambda lab: None, points=10)\n",
        "a",
        disks=1,
        pair=True,
    )
    await driver.start(sandbox_spec(lab, NAME), report=lambda _: None)
    yield Pair(driver)
    await driver.end()


def under(tmp_path: Path, fault: str, inspect: str = "None") -> LabFolder:
    source = (
        f"holds = made('holds', lambda lab: {inspect}, points=10, "
        f"mode=UnderFault({fault}))\n"
    )
    return lab_with(tmp_path / "lab", source, "holds", disks=1, pair=True)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_in_force_while_a_check_looks_and_not_afterwards(
    name: str, pair: Pair, tmp_path: Path
) -> None:
    before = await pair.state()
    lab = under(tmp_path, FAULTS[name])

    results = await pair.grade(lab)

    assert results["holds"].outcome is Outcome.PASSED, results["holds"]
    assert [len(faults) for faults in pair.stored] == [1, 0]
    assert await pair.state() == before
    (asked, _) = pair.machines.evidence.bundle()["asked"]
    assert asked["asked"]["fault"] == pair.stored[0][0].kind


async def test_faults_a_check_makes_itself_are_undone_the_last_first(
    pair: Pair, tmp_path: Path
) -> None:
    before = await pair.state()
    source = """
def holds(lab):
    lab.inject(Fault("net.shape", segment="lan", delay_ms=5))
    lab.inject(Fault("net.shape", segment="lan", delay_ms=9))
    lab.inject(Fault("segment.off", segment="lan"))
    lab.inject(Fault("node.freeze", "st2"))
    lab.inject(Fault("power.off", "st2"))
    lab.inject(Fault("disk.fail", "st1", "vdb"))
    lab.inject(Fault("disk.pull", "st1", "vdb"))
    lab.inject(Fault("net.partition", "st1", peer="st2", segment="lan"))
    lab.inject(Fault("net.heal", "st2", peer="st1"))
holds = made("holds", holds, points=10)
"""

    results = await pair.grade(
        lab_with(tmp_path / "lab", source, "holds", disks=1, pair=True)
    )

    assert results["holds"].outcome is Outcome.PASSED, results["holds"]
    assert pair.machines.in_force == []
    nodes, segments = await pair.state()
    assert segments == before[1]
    assert nodes[0] == before[0][0]
    assert not nodes[1].frozen


async def test_what_a_check_mends_is_not_mended_again(
    pair: Pair, tmp_path: Path
) -> None:
    plug = 'lab.inject(Fault("cable.plug", "st2", nic="eth0"))'

    await pair.grade(under(tmp_path, FAULTS["cable"], plug))

    kinds = [
        event["kind"]
        for event in pair.driver.live[NAME].past
        if event["kind"].startswith("fault.")
    ]
    assert kinds == ["fault.cable.cut", "fault.cable.plug"]


async def test_a_fault_that_is_there_already_is_the_students_to_undo(
    pair: Pair, tmp_path: Path
) -> None:
    cut = Fault(kind="cable.cut", node="st2", nic="eth0")
    await pair.driver.inject(NAME, cut)

    results = await pair.grade(under(tmp_path, FAULTS["cable"]))

    result = results["holds"]
    assert result.outcome is Outcome.FAILED
    assert result.message
    assert "unplug the cable of eth0 on st2" in result.message.en
    (nic,) = (await pair.driver.nodes(NAME))[1].nics
    assert not nic.plugged


async def test_a_student_who_undoes_a_fault_first_is_not_in_the_way(
    pair: Pair, tmp_path: Path
) -> None:
    """As when two buttons are pressed at once."""
    await pair.machines.inject(Fault(kind="segment.off", segment="lan"))
    await pair.driver.inject(NAME, Fault(kind="segment.on", segment="lan"))

    await pair.machines.undo_all()

    assert pair.machines.in_force == []


@pytest.mark.parametrize(
    "fault",
    [
        'Fault("net.partition", "st1", peer="st9")',
        'Fault("net.shape", segment="lan", delay_ms=-5)',
        'Fault("disk.pull", "st1")',
    ],
)
async def test_a_fault_that_makes_no_sense_breaks_the_check(
    fault: str, pair: Pair, tmp_path: Path
) -> None:
    source = f"a = made('a', lambda lab: lab.inject({fault}), points=10)\n"

    results = await pair.grade(
        lab_with(tmp_path / "lab", source, "a", disks=1, pair=True)
    )

    assert results["a"].outcome is Outcome.BROKEN
