import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import NotYet
from labkit.reading import as_int, as_json, key_values, mdstat, member

MDSTAT = """\
Personalities : [raid1] [raid6] [raid5] [raid4]
md0 : active raid1 vdd[2](S) vdc[1] vdb[0](F)
      261120 blocks super 1.2 [2/1] [_U]
      [==>..................]  recovery = 12.6% (32768/261120) finish=0.1min

md127 : inactive vde[0](S)
      261120 blocks super 1.2

md1 : active (auto-read-only) raid5 vdh[3] vdg[1] vdf[0]
      522240 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]
        resync=PENDING

unused devices: <none>
"""


def test_mdstat_is_read() -> None:
    arrays = mdstat(MDSTAT)

    assert list(arrays) == ["md0", "md127", "md1"]
    md0 = arrays["md0"]
    assert (md0.level, md0.wanted, md0.working, md0.status) == ("raid1", 2, 1, "_U")
    assert (md0.action, md0.percent, md0.whole) == ("recovery", 12.6, False)
    assert [(m.name, m.faulty, m.spare) for m in md0.members] == [
        ("vdd", False, True),
        ("vdc", False, False),
        ("vdb", True, False),
    ]
    assert (arrays["md127"].active, arrays["md127"].blocks) == (False, 261120)
    assert (arrays["md1"].read_only, arrays["md1"].whole) == (True, True)
    assert (arrays["md1"].action, arrays["md1"].percent) == ("resync", None)


@given(st.text())
def test_mdstat_takes_anything(text: str) -> None:
    mdstat(text)


@given(
    st.lists(st.sampled_from([*MDSTAT.splitlines(), "", " x", "md", "md9 : active"]))
)
def test_mdstat_takes_its_own_lines_in_any_order(lines: list[str]) -> None:
    mdstat("\n".join(lines))


@given(st.text())
def test_key_values_takes_anything(text: str) -> None:
    key_values(text)


def test_key_values_are_read() -> None:
    assert key_values('A=1\nnonsense\nB="x y"\n') == {"A": "1", "B": "x y"}


@given(st.text())
def test_a_number_is_a_number_or_a_sentence(text: str) -> None:
    try:
        value = as_int(text, what="x")
    except NotYet:
        return
    assert int(text) == value


@given(st.text() | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_json_is_json_or_a_sentence(text: str) -> None:
    try:
        as_json(text, what="x")
    except NotYet:
        return
    json.loads(text)


def test_json_as_deep_as_a_student_likes() -> None:
    with pytest.raises(NotYet):
        as_json("[" * 100_000, what="lsblk")


JSON = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON, st.lists(st.text() | st.integers(-3, 3), max_size=3))
def test_looking_inside_gives_a_value_or_a_sentence(
    value: object, path: list[str | int]
) -> None:
    try:
        member(value, *path, what="x")
    except NotYet:
        return


def test_the_sentence_says_what_was_seen() -> None:
    with pytest.raises(NotYet, match="What lsblk says cannot be understood: 'oops'"):
        as_json("oops", what="lsblk")
