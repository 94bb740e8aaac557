"""Small sandboxes for tests."""

import asyncio
from collections.abc import Callable

from nines.sandboxes.driver import DiskSpec, NodeSpec, Phase, SandboxSpec

ST1 = NodeSpec(name="st1", profile="storage", disks=(DiskSpec(name="vdb", size_mb=1),))
BOX = SandboxSpec(name="nines-box", nodes=(ST1,))


def ignore(_phase: Phase) -> None:
    pass


async def until(true: Callable[[], object], *, seconds: float = 5) -> None:
    """Wait for what happens in the background."""
    for _ in range(int(seconds * 100)):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It did not happen in time.")
