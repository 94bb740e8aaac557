"""Superblocks as mdadm writes them, and whatever else a student's disk may hold."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import NotYet
from labkit.md import (
    MAGIC,
    NoSuperblock,
    _checksum,
    find_superblock,
    parse_superblock,
    superblock,
)
from labkit.nodes import Disk
from labkit.testing import FakeLab, FakeNode


def made(
    *,
    level: int = 1,
    raid_disks: int = 2,
    number: int = 0,
    roles: tuple[int, ...] = (0, 1, 0xFFFF),
    events: int = 17,
    resync_offset: int = 2**64 - 1,
) -> bytes:
    """A superblock of version 1.2, laid out by the kernel's md_p.h."""
    data = bytearray(4096)
    struct.pack_into("<III", data, 0, MAGIC, 1, 0)
    struct.pack_into("<16s32s", data, 16, bytes(range(16)), b"st1:0")
    struct.pack_into("<iIQII", data, 72, level, 0, 522240, 0, raid_disks)
    struct.pack_into("<QI", data, 152, 0, number)
    struct.pack_into("<16s", data, 168, bytes(range(16, 32)))
    struct.pack_into("<QQII", data, 200, events, resync_offset, 0, len(roles))
    struct.pack_into(f"<{len(roles)}H", data, 256, *roles)
    struct.pack_into("<I", data, 216, _checksum(bytes(data[: 256 + 2 * len(roles)])))
    return bytes(data)


def disk(image: bytes) -> Disk:
    return FakeLab({"st1": FakeNode(disks={"vdb": image})}).node("st1").disk("vdb")


def test_a_superblock_says_what_the_array_is() -> None:
    found = parse_superblock(made())

    assert found.array_uuid == "00010203:04050607:08090a0b:0c0d0e0f"
    assert (found.name, found.level, found.raid_disks) == ("st1:0", 1, 2)
    assert (found.role, found.active, found.spares) == (0, 2, 1)
    assert (found.events, found.size_kb, found.in_sync) == (17, 261120, True)


@pytest.mark.parametrize(
    ("raw", "role"), [(1, 1), (0xFFFF, "spare"), (0xFFFE, "faulty")]
)
def test_a_member_knows_its_role(raw: int, role: object) -> None:
    assert parse_superblock(made(roles=(raw, 0))).role == role


def test_a_resyncing_array_is_not_in_sync() -> None:
    found = parse_superblock(made(resync_offset=1024))
    assert (found.in_sync, found.in_use) == (False, False)


def test_an_array_being_written_to_says_so_and_no_more() -> None:
    found = parse_superblock(made(resync_offset=0))
    assert (found.in_sync, found.in_use) == (False, True)


def test_it_is_found_on_the_whole_disk_and_in_a_partition() -> None:
    entry = struct.pack("<4xB3xII", 0xFD, 2048, 30000)
    mbr = bytes(446) + entry + bytes(48) + b"\x55\xaa"
    image = mbr + bytes(2048 * 512 - 512 + 4096) + made()

    assert find_superblock(disk(bytes(4096) + made())) is not None
    assert find_superblock(disk(image)) is None
    assert find_superblock(disk(image), partition=1) is not None
    assert find_superblock(disk(image), partition=2) is None


def test_a_disk_without_one_is_said_to_the_student() -> None:
    with pytest.raises(NotYet, match="vdb1 on st1"):
        superblock(disk(bytes(8192)), partition=1)


@given(st.binary(max_size=5000))
def test_random_bytes_are_no_superblock_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(NoSuperblock):
        parse_superblock(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_one_changed_byte_is_noticed_or_harmless(at: int, value: int) -> None:
    data = bytearray(made())
    data[at] = value
    try:
        parse_superblock(bytes(data))
    except NoSuperblock:
        return
    assert data == made() or at >= 262  # Beyond what the checksum covers.


@given(st.binary(max_size=20000), st.none() | st.integers(1, 9))
def test_finding_never_raises(image: bytes, partition: int | None) -> None:
    assert find_superblock(disk(image), partition=partition) is None


@given(
    roles=st.lists(st.integers(0, 0xFFFF), max_size=40).map(tuple),
    number=st.integers(0, 50),
    level=st.integers(-5, 12),
    raid_disks=st.integers(0, 2**32 - 1),
)
def test_a_forged_superblock_is_read_or_refused(
    roles: tuple[int, ...], number: int, level: int, raid_disks: int
) -> None:
    data = made(roles=roles, number=number, level=level, raid_disks=raid_disks)
    try:
        found = parse_superblock(data)
    except NoSuperblock:
        assert number >= len(roles)
    else:
        assert found.level == level
