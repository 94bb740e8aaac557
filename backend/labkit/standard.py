"""Sentences for the student that are the same in every lab."""

from collections.abc import Mapping
from dataclasses import asdict

from labkit.faults import Fault, FaultKind
from labkit.nodes import Unreachable
from labkit.text import Text

_TRIED: Mapping[FaultKind, tuple[str, str]] = {
    "disk.pull": ("{node} のディスク {disk} を抜けません", "pull {disk} out of {node}"),
    "disk.insert": (
        "{node} にディスク {disk} を挿せません",
        "put {disk} back into {node}",
    ),
    "disk.fail": (
        "{node} のディスク {disk} を故障させられません",
        "make {disk} of {node} fail",
    ),
    "disk.mend": (
        "{node} のディスク {disk} を直せません",
        "mend {disk} of {node}",
    ),
    "cable.cut": (
        "{node} の {nic} のケーブルを抜けません",
        "unplug the cable of {nic} on {node}",
    ),
    "cable.plug": (
        "{node} の {nic} にケーブルを挿せません",
        "plug the cable of {nic} on {node} in",
    ),
    "power.off": ("{node} の電源を切れません", "switch {node} off"),
    "power.on": ("{node} の電源を入れられません", "switch {node} on"),
    "power.reset": ("{node} をリセットできません", "reset {node}"),
    "node.freeze": ("{node} を一時停止できません", "freeze {node}"),
    "node.thaw": ("{node} の一時停止を解けません", "let {node} run on"),
    "node.panic": ("{node} のカーネルを止められません", "make {node} panic"),
    "segment.off": (
        "ネットワーク {segment} を止められません",
        "switch the network {segment} off",
    ),
    "segment.on": (
        "ネットワーク {segment} を動かせません",
        "switch the network {segment} on",
    ),
    "net.partition": (
        "{node} と {peer} の間の通信を断てません",
        "cut {node} off from {peer}",
    ),
    "net.heal": (
        "{node} と {peer} の間の通信を戻せません",
        "join {node} and {peer} again",
    ),
    "net.shape": (
        "ネットワーク {segment} を遅くできません",
        "make the network {segment} worse",
    ),
    "net.clear": (
        "ネットワーク {segment} を元の速さに戻せません",
        "make the network {segment} good again",
    ),
    "process.kill": (
        "{node} のプロセス {process} を終了させられません",
        "kill {process} on {node}",
    ),
    "process.stop": (
        "{node} のプロセス {process} を停止できません",
        "stop {process} on {node}",
    ),
    "process.cont": (
        "{node} のプロセス {process} を再開できません",
        "let {process} on {node} run on",
    ),
}


_PUT_RIGHT = (
    "ディスクとケーブルをそろえ、電源とネットワークを入れ、一時停止も解いてから、"
    "もう一度試してください。",
    "Put disks and cables back, switch machines and networks on, let what is frozen "
    "run on, and try again.",
)
_IS_IT_THERE = (
    "そのプロセスは動いていますか。",
    "Is that process running?",
)


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
    then_ja, then_en = _PUT_RIGHT
    if fault.process:
        then_ja, then_en = _IS_IT_THERE
    names = asdict(fault)
    return Text(
        ja=f"確認のために、{ja.format(**names)}。{then_ja}",
        en=f"To check this we would have to {en.format(**names)}, and could not. "
        f"{then_en}",
    )


def did_not_come_back(node: str) -> Text:
    return Text(
        ja=f"{node} が再起動から戻ってきませんでした。",
        en=f"{node} did not come back from its restart.",
    )
