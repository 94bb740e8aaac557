"""The sandbox of the driver contract, and how its promises look at it."""

import os

import pytest

from nines.sandboxes.driver import (
    DiskSpec,
    Fault,
    FaultRefused,
    FileSpec,
    NicSpec,
    NodeSpec,
    NodeState,
    Phase,
    SandboxDriver,
    SandboxSpec,
    SegmentState,
)

ADDRESSES = {"st1": "192.168.1.11", "st2": "192.168.1.12"}


def machine(name: str) -> NodeSpec:
    """All of one shape, so that one template is enough."""
    address = f"{ADDRESSES[name]}/24"
    interfaces = f"auto eth0\niface eth0 inet static\n    address {address}\n"
    return NodeSpec(
        name=name,
        profile="storage",
        disks=(DiskSpec(name="vdb", size_mb=256), DiskSpec(name="vdc", size_mb=256)),
        nics=(NicSpec(segment="lan", address=address),),
        files={
            "/root/welcome": FileSpec(text="hello\n", mode=0o600),
            "/etc/network/interfaces": FileSpec(text=interfaces),  # For a cold boot.
        },
    )


ST1, ST2 = machine("st1"), machine("st2")
# Runs side by side on one engine do not meet.
BOX = SandboxSpec(name=f"nines-contract-{os.getpid()}", nodes=(ST1, ST2))
OTHER = SandboxSpec(name=f"{BOX.name}-other", nodes=(ST1,))


def ignore(_phase: Phase) -> None:
    pass


def state_of(nodes: tuple[NodeState, ...]) -> NodeState:
    """Of st1, with which the promises about one machine are tried."""
    return {each.name: each for each in nodes}["st1"]


async def lan_of(driver: SandboxDriver) -> SegmentState:
    (lan,) = await driver.segments(BOX.name)
    assert lan.name == "lan"
    return lan


async def refusal(driver: SandboxDriver, fault: Fault) -> object:
    """The reason why a fault is refused now."""
    with pytest.raises(FaultRefused) as refused:
        await driver.inject(BOX.name, fault)
    return refused.value.params["reason"]
