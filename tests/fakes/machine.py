"""A machine of the fake supervisor: a folder of this host, and what is broken in it."""

import asyncio
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

SIGNALS = {
    "process_kill": signal.SIGKILL,
    "process_stop": signal.SIGSTOP,
    "process_cont": signal.SIGCONT,
}


class Refusal(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FakeMachine:
    def __init__(self, name: str, root: Path, disks: Mapping[str, int]) -> None:
        self.name = name
        self.root = root
        self.boots = 0
        self.power = "off"
        self.frozen = False
        self.ready = asyncio.Event()
        self.sizes = dict(disks)
        self.failing: set[str] = set()
        (root / "dev").mkdir(parents=True)
        (root / "store").mkdir()
        for disk, size_mb in disks.items():
            with (root / "store" / disk).open("wb") as file:
                file.truncate(size_mb * 1024 * 1024)
            self.insert(disk)

    @property
    def answers(self) -> bool:
        return self.ready.is_set() and not self.frozen

    def is_in(self, disk: str) -> bool:
        return (self.root / "dev" / disk).exists()

    def insert(self, disk: str) -> None:
        os.link(self.root / "store" / disk, self.root / "dev" / disk)

    def pull(self, disk: str) -> None:
        (self.root / "dev" / disk).unlink()

    def file(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def signal(self, op: str, name: str) -> None:
        found = list(self._processes(name))
        if not found:
            raise Refusal("no_such_process")
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGNALS[op])

    def _processes(self, name: str) -> Iterator[int]:
        """Those of this name that work in the machine's folder."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                named = (folder / "comm").read_text().strip() == name
                if named and (folder / "cwd").readlink().is_relative_to(self.root):
                    yield int(folder.name)

    def status(self) -> dict[str, Any]:
        disks = {
            name: {
                "present": self.is_in(name),
                "size_mb": size,
                "failing": name in self.failing,
            }
            for name, size in self.sizes.items()
        }
        return {
            "power": self.power,
            "ready": self.answers,
            "frozen": self.frozen,
            "boots": self.boots,
            "disks": disks,
        }
