"""Turn what a machine printed into values. A student is root there: it may be garbage.

Every function gives a value or raises NotYet with a sentence for the student, so that
nothing a machine prints can make a check *broken*.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from labkit.checks import NotYet
from labkit.text import Text

_SHOWN = 80
_DIGITS = 18
_ARRAY = re.compile(r"^(md\w+) : (active|inactive)(?: \(([\w-]+)\))?((?: \S+)*)\s*$")
_MEMBER = re.compile(r"^([\w!-]+)\[(\d{1,5})\]((?:\([A-Z]\))*)$")
_COUNTS = re.compile(r"\[(\d{1,5})/(\d{1,5})\] \[([U_]+)\]")
_BLOCKS = re.compile(r"^\s+(\d{1,18}) blocks\b")
_ACTION = re.compile(
    r"\b(recovery|resync|reshape|check)\s*=\s*(?:(\d{1,3}\.\d+)%|(DELAYED|PENDING))?"
)


def not_understood(what: str, shown: str) -> NotYet:
    """NotYet for an answer that is not what `what` (a command, a file) should give."""
    excerpt = shown.strip()[:_SHOWN]
    return NotYet(
        Text(
            ja=f"{what} の内容を読み取れません: {excerpt!r}",
            en=f"What {what} says cannot be understood: {excerpt!r}",
        )
    )


def as_int(text: str, *, what: str) -> int:
    """One whole number with nothing around it but white space."""
    stripped = text.strip()
    if not re.fullmatch(rf"-?[0-9]{{1,{_DIGITS}}}", stripped):
        raise not_understood(what, text)
    return int(stripped)


def as_json(text: str, *, what: str) -> Any:
    """Any JSON value. Look inside it with `member`, not with [] alone."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise not_understood(what, text) from None


def member(value: Any, *path: str | int, what: str) -> Any:
    """`member(report, "blockdevices", 0, "name", what="lsblk")`, or NotYet."""
    found = value
    for step in path:
        by_key = isinstance(found, dict) and isinstance(step, str) and step in found
        by_place = (
            isinstance(found, list)
            and isinstance(step, int)
            and -len(found) <= step < len(found)
        )
        if not (by_key or by_place):
            raise not_understood(what, str(value))
        found = found[step]
    return found


def key_values(text: str) -> dict[str, str]:
    """Lines of KEY=value, as `mdadm --export` and `blkid -o export` print them."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {
        key.strip(): value.strip().strip('"')
        for key, is_pair, value in pairs
        if is_pair
    }


@dataclass(frozen=True)
class MdMember:
    name: str  # `vdb`, `vdb1`
    number: int
    faulty: bool
    spare: bool


@dataclass(frozen=True)
class MdArray:
    """One array of /proc/mdstat."""

    name: str
    active: bool
    read_only: bool
    level: str  # `raid1`; "" while inactive
    members: tuple[MdMember, ...]
    blocks: int  # KiB
    wanted: int  # How many members it has when whole …
    working: int  # … and how many work.
    status: str  # `UU`, `U_`
    action: str | None  # recovery, resync, reshape or check, while one goes on.
    percent: float | None  # How far the action is; None while it has to wait.

    @property
    def whole(self) -> bool:
        return self.active and self.wanted > 0 and self.working == self.wanted


def mdstat(text: str) -> dict[str, MdArray]:
    """The arrays of /proc/mdstat by name. Lines it does not know are passed over."""
    arrays: dict[str, MdArray] = {}
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if _ARRAY.match(line):
            blocks.append([line])
        elif line[:1] in (" ", "\t"):
            if blocks and blocks[-1]:
                blocks[-1].append(line)
        elif line.strip():
            blocks.append([])  # `unused devices: …` belongs to no array.
    for head, *rest in filter(None, blocks):
        array = _array(head, "\n".join(rest))
        arrays[array.name] = array
    return arrays


def _array(head: str, rest: str) -> MdArray:
    match = _ARRAY.match(head)
    assert match, "Only lines that match are kept."
    name, state, note, words = match.groups()
    parsed = [(word, _MEMBER.match(word)) for word in words.split()]
    levels = [word for word, is_member in parsed if not is_member]
    counts, size = _COUNTS.search(rest), _BLOCKS.search(rest)
    action = _ACTION.search(rest)
    return MdArray(
        name=name,
        active=state == "active",
        read_only=note in ("read-only", "auto-read-only"),
        level=levels[0] if levels else "",
        members=tuple(
            MdMember(found[1], int(found[2]), "(F)" in found[3], "(S)" in found[3])
            for _, found in parsed
            if found
        ),
        blocks=int(size[1]) if size else 0,
        wanted=int(counts[1]) if counts else 0,
        working=int(counts[2]) if counts else 0,
        status=counts[3] if counts else "",
        action=action[1] if action else None,
        percent=float(action[2]) if action and action[2] else None,
    )
