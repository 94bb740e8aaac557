"""What every sandbox driver promises. Subclass it once per driver.

    class TestDockerDriver(DriverContract): ...

One sandbox serves all promises of a class, as a start is dear; each leaves it as it was
found. Promises about starting and stopping use a second one.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from nines.sandboxes.driver import (
    MAX_OUTPUT,
    Event,
    Fault,
    FaultRefused,
    FileNotThere,
    Node,
    NodeUnreachable,
    Phase,
    Power,
    SandboxDriver,
    Terminal,
)
from tests.contracts.boxes import BOX, OTHER, ignore, refusal, state_of
from tests.contracts.network_promises import NetworkPromises

pytestmark = pytest.mark.anyio


async def shown(terminal: Terminal, wanted: bytes, *, timeout: float = 20) -> bytes:
    """Read on until `wanted` has been shown."""
    seen = b""
    async with asyncio.timeout(timeout):
        while wanted not in seen:
            data = await terminal.read()
            assert data, f"The shell ended after {seen[-200:]!r}."
            await terminal.acknowledge(len(data))
            seen += data
    return seen


@pytest.mark.anyio
class DriverContract(NetworkPromises):
    @pytest.fixture(scope="class")
    @classmethod
    def anyio_backend(cls) -> str:
        return "asyncio"

    @pytest.fixture(scope="class")
    @classmethod
    def new_driver(cls) -> Callable[[], SandboxDriver]:
        raise NotImplementedError("Return a function that makes the driver under test.")

    @pytest.fixture(scope="class")
    @classmethod
    async def driver(
        cls, new_driver: Callable[[], SandboxDriver]
    ) -> AsyncIterator[SandboxDriver]:
        driver = new_driver()
        await driver.stop(BOX.name)
        await driver.start(BOX, report=ignore)
        yield driver
        await driver.close()
        last = new_driver()  # A promise may have closed the one it was given.
        await last.stop(BOX.name)
        await last.close()

    @pytest.fixture
    def node(self, driver: SandboxDriver) -> Node:
        return driver.node(BOX.name, "st1")

    def in_node(self, path: str) -> str:
        """`path` of the machine, as a command in it names it."""
        return path

    def leftovers(self, name: str) -> list[str]:
        """What the technology still has of a sandbox, looked up behind the driver."""
        raise NotImplementedError

    # ---- starting and stopping

    async def test_a_started_sandbox_is_running(self, driver: SandboxDriver) -> None:
        assert await driver.is_running(BOX.name)
        assert BOX.name in await driver.names()

    async def test_what_never_started_is_not_running(
        self, driver: SandboxDriver
    ) -> None:
        assert not await driver.is_running("nines-never-started")
        assert "nines-never-started" not in await driver.names()

    async def test_stopping_what_is_not_there_is_fine(
        self, driver: SandboxDriver
    ) -> None:
        await driver.stop("nines-never-started")
        await driver.stop("nines-never-started")

    async def test_stopping_leaves_nothing_and_phases_come_in_order(
        self, driver: SandboxDriver
    ) -> None:
        phases: list[Phase] = []
        await driver.start(OTHER, report=phases.append)
        assert self.leftovers(OTHER.name)

        await driver.stop(OTHER.name)

        assert phases == sorted(phases, key=list(Phase).index)
        assert phases[-1] is Phase.READY
        assert not await driver.is_running(OTHER.name)
        assert OTHER.name not in await driver.names()
        assert self.leftovers(OTHER.name) == []

    async def test_a_start_that_is_cancelled_leaves_nothing(
        self, driver: SandboxDriver
    ) -> None:
        starting = asyncio.Event()

        def notice(phase: Phase) -> None:
            if phase is Phase.CONTAINER:
                starting.set()

        start = asyncio.ensure_future(driver.start(OTHER, report=notice))
        await asyncio.wait_for(starting.wait(), 300)
        start.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await start

        assert OTHER.name not in await driver.names()
        assert self.leftovers(OTHER.name) == []

    async def test_files_of_the_lab_are_there(self, node: Node) -> None:
        assert await node.read_file("/root/welcome") == b"hello\n"

    # ---- commands

    async def test_stdout_and_stderr_are_apart(self, node: Node) -> None:
        result = await node.run(["sh", "-c", "echo out; echo err >&2; exit 7"])

        assert (result.exit_code, result.stdout, result.stderr) == (
            7,
            b"out\n",
            b"err\n",
        )

    async def test_stdin_reaches_the_command(self, node: Node) -> None:
        data = bytes(range(256)) * 3000  # More than one credit of 256 KiB.

        result = await node.run(["wc", "-c"], stdin=data)

        assert result.stdout.split()[0] == str(len(data)).encode()

    async def test_what_does_not_exist_ends_with_127(self, node: Node) -> None:
        assert (await node.run(["no-such-command"])).exit_code == 127

    async def test_a_command_that_takes_too_long_ends_with_124(
        self, node: Node
    ) -> None:
        result = await node.run(["sh", "-c", "echo early; sleep 60"], timeout=1)

        assert result.exit_code == 124
        assert result.stdout == b"early\n"

    async def test_a_flood_is_cut_and_says_so(self, node: Node) -> None:
        flood = await node.run(["head", "-c", str(3 * MAX_OUTPUT), "/dev/zero"])

        assert len(flood.stdout) == MAX_OUTPUT
        assert flood.truncated
        assert flood.exit_code == 0

    async def test_many_commands_at_once_do_not_mix(self, node: Node) -> None:
        results = await asyncio.gather(
            *(node.run(["echo", str(each)]) for each in range(8))
        )

        assert [int(each.stdout) for each in results] == list(range(8))

    # ---- terminals

    async def test_a_terminal_shows_what_is_typed(self, node: Node) -> None:
        async with node.open_terminal("typed", rows=24, columns=80) as terminal:
            assert terminal.opened
            await terminal.write(b"echo he''llo\n")
            await shown(terminal, b"hello")
        await node.close_terminal("typed")

    async def test_two_terminals_are_two_shells_with_their_own_size(
        self, node: Node
    ) -> None:
        async with (
            node.open_terminal("one", rows=30, columns=100) as one,
            node.open_terminal("two", rows=50, columns=132) as two,
        ):
            await one.resize(rows=41, columns=141)
            await one.write(b"echo =$(stty size)=\n")
            await two.write(b"echo =$(stty size)=\n")
            await shown(one, b"=41 141=")
            await shown(two, b"=50 132=")
        await node.close_terminal("one")
        await node.close_terminal("two")

    async def test_a_terminal_outlives_its_attachment(self, node: Node) -> None:
        async with node.open_terminal("kept", rows=24, columns=80) as terminal:
            await terminal.write(b"kept=$((40+2)); echo first''-$kept\n")
            await shown(terminal, b"first-42")
            seen = terminal.offset

        async with node.open_terminal("kept", rows=24, columns=80, after=seen) as back:
            assert not back.opened
            assert not back.gap
            assert back.offset == seen
            await back.write(b"echo again''-$kept\n")
            assert b"first-42" not in await shown(back, b"again-42")

        async with node.open_terminal("kept", rows=24, columns=80) as whole:
            await shown(whole, b"first-42")
        await node.close_terminal("kept")

    async def test_output_that_fell_away_is_a_gap(self, node: Node) -> None:
        async with node.open_terminal("gap", rows=24, columns=80) as terminal:
            await terminal.write(
                b"head -c 1500000 /dev/zero | tr '\\0' x; echo d''one\n"
            )
            await shown(terminal, b"done")

        async with node.open_terminal("gap", rows=24, columns=80, after=10) as back:
            assert back.gap
            assert back.offset > 10
        await node.close_terminal("gap")

    async def test_a_reader_that_stops_makes_the_program_wait(self, node: Node) -> None:
        async with node.open_terminal("slow", rows=24, columns=80) as terminal:
            await terminal.write(b"yes\n")
            taken = 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    while True:  # Reads, but never acknowledges.
                        taken += len(await terminal.read())
            assert 0 < taken <= 256 * 1024

            await terminal.acknowledge(taken)
            await terminal.write(b"\x03")
            async with asyncio.timeout(10):
                assert await terminal.read()
        await node.close_terminal("slow")

    async def test_the_end_of_the_shell_is_the_end_of_the_output(
        self, node: Node
    ) -> None:
        async with node.open_terminal("ended", rows=24, columns=80) as terminal:
            await terminal.write(b"exit\n")
            async with asyncio.timeout(10):
                while data := await terminal.read():
                    await terminal.acknowledge(len(data))
        await node.close_terminal("ended")
        await node.close_terminal("ended")

    async def test_terminals_are_listed(
        self, driver: SandboxDriver, node: Node
    ) -> None:
        async with node.open_terminal("listed", rows=24, columns=80):
            listed = {each.terminal: each for each in await driver.terminals(BOX.name)}
        await node.close_terminal("listed")

        assert listed["listed"].node == "st1"
        assert not listed["listed"].ended

    # ---- files and disks

    async def test_files_are_written_and_read(self, node: Node) -> None:
        data = bytes(range(256))

        await node.write_file("/root/binary", data, mode=0o640)

        assert await node.read_file("/root/binary") == data
        assert await node.read_file("/root/binary", limit=16) == data[:16]
        path = self.in_node("/root/binary")
        assert (await node.run(["stat", "-c", "%a", path])).stdout == b"640\n"

    async def test_a_file_that_is_not_there_is_not_there(self, node: Node) -> None:
        with pytest.raises(FileNotThere):
            await node.read_file("/root/nothing")

    async def test_a_disk_is_read_from_outside(self, node: Node) -> None:
        disk = self.in_node("/dev/vdb")
        script = f"printf nines | dd of={disk} bs=1 seek=100000 conv=notrunc,fsync"

        assert (await node.run(["sh", "-c", script])).exit_code == 0

        assert await node.read_disk("vdb", offset=100000, length=5) == b"nines"
        assert len(await node.read_disk("vdb", offset=0, length=200000)) == 200000

    # ---- faults

    async def test_a_pulled_disk_is_gone_until_it_is_put_back(
        self, driver: SandboxDriver, node: Node
    ) -> None:
        disk = self.in_node("/dev/vdc")
        pull = Fault(kind="disk.pull", node="st1", disk="vdc")
        insert = replace(pull, kind="disk.insert")

        await driver.inject(BOX.name, pull)
        assert (await node.run(["test", "-e", disk])).exit_code == 1
        disks = {d.name: d for d in state_of(await driver.nodes(BOX.name)).disks}
        assert not disks["vdc"].present
        assert disks["vdb"].present
        with pytest.raises(FaultRefused):
            await driver.inject(BOX.name, pull)

        await driver.inject(BOX.name, insert)
        script = (
            f"for i in $(seq 100); do test -e {disk} && exit; sleep 0.1; done; false"
        )
        assert (await node.run(["sh", "-c", script])).exit_code == 0
        with pytest.raises(FaultRefused):
            await driver.inject(BOX.name, insert)

    async def test_a_file_survives_the_power_cut(
        self, driver: SandboxDriver, node: Node
    ) -> None:
        path = self.in_node("/root/survivor")
        await node.run(["sh", "-c", f"echo still here > {path}; sync"])
        before = state_of(await driver.nodes(BOX.name))

        await driver.inject(BOX.name, Fault(kind="power.off", node="st1"))
        assert state_of(await driver.nodes(BOX.name)).power is Power.OFF
        with pytest.raises(NodeUnreachable):
            await node.run(["true"])
        with pytest.raises(FaultRefused):
            await driver.inject(BOX.name, Fault(kind="power.off", node="st1"))

        await driver.inject(BOX.name, Fault(kind="power.on", node="st1"))
        await node.wait_ready(timeout=120)
        after = state_of(await driver.nodes(BOX.name))
        assert after.power is Power.ON
        assert after.ready
        assert after.boots == before.boots + 1
        assert await node.read_file("/root/survivor") == b"still here\n"

    async def test_a_disk_fails_until_it_is_mended(
        self, driver: SandboxDriver, node: Node
    ) -> None:
        fail = Fault(kind="disk.fail", node="st1", disk="vdc", access="write")
        mend = Fault(kind="disk.mend", node="st1", disk="vdc")

        async def failing() -> list[str]:
            state = state_of(await driver.nodes(BOX.name))
            return [disk.name for disk in state.disks if disk.failing]

        await driver.inject(BOX.name, fail)
        assert await failing() == ["vdc"]
        assert not await self.writes(node)
        await driver.inject(BOX.name, mend)
        assert await failing() == []
        assert await self.writes(node)
        await driver.inject(BOX.name, mend)  # It is what was wanted.

        await driver.inject(BOX.name, Fault(kind="disk.pull", node="st1", disk="vdc"))
        assert await refusal(driver, fail) == "disk_absent"
        await driver.inject(BOX.name, Fault(kind="disk.insert", node="st1", disk="vdc"))
        assert await refusal(driver, replace(fail, disk="vdz")) == "no_such_disk"

    async def writes(self, node: Node) -> bool:
        """Whether the first sectors of vdc take what is written."""
        disk = self.in_node("/dev/vdc")
        write = ["dd", "if=/dev/zero", f"of={disk}", "count=8", "conv=notrunc,fsync"]
        for _ in range(100):  # A disk that was put back needs a moment.
            if (await node.run(["test", "-e", disk])).exit_code == 0:
                break
            await asyncio.sleep(0.1)
        return (await node.run(write)).exit_code == 0

    async def test_a_frozen_machine_stands_still_and_goes_on(
        self, driver: SandboxDriver, node: Node
    ) -> None:
        freeze = Fault(kind="node.freeze", node="st1")
        thaw = Fault(kind="node.thaw", node="st1")
        before = state_of(await driver.nodes(BOX.name))
        assert await refusal(driver, thaw) == "not_frozen"

        await driver.inject(BOX.name, freeze)
        frozen = state_of(await driver.nodes(BOX.name))
        assert (frozen.frozen, frozen.ready, frozen.power) == (True, False, Power.ON)
        assert not await self.reaches(driver, "st2", "st1")
        with pytest.raises(NodeUnreachable):
            await node.run(["true"], timeout=1)
        assert await refusal(driver, freeze) == "frozen"

        await driver.inject(BOX.name, thaw)
        await node.wait_ready(timeout=10)
        assert (await node.run(["true"])).exit_code == 0
        assert state_of(await driver.nodes(BOX.name)) == before

    async def test_processes_are_stopped_and_killed_by_name(
        self, driver: SandboxDriver, node: Node
    ) -> None:
        stop = Fault(kind="process.stop", node="st1", process="sleep")
        start = "sleep 987 >/dev/null 2>&1 & echo $!"
        pid = int((await node.run(["sh", "-c", start])).stdout)
        shown = ["sh", "-c", f"cut -d ' ' -f 3 /proc/{pid}/stat"]

        await driver.inject(BOX.name, stop)
        assert (await node.run(shown)).stdout == b"T\n"
        await driver.inject(BOX.name, replace(stop, kind="process.cont"))
        assert (await node.run(shown)).stdout == b"S\n"
        await driver.inject(BOX.name, replace(stop, kind="process.kill"))
        gone = f"for i in $(seq 50); do kill -0 {pid} || exit 0; sleep 0.1; done; false"
        assert (await node.run(["sh", "-c", gone])).exit_code == 0
        assert await refusal(driver, replace(stop, process="none")) == "no_such_process"

    # ---- what has happened

    async def test_events_come_in_order_and_once(self, driver: SandboxDriver) -> None:
        pull = Fault(kind="disk.pull", node="st1", disk="vdc")
        events: list[Event] = []
        asked = time.time()

        async def collect() -> None:
            async for event in driver.events(BOX.name):
                events.append(event)
                if event.kind == "fault.disk.insert" and event.time >= asked:
                    return

        await driver.inject(BOX.name, pull)
        await driver.inject(BOX.name, replace(pull, kind="disk.insert"))
        async with asyncio.timeout(10):
            await collect()

        numbers = [event.n for event in events]
        assert numbers == sorted(set(numbers))
        ours = [
            each
            for each in events
            if each.time >= asked and each.kind.startswith("fault.disk.")
        ]
        assert [each.kind for each in ours] == ["fault.disk.pull", "fault.disk.insert"]
        pulled, inserted = ours
        assert (pulled.node, pulled.disk) == ("st1", "vdc")
        assert pulled.at < inserted.at
        assert abs(inserted.time - time.time()) < 60

        # Only what is newer comes when it is asked for.
        await driver.inject(BOX.name, pull)
        async with asyncio.timeout(10):
            async for event in driver.events(BOX.name, after=numbers[-1]):
                assert event.n > numbers[-1]
                break
        await driver.inject(BOX.name, replace(pull, kind="disk.insert"))

    # ---- what is not there, and who comes after

    async def test_a_node_that_is_not_there_is_unreachable(
        self, driver: SandboxDriver
    ) -> None:
        with pytest.raises(NodeUnreachable):
            await driver.node(BOX.name, "nobody").run(["true"])
        with pytest.raises(NodeUnreachable):
            await driver.node("nines-never-started", "st1").run(["true"])

    async def test_the_next_driver_finds_the_sandbox_and_its_terminals(
        self, driver: SandboxDriver, new_driver: Callable[[], SandboxDriver]
    ) -> None:
        node = driver.node(BOX.name, "st1")
        async with node.open_terminal("adopted", rows=24, columns=80) as terminal:
            await terminal.write(b"mark=$((6*7)); echo be''fore-$mark\n")
            await shown(terminal, b"before-42")
            seen = terminal.offset
        await driver.close()  # The server was killed.

        successor = new_driver()
        try:
            assert BOX.name in await successor.names()
            node = successor.node(BOX.name, "st1")
            assert (await node.run(["echo", "back"])).stdout == b"back\n"
            async with node.open_terminal(
                "adopted", rows=24, columns=80, after=seen
            ) as terminal:
                assert not terminal.opened
                await terminal.write(b"echo af''ter-$mark\n")
                await shown(terminal, b"after-42")
            await node.close_terminal("adopted")
        finally:
            await successor.close()
