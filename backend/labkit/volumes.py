"""A volume group seen twice: by kernel files inside, and by its disks outside.

What LVM has written down and what the kernel does can differ: somebody may have edited
the one or hidden the other. And the bytes must be where the records say.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from labkit.checks import require
from labkit.lvm import VolumeGroup, find_group, find_label
from labkit.mounts import ext_uuid, mounted_at
from labkit.nodes import Disk, Node
from labkit.partitions import NoPartitionTable, read_partitions
from labkit.text import Text
from labkit.witness import Planted

_FAR = 2**40  # No disk of ours is as large as that.
_MAPPED = 16  # Device-mapper devices a lab's machine may have at most.


@dataclass(frozen=True)
class Group:
    node: Node
    name: str  # `vg01`
    disks: tuple[str, ...]  # Where its physical volumes may be.

    def recorded(self) -> VolumeGroup | None:
        """As the disks have it; the newest record, if they differ."""
        found = [
            group
            for disk in map(self.node.disk, self.disks)
            for start in starts_on(disk)
            if (group := find_group(disk, start=start)) and group.name == self.name
        ]
        return max(found, key=lambda each: each.seqno, default=None)

    def physical(self) -> dict[str, tuple[str, int]]:
        """By UUID: the disk that carries this label, and at which byte it begins."""
        return {
            label.uuid: (disk.name, start)
            for disk in map(self.node.disk, self.disks)
            for start in starts_on(disk)
            if (label := find_label(disk, start=start))
        }

    def labels_on(self, disk: str) -> list[str]:
        return [uuid for uuid, place in self.physical().items() if place[0] == disk]

    def place(self, volume: str, at: int) -> tuple[Disk, int] | None:
        """The disk and the byte on it where byte `at` of a logical volume lies."""
        group = self.recorded()
        place = group.place(volume, at) if group else None
        if not place or place[0] not in (physical := self.physical()):
            return None
        disk, start = physical[place[0]]
        return self.node.disk(disk), start + place[1]


def starts_on(disk: Disk) -> Iterator[int]:
    """Where a physical volume may begin: the disk's start, and its partitions'."""
    yield 0
    with suppress(NoPartitionTable):
        yield from (
            each.start for each in read_partitions(disk.read) if each.start < _FAR
        )


def users_of(node: Node, disk: str) -> list[str]:
    """The names of the mapped devices that the kernel runs over `disk` now."""
    parts = [disk, *(f"{disk}/{disk}{number}" for number in range(1, 5))]
    present = [part for part in parts if node.read(f"/sys/block/{part}/dev")]
    found = (
        node.read(f"/sys/block/{part}/holders/dm-{number}/dm/name")
        for part in present
        for number in range(_MAPPED)
    )
    return sorted({name.strip() for name in found if name})


def mapped_at(node: Node, path: str) -> str | None:
    """The mapped device (`vg01-lv01`) whose file system lies at `path`."""
    mount = mounted_at(node, path)
    if not mount or mount.root != "/" or not re.fullmatch(r"\d+:\d+", mount.device):
        return None
    return (node.read(f"/sys/dev/block/{mount.device}/dm/name") or "").strip() or None


def require_begins(group: Group, volume: str, uuid: str | None) -> None:
    """Where the records say the volume begins, this ext file system begins."""
    place = group.place(volume, 0)
    where_ja = f"{place[0].name} の {place[1]} バイト目" if place else "不明"
    where_en = f"at byte {place[1]} of {place[0].name}" if place else "nowhere"
    require(
        place and uuid and ext_uuid(*place) == uuid,
        ja=f"記録によれば {volume} の先頭は{where_ja}ですが、外から読むと、"
        f"ファイルシステム {uuid or '（UUID の指定なし）'} はそこにありません。",
        en=f"By the records {volume} begins {where_en}; read from outside, the file "
        f"system {uuid or '(no UUID is given)'} is not there.",
        hint=Text(
            ja="記録だけでなく、中身も移っていますか。/etc/fstab の UUID は最初の"
            "ままですか。",
            en="Did the contents move, and not only the records? Is the UUID in "
            "/etc/fstab what it was?",
        ),
    )


def require_arrived(group: Group, volume: str, planted: Planted) -> None:
    """What was planted on the volume is on the disk that the records say."""
    place = group.place(volume, planted.at)
    require(
        place,
        ja=f"{planted.path} に書いた目印は、記録ではどのディスクにもありません。",
        en=f"By the records the mark written to {planted.path} lies on no disk.",
    )
    assert place
    disk, at = place
    planted.require_on(disk, data=at - planted.at)
