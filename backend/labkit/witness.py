"""Bytes of our own in a student's file system, so that losing data cannot be hidden.

A checker plants random bytes before a fault and looks for them afterwards: in the
file, and on the disks from outside. A machine may say where it put them; only the image
says whether they are there. A writer that runs through a fault tells whether writing
went on.
"""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from labkit.checks import NotYet, require
from labkit.nodes import Disk, Node
from labkit.text import Text

_EXTENT = re.compile(r"^\s*0:\s+0\.\.\s*\d+:\s+(\d{1,15})\.\.", re.M)
_SECTOR = 512


def holds_within(seconds: float, look: Callable[[], None]) -> None:
    """Look until it holds; the last NotYet when it does not in time."""
    until = time.monotonic() + seconds
    while True:
        try:
            return look()
        except NotYet:
            if time.monotonic() > until:
                raise
        time.sleep(0.5)


@dataclass(frozen=True)
class Planted:
    path: str
    token: str
    at: int  # Bytes from the start of the device that holds the file system.

    def is_in_file(self, node: Node) -> bool:
        return node.read(self.path) == self.token

    def is_on(self, disk: Disk, *, data: int = 0) -> bool:
        """Does the image hold the bytes, if the device's first byte is at `data`?"""
        return disk.read(data + self.at, len(self.token)) == self.token.encode()

    def require_on(self, disk: Disk, *, data: int = 0) -> None:
        """`is_on` within a few seconds, or a sentence for the student."""

        def look() -> None:
            require(
                self.is_on(disk, data=data),
                ja=f"{self.path} に書いた目印が、{disk.name} の中にありません"
                f"（{data + self.at} バイト目を外から読みました）。",
                en=f"The mark written to {self.path} is not on {disk.name} "
                f"(read from outside, at byte {data + self.at}).",
                hint=Text(
                    ja="そこに書いたものは、本当にこのディスクへ行っていますか。",
                    en="Does what is written there really go to this disk?",
                ),
            )

        holds_within(5, look)


def plant(node: Node, path: str) -> Planted:
    """Write random bytes there and wait until a disk has them. NotYet when it fails."""
    token = secrets.token_hex(256)
    node.write(path, token)
    synced = node.run(["sync", path], timeout=30)
    shown = node.run(["filefrag", "-v", f"-b{_SECTOR}", path])
    extent = _EXTENT.search(shown.stdout)
    if not synced.ok or not extent:
        said = (synced.stderr or shown.stderr or shown.stdout).strip()[:120]
        raise NotYet(
            Text(
                ja=f"{path} に書いたものがディスクに届いたか確かめられません: {said}",
                en=f"What was written to {path} cannot be traced to a disk: {said}",
            )
        )
    return Planted(path, token, int(extent[1]) * _SECTOR)


@dataclass(frozen=True)
class Writer:
    """Adds a line to `path` ten times a second and waits for the disk each time.

    It writes the machine's uptime, so that a pause can be measured, and ends by itself
    after a minute.
    """

    node: Node
    path: str

    @property
    def _errors(self) -> str:
        return "/run/nines-write-errors"

    @property
    def _stop(self) -> str:
        return "/run/nines-stop-writing"

    def start(self) -> None:
        script = (
            f"n=0; while [ $n -lt 600 ] && [ ! -e {self._stop} ]; do n=$((n + 1)); "
            f"read -r up rest </proc/uptime; "
            f"{{ echo $up >>{self.path} && sync {self.path}; }} "
            f"|| echo $n >>{self._errors}; sleep 0.1; done"
        )
        self.node.run(f"rm -f {self._stop} {self._errors} {self.path}")
        self.node.run(f"setsid sh -c '{script}' </dev/null >/dev/null 2>&1 &")

    def stop(self) -> None:
        """And remove what it wrote. Stopping twice is fine."""
        self.node.run(f": >{self._stop}; sleep 0.3; rm -f {self._errors} {self.path}")

    def errors(self) -> int:
        return len((self.node.read(self._errors) or "").splitlines())

    def times(self) -> list[float]:
        """When each line was written, in seconds of uptime."""
        return uptimes(self.node.read(self.path) or "")


def uptimes(text: str) -> list[float]:
    """Lines that are an uptime as /proc/uptime has it; others are passed over."""
    lines = text.splitlines()
    return [float(line) for line in lines if re.fullmatch(r"\d{1,9}\.\d\d", line)]


def longest_pause(times: list[float]) -> float:
    """A restart between two lines is no pause: uptime begins again."""
    pairs = pairwise(times)
    return max((later - earlier for earlier, later in pairs), default=0.0)


def files_with_right_sums(node: Node, folder: str) -> tuple[int, int]:
    """Of the files that the folder's SHA256SUMS lists: how many are as listed, and how
    many there are."""
    listed = node.read(f"{folder}/SHA256SUMS") or ""
    sums = re.findall(r"^([0-9a-f]{64})  (?:\./)?([\w.-]+)$", listed, re.M)
    right = sum(
        sha256((node.read(f"{folder}/{name}") or "").encode()).hexdigest() == digest
        for digest, name in sums
    )
    return right, len(sums)
