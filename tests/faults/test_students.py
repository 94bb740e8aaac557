"""What a student may do to the lab's machine, and what comes of it.

One student breaks things, the one beside them notices nothing, and "back to the
beginning" always helps.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

from nines.config import ROOT
from tests.bench.client import NODE
from tests.e2e.server import RunningServer
from tests.faults.seat import Seat

pytestmark = [pytest.mark.anyio, pytest.mark.docker]

LYING = ROOT / "labs/ch02/raid1-mdadm/wrong/lying-mdadm.sh"
MB = 2**20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("students") / "state") as running:
        yield running


@pytest.fixture(scope="module")
async def neighbour(server: RunningServer) -> AsyncIterator[Seat]:
    seat = await Seat.take(server, "neighbour")
    yield seat
    await seat.leave()


@pytest.fixture(scope="module")
async def place(server: RunningServer) -> AsyncIterator[Seat]:
    seat = await Seat.take(server, "student")
    yield seat
    await seat.leave()


@pytest.fixture
async def seat(place: Seat) -> AsyncIterator[Seat]:
    """The student's, and after whatever was done there the lab works again."""
    yield place
    await place.reset()
    await place.assert_works()


async def test_a_full_disk_leaves_the_terminals_usable(
    seat: Seat, neighbour: Seat
) -> None:
    async with neighbour.unharmed():
        said = await seat.type(
            "fallocate -l 1500M /fill; dd if=/dev/zero of=/more bs=1M", within=120
        )
        assert "No space left on device" in said

    assert "write error: No space" in await seat.type("echo x > /root/x")
    assert "0 written" in await neighbour.type("echo x > /root/x; echo $? written")
    assert "0 written" in await seat.type(
        "rm -f /fill /more; echo x > /root/x; echo $? written"
    )


async def test_a_fork_bomb_stays_in_its_machine(
    server: RunningServer, seat: Seat, neighbour: Seat
) -> None:
    async with neighbour.unharmed(), seat.shell() as shell:
        await shell.type(":(){ :|:& };:\n")
        await asyncio.sleep(5)

    await seat.reset()

    # The bomb is gone with its machine, and not a minute later.
    for _ in range(50):
        if len(server.containers()) == 2:
            break
        await asyncio.sleep(0.2)
    assert len(server.containers()) == 2


async def test_a_flood_nobody_reads_makes_its_program_wait(
    server: RunningServer, seat: Seat, neighbour: Seat
) -> None:
    process = psutil.Process(server.pid)
    async with seat.shell() as shell, neighbour.unharmed():
        before = process.memory_info().rss
        await shell.type("yes\n")
        await asyncio.sleep(3)
        grown = process.memory_info().rss - before
        await shell.type("\x03")
        await shell.until(lambda seen: seen.rstrip().endswith(b"#"))

    assert grown < 8 * MB
    await seat.assert_works()


async def test_a_flood_that_is_read_can_be_stopped(seat: Seat, neighbour: Seat) -> None:
    async with seat.shell() as shell:
        await shell.type("yes\n")
        async with neighbour.unharmed():
            await shell.until(lambda seen: len(seen) > 4 * MB)
        await shell.type("\x03")
        await shell.until(lambda seen: seen.rstrip().endswith(b"#"))

        assert b"finished" in await shell.run("true")


async def test_an_mdadm_that_lies_earns_nothing(seat: Seat) -> None:
    script = f"cat > /tmp/lie <<'THE_END'\n{LYING.read_text()}\nTHE_END\nsh /tmp/lie"
    await seat.type(script)
    assert "[UU]" in await seat.type("cat /proc/mdstat")
    assert "ARRAY /dev/md0" in await seat.type("mdadm --detail --scan")

    _, attempt = await seat.student.check(seat.session, only="current")

    assert attempt["points"] == 0
    assert {each["outcome"] for each in attempt["results"]} <= {"failed", "skipped"}


async def test_an_agent_that_is_killed_comes_back(seat: Seat, neighbour: Seat) -> None:
    loop = "for i in 1 2 3 4 5 6 7 8 9 10; do pkill -9 nines-agent; sleep 0.4; done"
    async with neighbour.unharmed():
        told = await seat.type_and_lose(f"setsid nohup bash -c '{loop}' & sleep 30")
        assert told == "ended"
        await seat.happened("terminal.ended", "agent.lost", "agent.back")
        await seat.until_quiet("agent.lost", seconds=4, within=60)

    await seat.until_node(power="on", ready=True)
    await seat.assert_works()
    _, attempt = await seat.student.check(seat.session, only="current")
    assert "broken" not in {each["outcome"] for each in attempt["results"]}


async def test_a_machine_that_was_switched_off_can_be_switched_on(seat: Seat) -> None:
    assert await seat.type_and_lose("poweroff") == "ended"
    (off,) = await seat.happened("node.off")
    assert off["detail"] == "guest"
    told = await seat.refused()
    assert told["error"] == "node_unreachable"

    _, attempt = await seat.student.check(seat.session, step="create", only="current")
    first = attempt["results"][0]
    assert first["outcome"] == "failed"
    assert "switched off" in first["message"]["en"]
    assert "電源" in first["message"]["ja"]

    await seat.student.post(
        f"sessions/{seat.session}/faults", kind="power.on", node=NODE
    )
    await seat.happened("node.starting", "node.ready")
    await seat.assert_works()


@pytest.mark.parametrize(
    "command", ["reboot", "echo c > /proc/sysrq-trigger"], ids=["reboot", "panic"]
)
async def test_a_machine_that_restarts_is_there_again(command: str, seat: Seat) -> None:
    assert await seat.type_and_lose(command) == "ended"
    _, there = await seat.happened("node.starting", "node.ready", within=120)
    assert there["node"] == NODE
    await seat.assert_works()


@pytest.mark.parametrize(
    "command",
    [
        "for each in /sys/class/net/*; do ip link set ${each##*/} down; done; "
        "ip route add unreachable default; "
        "iptables -P INPUT DROP; iptables -P OUTPUT DROP",
        "systemctl stop systemd-udevd systemd-journald systemd-logind dbus",
        "mount -o remount,ro /",
        "kill -STOP 1; kill -9 1; kill -SEGV 1",
        "systemctl isolate rescue.target; sleep 2",
        "umount -l /proc /sys",
    ],
    ids=["network", "services", "read-only", "init", "rescue", "no-proc"],
)
async def test_a_terminal_needs_nothing_the_student_can_break(
    command: str, seat: Seat
) -> None:
    await seat.type(f"({command}) 2>/dev/null")

    await seat.assert_works()


@pytest.mark.parametrize(
    "command", ["systemctl stop nines-agent", "halt -f"], ids=["agent", "halt"]
)
async def test_a_machine_that_is_silenced_says_so_and_a_reset_helps(
    command: str, seat: Seat
) -> None:
    assert await seat.type_and_lose(command) == "ended"
    await seat.happened("agent.lost")
    await seat.until_node(power="on", ready=False)
    told = await seat.refused()
    assert told["error"] == "node_unreachable"
