"""LVM2 as its disks tell it, read from the image outside the machine.

A student is root and could replace `lvs` or hide what the kernel says; what the disks
hold is a second vantage point. The layout is LVM2's own (lib/label/label.h and
lib/format_text/layout.h of its source): a label in one of the first four sectors names
the metadata areas; the header of each points into a ring of texts, the newest of which
describes the whole volume group. Checksums must be right.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.nodes import Disk

SECTOR = 512
LABEL = b"LABELONE"
LABEL_TYPE = b"LVM2 001"
AREA_MAGIC = b" LVM2 x[5A%r0N*>"

_LABEL_SECTORS = 4
_LARGEST = 1024 * 1024  # Of a text; LVM's own areas are a little smaller.
_FAR = 2**40  # No disk of ours is as large as that.
_DEEPEST = 8
_CRC_START = 0xF597A6CF
_TOKEN = re.compile(r'(?:\s|#[^\n]*+)*+("(?:[^"\\\n]|\\.)*"|[\w.+-]+|[{}\[\]=,])')
_NUMBER = re.compile(r"-?\d{1,18}")
_END = re.compile(r"(?:\s|#[^\n]*+)*+")


class NotLvm(ValueError):
    """These bytes are no LVM2 metadata, or they are damaged."""


@dataclass(frozen=True)
class Label:
    """What makes a disk or partition a physical volume."""

    uuid: str  # 32 characters
    size: int
    areas: tuple[tuple[int, int], ...]  # Metadata: start and size, from the volume's.


@dataclass(frozen=True)
class PhysicalVolume:
    name: str  # `pv0`, known to this volume group only
    uuid: str
    first: int  # Where extent 0 begins, in bytes from the volume's start.
    extents: int


@dataclass(frozen=True)
class Segment:
    kind: str  # `striped` (of one stripe: linear), `mirror`, …
    start: int  # The logical volume's extents it makes up …
    count: int
    areas: tuple[tuple[str, int], ...]  # … and where they lie: name, first extent.


@dataclass(frozen=True)
class LogicalVolume:
    name: str
    segments: tuple[Segment, ...]

    @property
    def extents(self) -> int:
        return sum(each.count for each in self.segments)


@dataclass(frozen=True)
class VolumeGroup:
    name: str
    seqno: int  # Grows with every change.
    extent: int  # In bytes
    physical: tuple[PhysicalVolume, ...]
    logical: Mapping[str, LogicalVolume]

    def extents_on(self, uuid: str) -> int:
        """How many extents of this physical volume any logical volume uses."""
        names = {each.name for each in self.physical if each.uuid == uuid}
        return sum(
            segment.count
            for volume in self.logical.values()
            for segment in volume.segments
            for name, _ in segment.areas
            if name in names
        )

    def place(self, volume: str, at: int) -> tuple[str, int] | None:
        """The physical volume (by UUID) and the byte in it that hold byte `at` of a
        logical volume; None where it is not linear."""
        extent, rest = divmod(at, self.extent)
        found = self.logical.get(volume)
        for segment in found.segments if found else ():
            past = extent - segment.start
            if not 0 <= past < segment.count or len(segment.areas) != 1:
                continue
            name, first = segment.areas[0]
            for each in self.physical:
                byte = each.first + (first + past) * self.extent + rest
                if each.name == name and byte < _FAR:
                    return each.uuid, byte
        return None


def find_label(disk: Disk, *, start: int = 0) -> Label | None:
    """Of the physical volume that begins at byte `start`; None when there is none."""
    head = disk.read(start, _LABEL_SECTORS * SECTOR)
    for at in range(0, len(head), SECTOR):
        try:
            return parse_label(head[at : at + SECTOR])
        except NotLvm:
            continue
    return None


def find_group(disk: Disk, *, start: int = 0) -> VolumeGroup | None:
    """The volume group as this physical volume last recorded it; None when it belongs
    to none. Raises only what reading the disk raises."""
    label = find_label(disk, start=start)
    found = []
    for at, size in label.areas if label else ():
        try:
            found.append(parse_group(_newest_text(disk, start + at, size)))
        except NotLvm:
            continue
    return max(found, key=lambda each: each.seqno, default=None)


def parse_label(sector: bytes) -> Label:
    """NotLvm for anything but a whole label with the right checksum."""
    if len(sector) != SECTOR:
        raise NotLvm("There are too few bytes.")
    magic, _, crc, at, kind = struct.unpack_from("<8sQII8s", sector)
    if (magic, kind) != (LABEL, LABEL_TYPE) or crc != checksum(sector[20:]):
        raise NotLvm("There is no LVM2 label, or its checksum is wrong.")
    if not 32 <= at <= SECTOR - 40:
        raise NotLvm("The label points outside itself.")
    uuid, size = struct.unpack_from("<32sQ", sector, at)
    room = (SECTOR - at - 40) // 16 * 16
    places = list(struct.iter_unpack("<QQ", sector[at + 40 : at + 40 + room]))
    ends = [number for number, (start, _) in enumerate(places) if start == 0]
    if len(ends) < 2:  # First where the data lie, then where the metadata do.
        raise NotLvm("The label's lists have no end.")
    areas = tuple(places[ends[0] + 1 : ends[1]])
    return Label(uuid.decode("ascii", "replace"), size, areas)


def parse_group(text: str) -> VolumeGroup:
    """NotLvm for anything but a text as LVM writes it."""
    try:
        tree = parse_text(text)
        name, group = next(
            (name, value)
            for name, value in tree.items()
            if isinstance(value, dict) and "seqno" in value
        )
        return _group(name, group)
    except (AttributeError, KeyError, StopIteration, TypeError) as missing:
        raise NotLvm(f"The text lacks something: {missing!r}") from None


def parse_text(text: str) -> dict[str, Any]:
    """LVM's configuration language as dicts, lists, strings and whole numbers."""
    tokens = _tokens(text)
    tree = _section(tokens, _DEEPEST)
    if next(tokens, None) is not None:
        raise NotLvm("The text goes on after its end.")
    return tree


def checksum(data: bytes) -> int:
    """LVM's CRC-32: the common one from another start, not inverted at the end."""
    inverted: int = zlib.crc32(data, _CRC_START ^ 0xFFFFFFFF)
    return inverted ^ 0xFFFFFFFF


def _newest_text(disk: Disk, start: int, size: int) -> str:
    """What the header of a metadata area calls the present state."""
    if not (0 <= start < _FAR and SECTOR < size < _FAR):
        raise NotLvm("The metadata area lies nowhere.")
    header = disk.read(start, SECTOR)
    if len(header) != SECTOR or header[4:20] != AREA_MAGIC:
        raise NotLvm("There is no metadata area.")
    crc, own_size, at, length, text_crc, ignored = struct.unpack_from(
        "<I28xQQQII", header
    )
    if crc != checksum(header[4:]) or own_size != size:
        raise NotLvm("The metadata area's header is damaged.")
    if ignored or not (
        SECTOR <= at < size and 0 < length <= min(size - SECTOR, _LARGEST)
    ):
        raise NotLvm("The metadata area holds nothing.")
    before_the_end = min(length, size - at)
    data = disk.read(start + at, before_the_end)
    if before_the_end < length:  # It is a ring.
        data += disk.read(start + SECTOR, length - before_the_end)
    if len(data) != length or checksum(data) != text_crc:
        raise NotLvm("The text's checksum is wrong.")
    return data.rstrip(b"\0").decode("utf-8", "replace")


def _group(name: str, group: Mapping[str, Any]) -> VolumeGroup:
    extent = _number(group, "extent_size") * SECTOR
    if extent <= 0:
        raise NotLvm("The extents have no size.")
    return VolumeGroup(
        name=name,
        seqno=_number(group, "seqno"),
        extent=extent,
        physical=tuple(
            PhysicalVolume(
                name=each,
                uuid=str(volume["id"]).replace("-", ""),
                first=_number(volume, "pe_start") * SECTOR,
                extents=_number(volume, "pe_count"),
            )
            for each, volume in group["physical_volumes"].items()
        ),
        logical={
            each: LogicalVolume(each, tuple(_segments(volume)))
            for each, volume in group.get("logical_volumes", {}).items()
        },
    )


def _segments(volume: Mapping[str, Any]) -> Iterator[Segment]:
    for number in range(1, _number(volume, "segment_count") + 1):
        segment = volume[f"segment{number}"]
        places = segment.get("stripes", segment.get("mirrors", []))
        yield Segment(
            kind=str(segment["type"]),
            start=_number(segment, "start_extent"),
            count=_number(segment, "extent_count"),
            areas=tuple(_areas(places)),
        )


def _areas(flat: Sequence[Any]) -> Iterator[tuple[str, int]]:
    """Of a list like `["pv0", 0, "pv1", 0]`."""
    for name, first in zip(flat[::2], flat[1::2], strict=False):
        if not isinstance(name, str) or not isinstance(first, int):
            raise NotLvm("An area is no place.")
        yield name, first


def _number(section: Mapping[str, Any], key: str) -> int:
    value = section[key]
    if not isinstance(value, int) or value < 0:
        raise NotLvm(f"{key} is no number.")
    return value


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while found := _TOKEN.match(text, at):
        yield found[1]
        at = found.end()
    if not _END.fullmatch(text, at):
        raise NotLvm("The text has something LVM does not write.")


def _section(tokens: Iterator[str], depth: int) -> dict[str, Any]:
    """Up to the section's `}`, or the text's end."""
    found: dict[str, Any] = {}
    for name in tokens:
        if name == "}":
            break
        match next(tokens, None):
            case "{" if depth:
                found[name] = _section(tokens, depth - 1)
            case "=":
                found[name] = _value(next(tokens, ""), tokens)
            case other:
                raise NotLvm(f"{other!r} follows {name!r}.")
    return found


def _value(token: str, tokens: Iterator[str]) -> str | int | list[str | int]:
    if token != "[":
        return _scalar(token)
    rest = iter(lambda: next(tokens, "]"), "]")
    return [_scalar(each) for each in rest if each != ","]


def _scalar(token: str) -> str | int:
    if token.startswith('"'):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    return int(token) if _NUMBER.fullmatch(token) else token
