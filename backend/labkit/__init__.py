"""What lab authors import."""

from labkit.checks import (
    AfterReboot,
    Check,
    Current,
    NotYet,
    Outcome,
    Sustained,
    UnderFault,
    check,
    require,
)
from labkit.faults import Fault
from labkit.nodes import CommandResult, Disk, Lab, Node, Unreachable
from labkit.text import Text

__all__ = [
    "AfterReboot",
    "Check",
    "CommandResult",
    "Current",
    "Disk",
    "Fault",
    "Lab",
    "Node",
    "NotYet",
    "Outcome",
    "Sustained",
    "Text",
    "UnderFault",
    "Unreachable",
    "check",
    "require",
]
