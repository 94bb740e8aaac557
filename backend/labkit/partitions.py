"""Where a disk's partitions lie, read from its image outside the machine.

Reads GPT (with its checksums) and the four primary entries of an MBR. What is on a disk
is the student's: anything that is no table raises NoPartitionTable, nothing else.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

SECTOR = 512
_MAX_ENTRIES = 128
_EMPTY_TYPE = bytes(16)
_EXTENDED = {0x05, 0x0F, 0x85}
_PROTECTIVE = 0xEE

Read = Callable[[int, int], bytes]
"""`read(offset, length)` gives those bytes of the disk, fewer at its end."""


class NoPartitionTable(ValueError):
    """There is no partition table that could be used."""


@dataclass(frozen=True)
class Partition:
    number: int
    start: int  # Bytes from the start of the disk.
    length: int
    kind: str  # A GPT type as a lower-case GUID, or an MBR type as "fd".


def read_partitions(read: Read) -> list[Partition]:
    """The disk's partitions by number; an empty table gives an empty list."""
    first = read(0, SECTOR)
    if len(first) < SECTOR or first[510:512] != b"\x55\xaa":
        raise NoPartitionTable("The first sector has no boot signature.")
    entries = [first[446 + 16 * n : 462 + 16 * n] for n in range(4)]
    if any(entry[4] == _PROTECTIVE for entry in entries):
        return _gpt(read)
    return [found for n, entry in enumerate(entries, 1) if (found := _mbr(n, entry))]


def _mbr(number: int, entry: bytes) -> Partition | None:
    kind = entry[4]
    start, length = struct.unpack_from("<II", entry, 8)
    if kind == 0 or kind in _EXTENDED or start == 0 or length == 0:
        return None
    return Partition(number, start * SECTOR, length * SECTOR, f"{kind:02x}")


def _gpt(read: Read) -> list[Partition]:
    header = read(SECTOR, SECTOR)
    if len(header) < SECTOR or header[:8] != b"EFI PART":
        raise NoPartitionTable("The GPT header is missing.")
    size, checksum = struct.unpack_from("<II", header, 12)
    if not 92 <= size <= SECTOR or checksum != zlib.crc32(
        header[:16] + bytes(4) + header[20:size]
    ):
        raise NoPartitionTable("The GPT header is damaged.")
    at, count, entry_size, table_checksum = struct.unpack_from("<QIII", header, 72)
    if not 1 <= count <= _MAX_ENTRIES or entry_size != 128 or not 2 <= at < 2**32:
        raise NoPartitionTable("The GPT header describes no table of ours.")
    table = read(at * SECTOR, count * entry_size)
    if zlib.crc32(table) != table_checksum:
        raise NoPartitionTable("The GPT is damaged.")
    found = []
    for number in range(1, count + 1):
        entry = table[(number - 1) * entry_size : number * entry_size]
        kind, first, last = struct.unpack_from("<16s16xQQ", entry)
        if kind != _EMPTY_TYPE and 0 < first <= last < 2**48:
            length = (last - first + 1) * SECTOR
            found.append(Partition(number, first * SECTOR, length, _guid(kind)))
    return found


def _guid(raw: bytes) -> str:
    a, b, c = struct.unpack_from("<IHH", raw)
    return f"{a:08x}-{b:04x}-{c:04x}-{raw[8:10].hex()}-{raw[10:].hex()}"
