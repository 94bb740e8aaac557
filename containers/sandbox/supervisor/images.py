"""Disk images: copy-on-write roots and sparse raw disks."""

from __future__ import annotations

import os
from struct import pack

from .errors import Refused

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
MAX_READ = 65536


def virtual_size(path: str) -> int:
    """What a qcow2 image says its disk's size is."""
    with open(path, "rb") as image:
        header = image.read(32)
    if header[:4] != b"QFI\xfb":
        raise ValueError(f"{path} is not a qcow2 image")
    return int.from_bytes(header[24:32], "big")


def make_overlay(path: str, backing: str) -> None:
    """An empty qcow2 on `backing`, as `qemu-img create -b` makes it, without a process.

    Four clusters: header, refcount table, one refcount block, the L1 table.
    """
    size = virtual_size(backing)
    tables = -(-size // (CLUSTER * (CLUSTER // 8)))  # One L2 table is one L1 entry.
    if tables * 8 > CLUSTER:
        raise ValueError(f"{backing} is too large for one L1 cluster")
    name = backing.encode()
    file_format = b"qcow2"
    extensions = pack(">II", 0xE2792ACA, len(file_format)) + file_format + bytes(3)
    extensions += bytes(8)
    name_at = 104 + len(extensions)
    header = pack(
        ">4sIQIIQIIQQIIQQQQII",
        *(b"QFI\xfb", 3, name_at, len(name), CLUSTER_BITS, size),
        *(0, tables, 3 * CLUSTER),  # Not encrypted; the L1 table.
        *(CLUSTER, 1, 0, 0),  # The refcount table; no snapshots.
        *(0, 0, 0, 4, 104),  # No features; 16-bit refcounts.
    )
    content = (header + extensions + name).ljust(CLUSTER, b"\0")
    content += pack(">Q", 2 * CLUSTER).ljust(CLUSTER, b"\0")
    content += pack(">4H", 1, 1, 1, 1).ljust(CLUSTER, b"\0")
    with open(path, "xb") as overlay:
        overlay.write(content)
        overlay.truncate(4 * CLUSTER)


def make_disk(path: str, size_mb: int) -> None:
    with open(path, "xb") as disk:
        disk.truncate(size_mb << 20)


def read_disk(path: str, offset: int, length: int) -> bytes:
    if length > MAX_READ:
        raise Refused("bad_request", f"At most {MAX_READ} bytes at a time.")
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.pread(fd, length, offset)
    finally:
        os.close(fd)
