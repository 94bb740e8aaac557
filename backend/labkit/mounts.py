"""What is mounted where, what will be at the next boot, and what the disk calls it."""

import re
from dataclasses import dataclass
from uuid import UUID

from labkit.checks import require
from labkit.nodes import Disk, Node
from labkit.text import Text

_UUID = re.compile(
    r'(?:UUID=|/dev/disk/by-uuid/)"?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]+)+)"?'
)


@dataclass(frozen=True)
class Mount:
    device: str  # `9:0`
    root: str  # What of the file system; other than "/" for a bind mount.
    kind: str  # `ext4`
    source: str  # `/dev/md0`


def mounted_at(node: Node, path: str) -> Mount | None:
    """What a look at `path` finds: of several mounts there, the last."""
    found = None
    for line in (node.read("/proc/1/mountinfo") or "").splitlines():
        head, _, tail = line.partition(" - ")
        words, rest = head.split(), tail.split()
        if len(words) >= 6 and len(rest) >= 2 and words[4] == path:
            found = Mount(words[2], words[3], rest[0], rest[1])
    return found


def require_mounted(node: Node, path: str, *, device: str, kind: str) -> None:
    """What lies at `path` is the whole file system of `device` (`md0`), uncovered."""
    mount = mounted_at(node, path)
    hint = Text(
        ja=f"マウントの一覧で、{path} の行のデバイスを見てください。",
        en=f"Find the line for {path} among the mounts: which device is it?",
    )
    require(
        mount,
        ja=f"{path} には何もマウントされていません。",
        en=f"Nothing is mounted at {path}.",
        hint=hint,
    )
    assert mount
    number = (node.read(f"/sys/block/{device}/dev") or "").strip()
    require(
        mount.device == number and mount.root == "/",
        ja=f"{path} にマウントされているのは {device} ではなく {mount.source} "
        f"（{mount.device} の {mount.root}）です。",
        en=f"What is mounted at {path} is {mount.source} "
        f"({mount.root} of {mount.device}), not {device}.",
        hint=hint,
    )
    require(
        mount.kind == kind,
        ja=f"{path} のファイルシステムは {mount.kind} です。{kind} を使います。",
        en=f"The file system at {path} is {mount.kind}; it should be {kind}.",
        hint=hint,
    )


def fstab_source(node: Node, path: str) -> str | None:
    """The first column of the line for `path` that counts, the last one."""
    found = None
    for line in (node.read("/etc/fstab") or "").splitlines():
        words = line.split()
        if len(words) >= 3 and words[0][0] != "#" and words[1].rstrip("/") == path:
            found = words[0]
    return found


def uuid_in(source: str) -> str | None:
    """The UUID that a line of fstab names; None when it names something else."""
    match = _UUID.fullmatch(source)
    return match[1].lower() if match else None


def ext_uuid(disk: Disk, at: int) -> str | None:
    """Of the ext2/3/4 file system that begins at byte `at`, read from outside."""
    block = disk.read(at + 1024, 256)
    if len(block) < 256 or block[56:58] != b"\x53\xef":
        return None
    return str(UUID(bytes=block[104:120]))
