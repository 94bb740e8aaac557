import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.partitions import NoPartitionTable, Partition, read_partitions

LINUX_RAID = bytes.fromhex("0f889da1fc053b4da006743f0f84911e")


def gpt(*parts: tuple[int, int]) -> bytes:
    mbr = bytes(446) + struct.pack("<4xB3xII", 0xEE, 1, 9999) + bytes(48) + b"\x55\xaa"
    table = b"".join(
        struct.pack("<16s16sQQQ72s", LINUX_RAID, bytes(16), first, last, 0, b"")
        for first, last in parts
    ).ljust(128 * 128, b"\0")
    header = bytearray(512)
    struct.pack_into("<8sIIII", header, 0, b"EFI PART", 0x10000, 92, 0, 0)
    struct.pack_into("<QIII", header, 72, 2, 128, 128, zlib.crc32(table))
    struct.pack_into("<I", header, 16, zlib.crc32(bytes(header[:92])))
    return mbr + bytes(header) + table


def read(image: bytes) -> list[Partition]:
    return read_partitions(lambda offset, length: image[offset : offset + length])


def test_a_gpt_is_read() -> None:
    kind = "a19d880f-05fc-4d3b-a006-743f0f84911e"

    assert read(gpt((2048, 4095), (4096, 8191))) == [
        Partition(1, 2048 * 512, 2048 * 512, kind),
        Partition(2, 4096 * 512, 4096 * 512, kind),
    ]


def test_an_mbr_is_read_without_its_extended_partition() -> None:
    entries = struct.pack("<4xB3xII", 0xFD, 2048, 100)
    entries += struct.pack("<4xB3xII", 0x05, 9000, 100) + bytes(32)

    found = read(bytes(446) + entries + b"\x55\xaa")

    assert found == [Partition(1, 2048 * 512, 100 * 512, "fd")]


def test_a_damaged_gpt_is_refused() -> None:
    image = bytearray(gpt((2048, 4095)))
    image[1024 + 32] ^= 1

    with pytest.raises(NoPartitionTable, match="damaged"):
        read(bytes(image))


@given(st.binary(max_size=4096), st.booleans())
def test_random_bytes_raise_nothing_else(image: bytes, signed: bool) -> None:
    if signed:
        image = image[:510].ljust(510, b"\0") + b"\x55\xaa" + image[510:]
    try:
        read(image)
    except NoPartitionTable:
        return
    assert image[510:512] == b"\x55\xaa"


@given(st.integers(0, 1535), st.binary(min_size=1, max_size=64))
def test_a_gpt_scribbled_over_raises_nothing_else(at: int, scribble: bytes) -> None:
    image = bytearray(gpt((2048, 4095), (4096, 8191)))
    image[at : at + len(scribble)] = scribble
    try:
        read(bytes(image))
    except NoPartitionTable:
        return
