"""Whether a fault fits the machines of a lab."""

from collections.abc import Iterator

from labkit.faults import FORMS, Fault, Mistake, mistake, mistakes_in
from labkit.problems import Problem, problem
from labkit.schema import Manifest, Node


def misfits(manifest: Manifest, fault: Fault) -> Iterator[Mistake]:
    """Whatever is wrong with a fault in this lab."""
    yield from mistakes_in(fault)
    nodes = {node.name: node for node in manifest.nodes}
    for field, name in (("node", fault.node), ("peer", fault.peer)):
        if name is not None and name not in nodes:
            yield mistake(
                field,
                ja=f"ノード {name!r} はこの演習にありません。",
                en=f"This lab has no node {name!r}.",
            )
    segments = {each.name for each in manifest.segments}
    if fault.segment is not None and fault.segment not in segments:
        yield mistake(
            "segment",
            ja=f"セグメント {fault.segment!r} はこの演習にありません。",
            en=f"This lab has no segment {fault.segment!r}.",
        )
    elif fault.node in nodes and (fault.peer is None or fault.peer in nodes):
        yield from _apart(manifest, fault)
    if node := nodes.get(fault.node or ""):
        yield from _not_in(node, fault)


def _not_in(node: Node, fault: Fault) -> Iterator[Mistake]:
    if fault.disk is not None and fault.disk not in {disk.name for disk in node.disks}:
        yield mistake(
            "disk",
            ja=f"{node.name} にディスク {fault.disk!r} はありません。",
            en=f"Node {node.name} has no disk {fault.disk!r}.",
        )
    nics = [f"eth{place}" for place in range(len(node.nics))]
    if fault.nic is not None and fault.nic not in nics:
        yield mistake(
            "nic",
            ja=f"{node.name} にNIC {fault.nic!r} はありません。",
            en=f"Node {node.name} has no NIC {fault.nic!r}.",
        )


def _apart(manifest: Manifest, fault: Fault) -> Iterator[Mistake]:
    """Machines named with a segment, or with each other, that do not meet there."""
    meant = {fault.segment} if fault.segment else {s.name for s in manifest.segments}
    named = [node for node in manifest.nodes if node.name in (fault.node, fault.peer)]
    shared = meant.intersection(*({nic.segment for nic in n.nics} for n in named))
    if (fault.segment or fault.peer) and not shared:
        names = [node.name for node in named]
        yield mistake(
            "segment" if fault.segment else "peer",
            ja=f"{fault.segment or '同じセグメント'} にいません: {'・'.join(names)}",
            en=f"Not on {fault.segment or 'one segment'}: {' and '.join(names)}.",
        )


def lint_allowed(manifest: Manifest) -> Iterator[Problem]:
    """A fault that the lab lets its students make must have something to act on."""
    nodes = manifest.nodes
    on = [{nic.segment for nic in node.nics} for node in nodes]
    joined = any(a & b for at, a in enumerate(on) for b in on[:at])
    there = {
        "disk": (any(node.disks for node in nodes), "ディスク", "disk"),
        "nic": (any(on), "NIC", "NIC"),
        "segment": (bool(manifest.segments), "セグメント", "segment"),
        "peer": (joined, "ノードをつなぐセグメント", "segment that joins two nodes"),
    }
    for place, kind in enumerate(manifest.faults.allowed):
        for need in FORMS[kind].needs:
            has, ja, en = there.get(need, (True, "", ""))
            if not has:
                yield problem(
                    "lab.toml",
                    f"faults.allowed.{place}",
                    ja=f"{kind} が許されていますが、{ja}がありません。",
                    en=f"{kind} is allowed, but there is no {en}.",
                )
