"""Whether a fault is still in force, by the state the sandbox shows."""

from collections.abc import Sequence

from nines.sandboxes.driver import Fault, NodeState, Power, SegmentState


def holds(
    fault: Fault, nodes: Sequence[NodeState], segments: Sequence[SegmentState]
) -> bool:
    """False also for what leaves no trace in the state, a stopped process."""
    area, verb = fault.kind.split(".")
    if area in ("segment", "net"):
        return any(
            _holds_on(fault, verb, each)
            for each in segments
            if fault.segment in (None, each.name)
        )
    return any(
        _holds_in(fault, area, verb, each) for each in nodes if each.name == fault.node
    )


def _holds_on(fault: Fault, verb: str, segment: SegmentState) -> bool:
    match verb:
        case "off" | "on":
            return segment.up == (verb == "on")
        case "partition":
            pair = {fault.node, fault.peer}
            return any({each.node, each.peer} == pair for each in segment.partitions)
        case "shape":
            return any(each.node == fault.node for each in segment.shaping)
    return False


def _holds_in(fault: Fault, area: str, verb: str, node: NodeState) -> bool:
    match area:
        case "power":
            return (node.power is Power.OFF) == (verb == "off")
        case "node":
            return node.frozen == (verb == "freeze")
        case "cable":
            plugged = [nic.plugged for nic in node.nics if nic.name == fault.nic]
            return plugged == [verb == "plug"]
    for disk in node.disks:
        if disk.name == fault.disk:
            return (
                disk.failing if verb == "fail" else disk.present == (verb == "insert")
            )
    return False
