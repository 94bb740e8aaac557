"""A checker that fails is broken by itself: no other check and no student suffers."""

from pathlib import Path

import pytest

from labkit.confine import landlock_version
from nines.grading.machines import Machines
from nines.sandboxes.driver import Fault
from tests.fakes.driver import FakeDriver
from tests.fakes.lab import lab_with
from tests.nines.grading.conftest import SANDBOX, Grade

pytestmark = pytest.mark.anyio

HOSTILE = {
    "raises": "raise ZeroDivisionError('oh')",
    "raises_base": "raise KeyboardInterrupt",
    "hangs": "import time; time.sleep(60)",
    "spins": "\n    while True: pass",
    "exits": "import os; os._exit(3)",
    "quits": "import sys; sys.exit(0)",
    "is_killed": "import ctypes; ctypes.string_at(0)",
    "eats_memory": "x = bytearray(4 * 1024**3)",
    "forks": "import os; os.fork()",
    "starts_a_program": "import subprocess; subprocess.run(['/bin/true'])",
    "closes_the_socket": "import os; os.closerange(3, 50)",
    "floods_the_socket": "import os; [os.write({fd}, b'x' * 65536) for _ in range(99)]",
    "writes_nonsense": "import os; os.write({fd}, b'[[[\\n')",
    "forges_a_result": 'import os; os.write({fd}, b\'{{"done":{{"outcome":"passed"}},'
    '"job":"0"}}\\n\')',
    "asks_nonsense": "lab.transport.run('nobody', ['x'], stdin='', timeout=1)",
    "asks_without_end": "\n    while True: lab.node('st1').read('/etc/hostname')",
    "opens_a_socket": "import socket; socket.socket()",
    "kills_the_server": "import os, signal; os.kill(os.getppid(), signal.SIGTERM)",
}


@pytest.mark.parametrize("how", HOSTILE)
async def test_a_bad_checker_breaks_only_itself(
    how: str, tmp_path: Path, grade: Grade
) -> None:
    # The protocol's descriptor is the highest one open: a checker can find it.
    find = "max(int(fd) for fd in range(3, 60) if is_open(int(fd)))"
    lab = lab_with(
        tmp_path,
        "import os\n"
        "def is_open(fd):\n"
        "    try: os.fstat(fd)\n"
        "    except OSError: return False\n"
        "    return True\n"
        "def first(lab): print('hello')\n"
        "first = made('first', first, points=3)\n"
        f"def bad(lab): {HOSTILE[how].format(fd=find)}\n"
        "bad = made('bad', bad, points=3, time_limit=1.5)\n"
        "def last(lab): print('garbage' * 1000)\n"
        "last = made('last', last, points=4)\n",
        "first",
        "bad",
        "last",
    )

    results = await grade(lab)

    assert {name: each.outcome for name, each in results.items()} == {
        "first": "passed",
        "bad": "broken",
        "last": "passed",
    }
    assert results["bad"].report


SPYING = """
import os

def environment(lab):
    found = [name for name in os.environ if "NINES" in name]
    require(not found, ja="あ", en=f"found {found}")
    try:
        open(f"/proc/{os.getppid()}/environ").read()
    except OSError:
        pass
    else:
        raise AssertionError("the server's environment is readable")

def files(lab):
    open("mine", "w").write("in my own folder")
    for path in ("/tmp/nines-was-here", "/var/tmp/nines-was-here", "../nines-x"):
        try:
            open(path, "w").write("x")
        except OSError:
            continue
        raise AssertionError(f"{path} can be written")

def secrets(lab):
    for path in ("SECRET", "/etc/passwd", "/proc/self/environ"):
        try:
            open(path).read()
        except OSError:
            continue
        raise AssertionError(f"{path} can be read")

environment = made("environment", environment, points=3)
files = made("files", files, points=3)
secrets = made("secrets", secrets, points=4)
"""


@pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")
async def test_a_checker_sees_no_secret_and_writes_nowhere(
    tmp_path: Path, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", "sqlite:///secret")
    secret = tmp_path / "database"
    secret.write_text("secret")
    code = SPYING.replace("SECRET", str(secret))
    lab = lab_with(tmp_path, code, "environment", "files", "secrets")

    results = await grade(lab)

    assert [(each.outcome, each.report) for each in results.values()] == [
        ("passed", "")
    ] * 3


async def test_a_machine_that_is_off_is_the_students_to_switch_on(
    tmp_path: Path, grade: Grade, driver: FakeDriver, machines: Machines
) -> None:
    lab = lab_with(
        tmp_path,
        "def look(lab): lab.node('st1').run('true')\n"
        "look = made('look', look, points=10)\n",
        "look",
    )
    await driver.inject(SANDBOX, Fault(kind="power.off", node="st1"))

    result = (await grade(lab))["look"]

    assert result.outcome == "failed"
    assert result.message is not None
    assert result.message.en.startswith("st1 does not answer: it is switched off")


UNDER_FAULT = """
PULL = Fault("disk.pull", "st1", "vdb")

def before(lab): lab.node("st1").write("/tmp/before", "x")
def repair(lab): lab.node("st1").write("/tmp/repaired", "x")
def dies(lab):
    import os; os._exit(9)

dies = made("dies", dies, points=4, mode=UnderFault(PULL, before, repair))

def forgets(lab): lab.inject(Fault("disk.pull", "st1", "vdc"))
forgets = made("forgets", forgets, points=6)
"""


async def test_what_a_checker_breaks_is_mended_even_when_it_dies(
    tmp_path: Path, grade: Grade, driver: FakeDriver, machines: Machines
) -> None:
    lab = lab_with(tmp_path, UNDER_FAULT, "dies", "forgets", disks=2)

    results = await grade(lab)

    assert results["dies"].outcome == "broken"
    assert results["forgets"].outcome == "passed"
    [node] = await driver.nodes(SANDBOX)
    assert all(disk.present for disk in node.disks)
    assert machines.in_force == []
    node_now = driver.node(SANDBOX, "st1")
    assert await node_now.read_file("/tmp/before") == b"x"
    assert await node_now.read_file("/tmp/repaired") == b"x"
    faults = [
        each["asked"]["fault"]
        for each in machines.evidence.bundle()["asked"]
        if "fault" in each["asked"] and "ask" not in each["asked"]
    ]
    assert faults == ["disk.pull", "disk.insert", "disk.pull", "disk.insert"]


RESTART = """
def look(lab):
    boots = lab.transport.boots("st1")
    require(boots == 2, ja="あ", en=f"{boots} boots")
    lab.node("st1").run("true")
reset = made("reset", look, points=4, mode=UnderFault(Fault("power.reset", "st1")))

def again(lab):
    boots = lab.transport.boots("st1")
    require(boots == 3, ja="あ", en=f"{boots} boots")
    lab.node("st1").run("true")
first = made("first", again, points=3, mode=AfterReboot("st1"))
def more(lab): again(lab)
second = made("second", more, points=3, mode=AfterReboot("st1"))
"""


async def test_a_restart_is_waited_for_and_done_once_for_neighbours(
    tmp_path: Path, grade: Grade, driver: FakeDriver
) -> None:
    lab = lab_with(tmp_path, RESTART, "reset", "first", "second")
    driver.boot_seconds = 0.5

    results = await grade(lab)

    assert {name: (each.outcome, each.message) for name, each in results.items()} == {
        "reset": ("passed", None),
        "first": ("passed", None),
        "second": ("passed", None),
    }
