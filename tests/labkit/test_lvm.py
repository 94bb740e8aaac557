"""Labels and records as LVM writes them, and whatever else a disk may hold."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.lvm import (
    NotLvm,
    PhysicalVolume,
    checksum,
    find_group,
    find_label,
    parse_group,
    parse_label,
    parse_text,
)
from labkit.nodes import Disk
from labkit.testing import FakeLab, FakeNode
from tests.fakes.volumes import AREA, AREA_SIZE, EXTENT, MIB, area, group_text, label

A, B = "a" * 32, "b" * 32
LINEAR = {"lv01": [("striped", [("pv0", 0)], 3), ("striped", [("pv1", 1)], 2)]}
TEXT = group_text("vg01", 7, {"pv0": A, "pv1": B}, LINEAR)


def disk(image: bytes) -> Disk:
    return FakeLab({"st1": FakeNode(disks={"vdb": image})}).node("st1").disk("vdb")


def image(text: str = TEXT, *, at: int = 512) -> bytes:
    return (bytes(512) + label(A, 64 * MIB)).ljust(AREA, b"\0") + area(text, at=at)


WRITTEN_BY_LVM = bytes.fromhex(
    "4c4142454c4f4e45010000000000000069f969ae200000004c564d3220303031"
    "45694f356c4e55543332655464497470435637554b4a487a5042445338487477"
    "0000001000000000000010000000000000000000000000000000000000000000"
    "0000000000000000001000000000000000f00f00000000000000000000000000"
    "00000000000000000200000001"
).ljust(512, b"\0")


def test_a_label_that_lvm_wrote_is_read() -> None:
    """Version 2.03.16, on a disk of 256 MiB."""
    found = parse_label(WRITTEN_BY_LVM)

    assert found.uuid == "EiO5lNUT32eTdItpCV7UKJHzPBDS8Htw"
    assert found.size == 256 * MIB
    assert found.areas == ((AREA, AREA_SIZE),)


def test_a_label_says_who_it_is_and_where_the_records_are() -> None:
    found = find_label(disk(image()))

    assert found is not None
    assert (found.uuid, found.size) == (A, 64 * MIB)
    assert found.areas == ((AREA, AREA_SIZE),)


@pytest.mark.parametrize("sector", [0, 1, 2, 3])
def test_a_label_may_lie_in_any_of_four_sectors(sector: int) -> None:
    assert find_label(disk(bytes(512 * sector) + label(A, MIB)))


def test_a_label_further_on_is_none() -> None:
    assert find_label(disk(bytes(2048) + label(A, MIB))) is None


def test_a_record_says_what_lies_where() -> None:
    group = find_group(disk(image()))

    assert group is not None
    assert (group.name, group.seqno, group.extent) == ("vg01", 7, EXTENT)
    assert group.physical[0] == PhysicalVolume("pv0", A, MIB, 4)
    assert group.logical["lv01"].extents == 5
    assert (group.extents_on(A), group.extents_on(B), group.extents_on("c")) == (
        3,
        2,
        0,
    )


def test_a_byte_of_a_volume_is_found_on_its_disk() -> None:
    group = parse_group(TEXT)

    assert group.place("lv01", 0) == (A, MIB)
    assert group.place("lv01", 3 * EXTENT - 1) == (A, MIB + 3 * EXTENT - 1)
    assert group.place("lv01", 3 * EXTENT + 5) == (B, MIB + EXTENT + 5)
    assert group.place("lv01", 5 * EXTENT) is None
    assert group.place("lv02", 0) is None


def test_an_unfinished_move_has_two_places_and_so_none() -> None:
    moving = {
        "lv01": [("striped", [("pvmove0", 0)], 3)],
        "pvmove0": [("mirror", [("pv0", 0), ("pv1", 1)], 3)],
    }
    group = parse_group(group_text("vg01", 8, {"pv0": A, "pv1": B}, moving))

    assert group.place("pvmove0", 0) is None
    assert group.place("lv01", 0) is None
    assert group.extents_on(A) == group.extents_on(B) == 3
    assert group.logical["pvmove0"].segments[0].kind == "mirror"


@pytest.mark.parametrize("at", [512, 4096, AREA_SIZE - 100, AREA_SIZE - 1])
def test_a_text_may_go_round_the_end_of_its_ring(at: int) -> None:
    assert find_group(disk(image(at=at))) == parse_group(TEXT)


def test_a_volume_begins_where_its_partition_does() -> None:
    assert find_group(disk(bytes(MIB) + image()), start=MIB) == parse_group(TEXT)


def test_a_labelled_disk_of_no_group_has_no_record() -> None:
    data = bytearray(image())
    empty = bytearray(area(""))
    struct.pack_into("<QQII", empty, 40, 0, 0, 0, 0)
    struct.pack_into("<I", empty, 0, checksum(bytes(empty[4:512])))
    data[AREA : AREA + len(empty)] = empty

    assert find_label(disk(bytes(data)))
    assert find_group(disk(bytes(data))) is None


def test_strings_comments_and_lists_are_read() -> None:
    tree = parse_text('a {\nb = ["x", 1]\t# } "\nc = "d \\"e\\" # f"\n}\nv = -1 # end')

    assert tree == {"a": {"b": ["x", 1], "c": 'd "e" # f'}, "v": -1}


@pytest.mark.parametrize(
    "text",
    ["a", "a b", "a {", "}", "a = ", "a {} }", "%", "a = 'x'", '"', "[", "= 1"],
)
def test_a_text_that_lvm_would_not_write_is_no_group(text: str) -> None:
    with pytest.raises(NotLvm):
        parse_group(text)


@given(st.integers(0, 511), st.integers(0, 255))
def test_one_changed_byte_of_a_label_is_noticed_or_harmless(at: int, to: int) -> None:
    data = bytearray(label(A, MIB))
    data[at] = to
    try:
        assert parse_label(bytes(data)).uuid == A
    except NotLvm:
        return
    assert data == label(A, MIB) or 8 <= at < 16  # Its own place, which nobody needs.


@settings(max_examples=60)
@given(st.integers(AREA, AREA + 512 + len(TEXT)), st.integers(0, 255))
def test_one_changed_byte_of_a_record_is_noticed(at: int, to: int) -> None:
    data = bytearray(image())
    data[at] = to

    found = find_group(disk(bytes(data)))

    assert found is None or data == image()


@given(st.binary(max_size=5000))
def test_random_bytes_are_nothing_and_nothing_worse(data: bytes) -> None:
    assert find_label(disk(data)) is None
    assert find_group(disk(data)) is None


@given(
    st.lists(
        st.sampled_from(
            [*"{}[]=,", "a", "seqno", "extent_size", "1", '"x"', "physical_volumes"]
        ),
        max_size=60,
    )
)
def test_forged_texts_are_read_or_refused(words: list[str]) -> None:
    try:
        parse_group(" ".join(words))
    except NotLvm:
        return


@pytest.mark.parametrize(
    "text",
    [
        "a { " * 100_000,
        "a = " + "[" * 100_000,
        "# " * 100_000 + "%",
        TEXT.replace("8192", "0"),
        TEXT.replace("8192", "9" * 5000),
        TEXT.replace("segment_count = 2", "segment_count = 99999999999999"),
        TEXT.replace('"pv0", 0', '"pv0"').replace('"pv1", 1', "0, 0"),
        TEXT.replace("pe_count = 4", "pe_count = {}"),
    ],
)
def test_texts_meant_to_hurt_are_refused(text: str) -> None:
    with pytest.raises(NotLvm):
        parse_group(text)


def test_a_place_beyond_any_disk_is_none() -> None:
    group = parse_group(TEXT.replace('"pv0", 0', f'"pv0", {10**17}'))

    assert group.place("lv01", 0) is None


@pytest.mark.parametrize("start", [0, 2**63, 2**64 - 1])
def test_an_area_that_lies_nowhere_is_passed_over(start: int) -> None:
    content = struct.pack("<32sQ", A.encode(), MIB)
    content += struct.pack("<QQQQQQQQ", MIB, 0, 0, 0, start, 2**63, 0, 0)
    body = struct.pack("<I8s", 32, b"LVM2 001") + content.ljust(480, b"\0")
    forged = struct.pack("<8sQI", b"LABELONE", 1, checksum(body)) + body

    assert find_label(disk(forged))
    assert find_group(disk(forged)) is None
