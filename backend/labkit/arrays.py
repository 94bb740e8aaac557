"""A software RAID seen twice: by its kernel files inside, and by its disks outside.

The kernel files are read by the platform's agent with no tool of the student's. They
could still be covered up; what the members' superblocks say, read from the images, must
agree.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.checks import require
from labkit.md import Superblock, find_superblock
from labkit.nodes import Node
from labkit.partitions import NoPartitionTable, read_partitions
from labkit.text import Text

_PROGRESS = re.compile(r"(\d{1,15}) / (\d{1,15})")


@dataclass(frozen=True)
class Member:
    """One disk's part of an array, as the disk itself tells it."""

    disk: str
    name: str  # `vdb1`; `vdb` without partitions
    data: int  # Where the array's data begin, in bytes from the disk's start.
    md: Superblock


@dataclass(frozen=True)
class Array:
    node: Node
    name: str  # `md0`
    disks: tuple[str, ...]  # Where its members may be, by the platform's names.

    def sysfs(self, file: str) -> str | None:
        """The kernel's word, e.g. `level` or `rd0/state`; None when there is none."""
        text = self.node.read(f"/sys/block/{self.name}/md/{file}")
        return None if text is None else text.strip()

    @property
    def number(self) -> str:
        """As mounts name it, `9:0`; "" when there is no such device."""
        return (self.node.read(f"/sys/block/{self.name}/dev") or "").strip()

    @property
    def uuid(self) -> str:
        """32 hex digits; "" when there is no such array."""
        return bare_uuid(self.sysfs("uuid") or "")

    def progress(self) -> tuple[str, int | None]:
        """What goes on (`idle`, `resync`, `recover`, …) and how far it is, in %."""
        action = self.sysfs("sync_action") or "idle"
        done = _PROGRESS.fullmatch(self.sysfs("sync_completed") or "")
        return action, 100 * int(done[1]) // max(1, int(done[2])) if done else None

    def absent_disks(self) -> list[str]:
        """Those that are not in the machine now."""
        return [
            disk
            for disk in self.disks
            if self.node.read(f"/sys/block/{disk}/size") is None
        ]

    def members(self) -> dict[str, Member]:
        """By disk: whose superblock names this array, read from outside."""
        uuid = self.uuid
        return {
            each.disk: each
            for disk in self.disks
            for each in members_on(self.node, disk)
            if uuid and bare_uuid(each.md.array_uuid) == uuid
        }


def members_on(node: Node, disk: str) -> list[Member]:
    """Every RAID member on one disk: the whole of it, or its partitions."""
    image = node.disk(disk)
    places: list[tuple[int | None, int]] = [(None, 0)]
    with contextlib.suppress(NoPartitionTable):
        places += [(each.number, each.start) for each in read_partitions(image.read)]
    return [
        Member(disk, f"{disk}{number or ''}", start + found.data_offset, found)
        for number, start in places
        if (found := find_superblock(image, partition=number))
    ]


def freshest(found: Mapping[str, Member]) -> Member:
    """The member written last. There must be one."""
    return max(found.values(), key=lambda each: each.md.events)


def active_disks(found: Mapping[str, Member]) -> list[str]:
    """The disks whose member the freshest one counts as holding data.

    A member that was thrown out still believes in itself; the others know better.
    """
    roles = freshest(found).md.roles
    return [
        disk
        for disk, each in found.items()
        if each.md.number < len(roles) and isinstance(roles[each.md.number], int)
    ]


def require_mirror(array: Array) -> dict[str, Member]:
    """The disks themselves agree that all of them are active in one RAID1."""
    found = array.members()
    hint = Text(
        ja="それぞれのディスクが持つRAIDの管理情報（スーパーブロック）を調べてください。",
        en="Examine the RAID superblock that each of the disks carries.",
    )
    lacking = [disk for disk in array.disks if disk not in found]
    require(
        not lacking,
        ja=f"外から {'・'.join(lacking)} を読むと、{array.name} のメンバーである印"
        "（形式 1.2 の管理情報）がありません。",
        en=f"Read from outside, {' and '.join(lacking)} carries no superblock "
        f"(format 1.2) of {array.name}.",
        hint=hint,
    )
    levels = sorted({each.md.level for each in found.values()})
    require(
        levels == [1],
        ja=f"ディスクの管理情報に書かれたレベルは {levels} です。",
        en=f"The level recorded on the disks is {levels}.",
        hint=hint,
    )
    active, newest = active_disks(found), freshest(found)
    require(
        len(active) == len(array.disks),
        ja=f"ディスクの管理情報では、動いているのは {'・'.join(active)} だけです"
        f"（{newest.name}、イベント数 {newest.md.events}）。",
        en=f"By the superblocks only {', '.join(active)} is active "
        f"({newest.name}, {newest.md.events} events).",
        hint=hint,
    )
    return found


def recorded_arrays(conf: str) -> list[tuple[str, str]]:
    """Of each ARRAY line in mdadm.conf, the device and the UUID (bare; "" for none)."""
    joined = re.sub(r"\n[ \t]+", " ", re.sub(r"#.*", "", conf))
    found = []
    for words in map(str.split, joined.splitlines()):
        if len(words) >= 2 and words[0].upper() == "ARRAY":
            given = dict(word.lower().split("=", 1) for word in words if "=" in word)
            found.append((words[1], bare_uuid(given.get("uuid", ""))))
    return found


def bare_uuid(text: str) -> str:
    """Hex digits only: mdadm, the kernel and people put their marks differently."""
    return re.sub(r"[^0-9a-f]", "", text.lower())
