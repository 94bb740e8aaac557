"""Sentences for the student that are the same in every lab."""

from collections.abc import Mapping

from labkit.nodes import Fault, FaultKind, Unreachable
from labkit.text import Text

_TRIED: Mapping[FaultKind, tuple[str, str]] = {
    "disk.pull": ("{node} のディスク {disk} を抜けません", "pull {disk} out of {node}"),
    "disk.insert": (
        "{node} にディスク {disk} を挿せません",
        "put {disk} back into {node}",
    ),
    "power.off": ("{node} の電源を切れません", "switch {node} off"),
    "power.on": ("{node} の電源を入れられません", "switch {node} on"),
    "power.reset": ("{node} をリセットできません", "reset {node}"),
}


def unreachable(lost: Unreachable) -> Text:
    """A machine did not answer. Why exactly, nobody can tell from outside."""
    return Text(
        ja=f"{lost.node or 'マシン'} が応答しません。"
        "電源が切れているか、起動の途中か、忙しくて反応できない状態です。",
        en=f"{lost.node or 'A machine'} does not answer: it is switched off, "
        "still starting, or too busy to react.",
    )


def refused(fault: Fault) -> Text:
    """A check's fault makes no sense in the state the machines are in."""
    ja, en = _TRIED[fault.kind]
    names = {"node": fault.node, "disk": fault.disk or "?"}
    return Text(
        ja=f"確認のために、{ja.format(**names)}。"
        "ディスクがそろい、電源が入った状態に戻してから、もう一度試してください。",
        en=f"To check this we would have to {en.format(**names)}, and could not. "
        "Put every disk back, switch every machine on, and try again.",
    )


def did_not_come_back(node: str) -> Text:
    return Text(
        ja=f"{node} が再起動から戻ってきませんでした。",
        en=f"{node} did not come back from its restart.",
    )
