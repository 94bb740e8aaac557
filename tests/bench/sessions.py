"""Sessions: what an idle one costs, how long a check takes."""

import asyncio
import subprocess
from collections.abc import AsyncIterator

from nines.config import ROOT
from tests.bench.client import LAB, Student
from tests.bench.figures import Figure, percentile
from tests.e2e.server import RunningServer

CHECKS = 20
SOLUTION = ROOT / "labs/ch02/raid1-mdadm/solution/build.sh"


async def measure(server: RunningServer) -> AsyncIterator[Figure]:
    student = await Student.sign_in(server, "student")
    session = await student.start(LAB)
    await asyncio.sleep(60)
    yield Figure(
        "Idle one-node session, all included", container_mib(server), "MiB", 170
    )
    async with student.terminal(session) as terminal:
        await terminal.until(b"# ")
        script = SOLUTION.read_text()
        await terminal.run(f"cat > /tmp/build.sh <<'THE_END'\n{script}\nTHE_END\n:")
        await terminal.run("bash /tmp/build.sh >/dev/null 2>&1", within=180)
    took = []
    for _ in range(CHECKS):
        seconds, attempt = await student.check(session, only="current")
        outcomes = {each["check"]: each["outcome"] for each in attempt["results"]}
        assert set(outcomes.values()) == {"passed"}, outcomes
        took.append(seconds)
    yield Figure("Static checks of the RAID1 lab, p95", percentile(took, 95), "s", 2)
    await student.end(session)


def container_mib(server: RunningServer) -> float:
    """What the engine counts for the session's container: everything in it."""
    (container,) = server.containers()
    command = ["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", container]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = shown.split("/")[0].strip()
    for unit, factor in (("GiB", 1024.0), ("MiB", 1.0), ("KiB", 1 / 1024)):
        if used.endswith(unit):
            return float(used.removesuffix(unit)) * factor
    raise ValueError(f"docker stats says {shown!r}")
