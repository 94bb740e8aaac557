"""`make up`: the second run here, and the first on a Debian made anew."""

import os
import subprocess
import time
from collections.abc import Iterator

from nines.config import ROOT
from tests.bench.figures import Figure
from tests.e2e.server import free_port


def second_run() -> Iterator[Figure]:
    """The checkout's own server, on a port of its own; started twice, timed once."""
    environment = {**os.environ, "NINES_PORT": str(free_port())}
    up = ["make", "--no-print-directory", "up"]
    options = {"cwd": ROOT, "env": environment, "stdout": subprocess.DEVNULL}
    subprocess.run(up, check=True, **options)  # type: ignore[call-overload]
    try:
        started = time.monotonic()
        subprocess.run(up, check=True, **options)  # type: ignore[call-overload]
        yield Figure("make up, second run", time.monotonic() - started, "s", 5)
    finally:
        command = ["python3", "backend/bootstrap", "down"]
        subprocess.run(command, check=True, **options)  # type: ignore[call-overload]


def fresh() -> Iterator[Figure]:
    """A bare Debian 12 in a folder; needs root, takes minutes."""
    started = time.monotonic()
    subprocess.run([ROOT / "tests/fresh.sh", "up"], cwd=ROOT, check=True)
    took = time.monotonic() - started
    yield Figure("make up on a fresh machine", took / 60, "min", 12)
