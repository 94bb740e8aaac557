"""A machine with two disks and perhaps a mirror on them, in a simulated second.

It answers a checker's questions out of its state: kernel files inside, and disk images
outside with a real partition table, superblocks and the bytes of planted files.
"""

import hashlib
import re
import shlex
import struct
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from labkit import CommandResult, Fault

MIB = 1024 * 1024
ARRAY = uuid.UUID("4eb3c36c-217e-a2e9-cf0a-4815647babe2")
SYSTEM = uuid.UUID("34beb4f7-04ad-4e9d-814a-9e7dade3dd1a")
DATA = 2 * MIB  # Partition at 1 MiB, the array's data 1 MiB into it.
_LEVELS = {"raid1": 1, "raid0": 0}


@dataclass
class Superblock:
    number: int
    events: int
    roles: tuple[int, int]
    level: int = 1
    in_sync: bool = True
    in_use: bool = False  # Written while somebody wrote to the array.


@dataclass
class Mirror:
    """Unsolved at first; `solve()` makes it what the lab asks for."""

    level: str = ""  # "" as long as there is no array.
    inside: list[str] = field(default_factory=list)  # Members md counts as active.
    present: set[str] = field(default_factory=lambda: {"vdb", "vdc"})
    blocks: dict[str, Superblock] = field(default_factory=dict)
    bytes_at: dict[str, dict[int, bytes]] = field(
        default_factory=lambda: {"vdb": {}, "vdc": {}}
    )
    files: dict[str, bytes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    action: str = "idle"
    state: str = "clean"
    name: str = "md0"
    mounted: bool = False
    writing: bool = False
    gives_up: bool = False  # Stops taking writes once a disk is lost.
    loses: bool = False  # Sends no write anywhere.
    clock: float = 0.0
    boots_: int = 1
    faults: list[Fault] = field(default_factory=list)
    override: dict[str, bytes | None] = field(default_factory=dict)

    def solve(self, *, level: str = "raid1") -> "Mirror":
        self.level, self.inside, self.mounted = level, ["vdb", "vdc"], True
        for number, disk in enumerate(("vdb", "vdc")):
            self.blocks[disk] = Superblock(number, 20, (0, 1), _LEVELS[level])
            self.bytes_at[disk][1024] = bytes(56) + b"\x53\xef" + bytes(46)
            self.bytes_at[disk][1024] += SYSTEM.bytes + bytes(256 - 120)
        self.files["/etc/fstab"] = (
            f"/dev/vda / ext4 noatime 0 1\n# data\nUUID={SYSTEM} /data ext4 nofail\n"
        ).encode()
        self.files["/etc/mdadm/mdadm.conf"] = (
            f"HOMEHOST <system>\nARRAY /dev/md0 metadata=1.2\n   UUID={colons(ARRAY)}\n"
        ).encode()
        texts = {name: f"{name} 1\n".encode() for name in ("a.txt", "b.txt", "c.txt")}
        for name, text in texts.items():
            self.files[f"/data/tokens/{name}"] = text
        self.files["/data/tokens/SHA256SUMS"] = b"".join(
            f"{hashlib.sha256(text).hexdigest()}  ./{name}\n".encode()
            for name, text in texts.items()
        )
        return self

    # ---- time: the test replaces time.sleep and time.monotonic by these ----

    def sleep(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            self.clock += 0.1
            if self.writing and not (self.gives_up and self.degraded):
                self._notice()
                line = f"{self.clock:.2f}\n".encode()
                path = "/data/.nines-writes"
                self.files[path] = self.files.get(path, b"") + line
            elif self.writing:
                errors = "/run/nines-write-errors"
                self.files[errors] = self.files.get(errors, b"") + b"1\n"

    def now(self) -> float:
        return self.clock

    @property
    def degraded(self) -> int:
        return 2 - len(self.inside)

    def _notice(self) -> None:
        """A write goes out: md learns which disks are gone."""
        if any(disk not in self.present for disk in self.inside):
            self.inside = [disk for disk in self.inside if disk in self.present]
            for disk in self.inside:
                block = self.blocks[disk]
                block.events += 2
                block.roles = (
                    0 if "vdb" in self.inside else 0xFFFF,
                    1 if "vdc" in self.inside else 0xFFFF,
                )

    # ---- labkit's Transport ----

    def run(
        self, node: str, command: Sequence[str], *, stdin: str, timeout: float
    ) -> CommandResult:
        typed = command[2] if command[0] == "/bin/sh" else shlex.join(command)
        match list(command):
            case ["sync", path] if path in self.files:
                return self._sync(path)
            case ["filefrag", *_, path] if path in self.places:
                at = self.places[path] // 512
                return CommandResult(0, f"   0:  0..  1:  {at}..  {at + 1}:  2:  eof\n")
            case ["mdadm", "/dev/md0", "--add", device]:
                self._add(device.removeprefix("/dev/").rstrip("1"))
            case ["systemctl", "reboot"]:
                self.boots_ += 1
            case ["systemctl", "is-system-running"]:
                return CommandResult(0, "running\n")
        if "setsid" in typed:
            self.writing = True
        if "nines-stop-writing; sleep" in typed:
            self.writing = False
        for path in re.findall(r"/data/\.nines-[a-z]+|/run/nines-write-errors", typed):
            if "rm -f" in typed and "setsid" not in typed:
                self.files.pop(path, None)
        return CommandResult(0)

    def _sync(self, path: str) -> CommandResult:
        at = self.places.setdefault(path, MIB + len(self.places) * 4096)
        self._notice()
        if self.gives_up and self.degraded:
            return CommandResult(1, "", "Read-only file system")
        for disk in () if self.loses else self.inside:
            self.bytes_at[disk][at] = self.files[path]
        return CommandResult(0)

    def _add(self, disk: str) -> None:
        if disk in self.present and disk not in self.inside:
            self.inside = ["vdb", "vdc"]
            for each in self.blocks.values():
                each.events, each.roles = self.blocks["vdc"].events + 2, (0, 1)

    def read_file(self, node: str, path: str, *, limit: int) -> bytes | None:
        if path in self.override:
            return self.override[path]
        if path in self.files and (self.mounted or not path.startswith("/data/")):
            return self.files[path][:limit]
        text = self._kernel().get(path)
        return None if text is None else f"{text}\n".encode()[:limit]

    def _kernel(self) -> dict[str, str]:
        found = {f"/sys/block/{disk}/size": "524288" for disk in self.present}
        mounts = ["23 1 254:0 / / rw shared:1 - ext4 /dev/vda rw"]
        if self.mounted:
            mounts.append("66 23 9:0 / /data rw shared:3 - ext4 /dev/md0 rw")
        found["/proc/1/mountinfo"] = "\n".join(mounts)
        if not self.level:
            return found
        md = f"/sys/block/{self.name}/md"
        found |= {
            f"/sys/block/{self.name}/dev": "9:0",
            f"{md}/level": self.level,
            f"{md}/raid_disks": "2",
            f"{md}/array_state": self.state,
            f"{md}/metadata_version": "1.2",
            f"{md}/uuid": str(ARRAY),
        }
        if self.level == "raid1":
            found[f"{md}/degraded"] = str(self.degraded)
            found[f"{md}/sync_action"] = self.action
            done = "none" if self.action == "idle" else "130000 / 520000"
            found[f"{md}/sync_completed"] = done
        for disk in self.inside:
            found[f"{md}/dev-{disk}1/state"] = "in_sync"
            if disk in self.present:
                found[f"{md}/rd{'bc'.index(disk[2])}/block/dev"] = "254:17"
        marks = "".join("U" if disk in self.inside else "_" for disk in ("vdb", "vdc"))
        found["/proc/mdstat"] = (
            f"{self.name} : active raid1 vdc1[1]\n      259072 blocks super 1.2 "
            f"[2/{len(self.inside)}] [{marks}]"
        )
        return found

    def write_file(self, node: str, path: str, data: bytes, *, mode: int) -> None:
        self.files[path] = data

    def read_disk(self, node: str, disk: str, *, offset: int, length: int) -> bytes:
        image = bytearray(4 * MIB)
        image[:MIB] = partition_table(len(image))
        if block := self.blocks.get(disk):
            image[MIB + 4096 : MIB + 8192] = superblock(block)
        for at, data in self.bytes_at[disk].items():
            image[DATA + at : DATA + at + len(data)] = data
        return bytes(image[offset : offset + length])

    def inject(self, fault: Fault) -> None:
        self.faults.append(fault)
        if fault.kind == "disk.pull" and fault.disk:
            self.present.discard(fault.disk)
        elif fault.kind == "disk.insert" and fault.disk:
            self.present.add(fault.disk)

    def wait_ready(self, node: str, *, timeout: float) -> None: ...

    def boots(self, node: str) -> int:
        return self.boots_


def colons(value: uuid.UUID) -> str:
    return ":".join(value.hex[at : at + 8] for at in range(0, 32, 8))


def superblock(block: Superblock) -> bytes:
    """Version 1.2, as md writes it, padded to 4 KiB."""
    data = bytearray(256)
    struct.pack_into("<III", data, 0, 0xA92B4EFC, 1, 0)
    struct.pack_into("<16s32s", data, 16, ARRAY.bytes, b"st1:0")
    struct.pack_into("<iIQII", data, 72, block.level, 0, 518144, 0, 2)
    struct.pack_into("<QQQ", data, 128, MIB // 512, 518144, 8)
    struct.pack_into("<I", data, 160, block.number)
    resync = 0 if block.in_use else 2**64 - 1 if block.in_sync else 1000
    struct.pack_into("<QQII", data, 200, block.events, resync, 0, 2)
    data += struct.pack("<2H", *block.roles)
    total = sum(struct.unpack_from(f"<{len(data) // 4}I", data))
    struct.pack_into(
        "<I", data, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF
    )
    return bytes(data).ljust(4096, b"\0")


@lru_cache(maxsize=1)
def partition_table(size: int) -> bytes:
    """The first MiB of a disk with one GPT partition from 1 MiB on."""
    linux_raid = uuid.UUID("a19d880f-05fc-4d3b-a006-743f0f84911e")
    first = bytearray(512)
    first[450], first[510:512] = 0xEE, b"\x55\xaa"
    entries = bytearray(128 * 128)
    last = size // 512 - 34
    struct.pack_into("<16s16sQQ", entries, 0, linux_raid.bytes_le, b"p", 2048, last)
    header = bytearray(92)
    struct.pack_into("<8sIII", header, 0, b"EFI PART", 0x10000, 92, 0)
    struct.pack_into("<QIII", header, 72, 2, 128, 128, zlib.crc32(entries))
    struct.pack_into("<I", header, 16, zlib.crc32(header))
    start = bytes(first) + bytes(header).ljust(512, b"\0") + bytes(entries)
    return start.ljust(MIB, b"\0")
