"""Linux software RAID as its superblocks tell it, read from the disk image outside.

A student is root and could replace `mdadm` or hide /proc/mdstat; what the disks hold is
a second vantage point. Metadata 1.2 (mdadm's default) and 1.1 are read.
"""

import struct
from dataclasses import dataclass
from typing import Literal

from labkit.checks import NotYet
from labkit.nodes import Disk
from labkit.partitions import NoPartitionTable, read_partitions
from labkit.text import Text

MAGIC = 0xA92B4EFC
Role = int | Literal["spare", "faulty", "journal"]

_SIZE = 4096
_FIXED = 256
_PLACES = (4096, 0)  # Where 1.2 and 1.1 lie, in bytes from the member's start.
_NEVER = 2**64 - 1
_ROLES: dict[int, Role] = {0xFFFF: "spare", 0xFFFE: "faulty", 0xFFFD: "journal"}


class NoSuperblock(ValueError):
    """These bytes are no version 1 superblock, or it is damaged."""


@dataclass(frozen=True)
class Superblock:
    array_uuid: str  # As mdadm prints it: 4 × 8 hex digits, colons between.
    device_uuid: str
    name: str  # `host:0`
    level: int  # 0, 1, 4, 5, 6, 10; -1 for linear
    layout: int
    chunk_kb: int
    raid_disks: int
    number: int  # The member's own, for looking itself up in another's `roles`.
    role: Role  # The member's slot in the array.
    roles: tuple[Role, ...]  # Of every member, by its number.
    events: int
    size_kb: int  # Of one member's share of the data …
    data_offset: int  # … and where it begins, in bytes from the member's start.
    in_sync: bool  # The array was not resyncing, nor this member being rebuilt.
    in_use: bool  # Being written to: md then notes nothing of a resync, ended or not.

    @property
    def active(self) -> int:
        """How many members hold data."""
        return sum(isinstance(role, int) for role in self.roles)

    @property
    def spares(self) -> int:
        return sum(role == "spare" for role in self.roles)


def parse_superblock(data: bytes) -> Superblock:
    """NoSuperblock for anything but a whole superblock with the right checksum."""
    if len(data) < _FIXED:
        raise NoSuperblock("There are too few bytes.")
    magic, major, feature = struct.unpack_from("<III", data)
    if magic != MAGIC or major != 1:
        raise NoSuperblock("There is no md superblock of version 1.")
    set_uuid, set_name = struct.unpack_from("<16s32s", data, 16)
    level, layout, size, chunk, raid_disks = struct.unpack_from("<iIQII", data, 72)
    (data_offset,) = struct.unpack_from("<Q", data, 128)
    (recovery_offset, number) = struct.unpack_from("<QI", data, 152)
    (device_uuid,) = struct.unpack_from("<16s", data, 168)
    events, resync_offset, checksum, max_dev = struct.unpack_from("<QQII", data, 200)
    end = _FIXED + 2 * max_dev
    if max_dev > (_SIZE - _FIXED) // 2 or end > len(data):
        raise NoSuperblock("The superblock claims too many members.")
    if checksum != _checksum(data[:end]):
        raise NoSuperblock("The superblock's checksum is wrong.")
    if number >= max_dev:
        raise NoSuperblock("The member has no number of its own.")
    roles = tuple(
        _ROLES.get(raw, raw) for raw in struct.unpack_from(f"<{max_dev}H", data, _FIXED)
    )
    recovering = bool(feature & 2) and recovery_offset != _NEVER
    return Superblock(
        array_uuid=_uuid(set_uuid),
        device_uuid=_uuid(device_uuid),
        name=set_name.split(b"\0", 1)[0].decode("utf-8", "replace"),
        level=level,
        layout=layout,
        chunk_kb=chunk // 2,
        raid_disks=raid_disks,
        number=number,
        role=roles[number],
        roles=roles,
        events=events,
        size_kb=size // 2,
        data_offset=data_offset * 512,
        in_sync=resync_offset == _NEVER and not recovering,
        in_use=resync_offset == 0 and not recovering,
    )


def find_superblock(disk: Disk, *, partition: int | None = None) -> Superblock | None:
    """The superblock of the whole disk, or of its partition with that number; None
    when there is none. Raises only what reading the disk raises."""
    start = 0
    if partition is not None:
        try:
            found = read_partitions(disk.read)
        except NoPartitionTable:
            return None
        starts = {each.number: each.start for each in found}
        if partition not in starts:
            return None
        start = starts[partition]
    for place in _PLACES:
        try:
            return parse_superblock(disk.read(start + place, _SIZE))
        except NoSuperblock:
            continue
    return None


def superblock(disk: Disk, *, partition: int | None = None) -> Superblock:
    """Like `find_superblock`, with a sentence for the student when there is none."""
    found = find_superblock(disk, partition=partition)
    if found is None:
        name = f"{disk.name}{partition or ''}"
        raise NotYet(
            Text(
                ja=f"{disk.node} の {name} は、まだRAIDのメンバーではありません "
                "(mdの管理情報がありません)。",
                en=f"{name} on {disk.node} carries no sign of being a RAID member "
                "(no md superblock).",
            )
        )
    return found


def _checksum(data: bytes) -> int:
    cleared = data[:216] + bytes(4) + data[220:]
    words = len(cleared) // 4
    total: int = sum(struct.unpack_from(f"<{words}I", cleared))
    if len(cleared) % 4 == 2:
        total += struct.unpack_from("<H", cleared, words * 4)[0]
    return ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF


def _uuid(raw: bytes) -> str:
    digits = raw.hex()
    return ":".join(digits[at : at + 8] for at in range(0, 32, 8))
