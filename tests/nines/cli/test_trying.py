"""`nines lab try` in a terminal of its own, as an author sits before it."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nines.config import ROOT
from tests.fakes.lab import write_lab

# Ctrl-C means something at a terminal, whatever started these tests in the background.
PROGRAM = """
import asyncio, signal, sys
from pathlib import Path
from labkit.manifest import read_lab
from nines.cli.trying import try_lab
from tests.fakes.driver import FakeDriver

async def main():
    driver = FakeDriver()
    try:
        await try_lab(driver, read_lab(Path(sys.argv[1])))
    finally:
        print("LEFT", len(driver.live), flush=True)
        await driver.end()

signal.signal(signal.SIGINT, signal.default_int_handler)
asyncio.run(main())
"""


class Author:
    def __init__(self, folder: Path) -> None:
        self.ours, theirs = pty.openpty()
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}/backend:{ROOT}"},
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def types(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def sees(self, text: str, within: float = 20) -> None:
        until = time.monotonic() + within
        while text not in self.seen:
            left = until - time.monotonic()
            ready, _, _ = select.select([self.ours], [], [], max(0, left))
            assert ready, f"no {text!r} in {self.seen!r}"
            try:
                data = os.read(self.ours, 65536)
            except OSError:  # The program has ended.
                data = b""
            assert data, f"no {text!r} in {self.seen!r}"
            self.seen += data.decode(errors="replace")
        self.seen = self.seen.partition(text)[2]


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Author]:
    author = Author(write_lab(tmp_path / "ch09" / "test", disks=1, pair=True))
    yield author
    author.program.kill()
    author.program.wait()
    os.close(author.ours)


def test_an_author_types_checks_breaks_and_leaves(author: Author) -> None:
    author.sees("Ctrl-] for the menu")
    author.types("echo hel''lo\r")
    author.sees("hello")
    author.types("\x1d")
    author.sees("[q]uit")
    author.types("c")
    author.sees("There is no /root/greeting")
    author.types("\x1d")
    author.sees("[q]uit")
    author.types("f")
    author.sees("[d] disk.pull node=st1 disk=vdb")
    author.types("d")
    author.sees("Done.")
    author.types("\x1d")
    author.sees("[q]uit")
    author.types("f")
    author.sees("disk.insert node=st1 disk=vdb")
    author.sees("cable.cut node=st2 nic=eth0")
    author.sees("segment.off segment=lan")
    author.sees("net.partition node=st1 segment=lan peer=st2")
    author.types("-")
    author.sees("Ctrl-] for the menu")
    author.types("\x1d")
    author.sees("[q]uit")
    author.types("q")
    author.sees("LEFT 0")
    assert author.program.wait(10) == 0


def test_a_shell_that_ends_does_not_end_the_lab(author: Author) -> None:
    author.sees("Ctrl-] for the menu")
    author.types("exit\r")
    author.sees("The shell has ended.")
    author.sees("[q]uit")
    author.types("q")
    author.sees("LEFT 0")


def test_a_terminal_that_is_closed_stops_the_lab(author: Author) -> None:
    author.sees("Ctrl-] for the menu")
    author.sees("$ ")
    author.program.send_signal(2)
    author.sees("LEFT 0")
