"""A machine with three disks and a volume over two of them, in a simulated second.

It answers a checker's questions out of its state: kernel files inside, and disk images
outside with real labels, records, a file system's UUID and the bytes of planted files.
The disks are a sixteenth of the lab's: four extents of 4 MiB each.
"""

import hashlib
import re
import shlex
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from labkit import CommandResult, Fault
from labkit.lvm import AREA_MAGIC, LABEL, LABEL_TYPE, checksum

MIB = 1024 * 1024
EXTENT = 4 * MIB
SYSTEM = uuid.UUID("34beb4f7-04ad-4e9d-814a-9e7dade3dd1a")
AREA, AREA_SIZE = 4096, MIB - 4096
DISKS = ("vdb", "vdc", "vdd")
UUIDS = {disk: f"{disk}0".ljust(32, "x") for disk in DISKS}

Places = list[tuple[str, int, int]]  # Disk, its first extent, how many.


@dataclass
class Volumes:
    """As a student finds it; `evacuate()` and `retire()` make it what the lab asks."""

    group: list[str] = field(default_factory=lambda: ["vdb", "vdc"])
    labels: set[str] = field(default_factory=lambda: {"vdb", "vdc"})
    recorded: Places = field(default_factory=lambda: [("vdb", 0, 4), ("vdc", 0, 1)])
    real: Places = field(default_factory=lambda: [("vdb", 0, 4), ("vdc", 0, 1)])
    seqno: int = 3
    moving: bool = False
    present: set[str] = field(default_factory=lambda: set(DISKS))
    mapped: str = "vg01-lv01"
    hidden: bool = False  # The kernel's holders are covered up.
    writing: bool = False
    gives_up: bool = False  # Takes no write while vdb is out.
    written: dict[int, bytes] = field(default_factory=dict)  # By byte of lv01.
    files: dict[str, bytes] = field(default_factory=dict)
    override: dict[str, bytes | None] = field(default_factory=dict)
    clock: float = 100.0
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files["/etc/fstab"] = f"UUID={SYSTEM}  /data  ext4  nofail 0 2\n".encode()
        self.files["/data/diary"] = b"".join(
            b"%.2f\n" % (50 + n / 2) for n in range(101)
        )
        texts = {name: f"{name} 1\n".encode() for name in ("a.txt", "b.txt", "c.txt")}
        for name, text in texts.items():
            self.files[f"/data/tokens/{name}"] = text
        self.files["/data/tokens/SHA256SUMS"] = b"".join(
            f"{hashlib.sha256(text).hexdigest()}  ./{name}\n".encode()
            for name, text in texts.items()
        )
        self.written[1024] = (
            bytes(56) + b"\x53\xef" + bytes(46) + SYSTEM.bytes + bytes(256 - 120)
        )

    def evacuate(self) -> "Volumes":
        self.group, self.labels = list(DISKS), set(DISKS)
        self.recorded = self.real = [("vdd", 0, 4), ("vdc", 0, 1)]
        self.seqno += 4
        return self

    def retire(self) -> "Volumes":
        self.group.remove("vdb")
        self.labels.discard("vdb")
        self.seqno += 1
        return self

    # ---- time: the test replaces time.sleep and time.monotonic by these ----

    def sleep(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            self.clock += 0.1
            stopped = self.gives_up and "vdb" not in self.present
            if not stopped:
                self._add("/data/diary")
            if self.writing:
                self._add(
                    "/run/nines-write-errors" if stopped else "/data/.nines-writes"
                )

    def _add(self, path: str) -> None:
        self.files[path] = self.files.get(path, b"") + b"%.2f\n" % self.clock

    def now(self) -> float:
        return self.clock

    # ---- labkit's Transport ----

    def run(
        self, node: str, command: Sequence[str], *, stdin: str, timeout: float
    ) -> CommandResult:
        typed = command[2] if command[0] == "/bin/sh" else shlex.join(command)
        match list(command):
            case ["sync", path] if path in self.files:
                self.written[self._at(path)] = self.files[path]
            case ["filefrag", *_, path] if path in self.files:
                at = self._at(path) // 512
                return CommandResult(0, f"   0:  0..  1:  {at}..  {at + 1}:  2:  eof\n")
        if "setsid" in typed:
            self.writing = True
        if "nines-stop-writing; sleep" in typed:
            self.writing = False
        for path in re.findall(r"/data/\.nines-[a-z]+|/run/nines-write-errors", typed):
            if "rm -f" in typed and "setsid" not in typed:
                self.files.pop(path, None)
        return CommandResult(0)

    def _at(self, path: str) -> int:
        """Marks lie in the volume's second extent."""
        return EXTENT + 4096 * (1 + ("before" in path))

    def read_file(self, node: str, path: str, *, limit: int) -> bytes | None:
        if path in self.override:
            return self.override[path]
        if path in self.files:
            return self.files[path][:limit]
        text = self.kernel().get(path)
        return None if text is None else f"{text}\n".encode()[:limit]

    def kernel(self) -> dict[str, str]:
        found = {f"/sys/block/{disk}/dev": "254:16" for disk in self.present}
        found["/proc/uptime"] = f"{self.clock:.2f} 12.34"
        found["/proc/1/mountinfo"] = (
            "66 23 253:0 / /data rw shared:3 - ext4 /dev/mapper/vg01-lv01 rw"
        )
        found["/sys/dev/block/253:0/dm/name"] = self.mapped
        for disk, _, _ in () if self.hidden else self.real:
            found[f"/sys/block/{disk}/holders/dm-0/dm/name"] = "vg01-lv01"
        return found

    def write_file(self, node: str, path: str, data: bytes, *, mode: int) -> None:
        self.files[path] = data

    def read_disk(self, node: str, disk: str, *, offset: int, length: int) -> bytes:
        image = bytearray(MIB + 4 * EXTENT)
        if disk in self.labels:
            image[512:1024] = label(UUIDS[disk], len(image))
        if disk in self.labels and disk in self.group:
            image[AREA:MIB] = area(self.text())
        for at, data in self.written.items():
            extent, rest = divmod(at, EXTENT)
            for where, first, count in self.real:
                if where == disk and extent < count:
                    start = MIB + (first + extent) * EXTENT + rest
                    image[start : start + len(data)] = data
                extent -= count if extent >= 0 else 0
        return bytes(image[offset : offset + length])

    def text(self) -> str:
        names = {disk: f"pv{number}" for number, disk in enumerate(self.group)}
        places = [(names.get(d, "gone"), first, n) for d, first, n in self.recorded]
        pvs = {names[disk]: UUIDS[disk] for disk in self.group}
        logical = {"lv01": [("striped", [(name, at)], n) for name, at, n in places]}
        if self.moving:
            logical["pvmove0"] = [("mirror", [(names["vdb"], 0), (names["vdd"], 0)], 4)]
            logical["lv01"][0] = ("striped", [("pvmove0", 0)], 4)
        return group_text("vg01", self.seqno, pvs, logical)

    def inject(self, fault: Fault) -> None:
        self.faults.append(fault)
        if fault.kind == "disk.pull" and fault.disk:
            self.present.discard(fault.disk)
        elif fault.kind == "disk.insert" and fault.disk:
            self.present.add(fault.disk)

    def wait_ready(self, node: str, *, timeout: float) -> None: ...

    def boots(self, node: str) -> int:
        return 1


def label(identity: str, size: int) -> bytes:
    """The sector that makes a physical volume, as `pvcreate` writes it."""
    content = struct.pack("<32sQ", identity.encode(), size)
    content += struct.pack("<QQQQ", MIB, 0, 0, 0)
    content += struct.pack("<QQQQ", AREA, AREA_SIZE, 0, 0)
    body = struct.pack("<I8s", 32, LABEL_TYPE) + content.ljust(480, b"\0")
    return struct.pack("<8sQI", LABEL, 1, checksum(body)) + body


def area(text: str, *, at: int = 512, size: int = AREA_SIZE) -> bytes:
    """A metadata area whose newest text begins at byte `at` of its ring."""
    data = text.encode() + b"\0"
    header = struct.pack("<16sIQQ", AREA_MAGIC, 1, AREA, size)
    header += struct.pack("<QQII", at, len(data), checksum(data), 0)
    header = header.ljust(508, b"\0")
    image = bytearray(struct.pack("<I", checksum(header)) + header).ljust(size, b"\0")
    for number, byte in enumerate(data):
        image[512 + (at - 512 + number) % (size - 512)] = byte
    return bytes(image)


Segments = list[tuple[str, list[tuple[str, int]], int]]


def group_text(
    name: str, seqno: int, pvs: dict[str, str], logical: dict[str, Segments]
) -> str:
    """The record of a volume group with extents of 4 MiB, in LVM's language."""
    lines = [f"{name} {{", 'id = "g"', f"seqno = {seqno}", 'status = ["READ", "WRITE"]']
    lines += ["flags = []", "extent_size = 8192", "", "physical_volumes {", ""]
    for each, identity in pvs.items():
        lines += [f"{each} {{", f'id = "{dashed(identity)}"', "pe_start = 2048"]
        lines += ['device = "/dev/some \\"disk\\""', "pe_count = 4", "}"]
    lines += ["}", "", "logical_volumes {", ""]
    for each, segments in logical.items():
        lines += [f"{each} {{", f"segment_count = {len(segments)}", ""]
        start = 0
        for number, (kind, places, count) in enumerate(segments, start=1):
            lines += [f"segment{number} {{", f"start_extent = {start}"]
            lines += [f"extent_count = {count}", f'type = "{kind}"']
            word = "mirrors" if kind == "mirror" else "stripes"
            listed = ", ".join(f'"{where}", {first}' for where, first in places)
            lines += [f"{word} = [", listed, "]", "}"]
            start += count
        lines.append("}")
    lines += ["}", "}", "# Generated by a test: 2 { of 1", "", "version = 1"]
    lines += ['creation_host = "st1"\t# Linux st1 6.1.0 "x86_64"', ""]
    return "\n".join(lines)


def dashed(identity: str) -> str:
    """As the texts have UUIDs: 6-4-4-4-4-4-6 characters."""
    ends = (0, 6, 10, 14, 18, 22, 26, 32)
    return "-".join(identity[a:b] for a, b in pairwise(ends))
