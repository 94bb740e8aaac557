"""What a lab asks of a sandbox, and what it looks like while there is none."""

from labkit.manifest import LabFolder, Manifest
from nines.sandboxes.driver import (
    DiskSpec,
    DiskState,
    FileSpec,
    NicSpec,
    NicState,
    NodeSpec,
    NodeState,
    Power,
    SandboxSpec,
    SegmentState,
)


def sandbox_spec(lab: LabFolder, name: str) -> SandboxSpec:
    """Reads the lab's files; `name` is the sandbox's."""
    return SandboxSpec(
        name=name,
        nodes=tuple(
            NodeSpec(
                name=node.name,
                profile=lab.manifest.profile_of(node),
                memory_mb=node.memory_mb,
                cpus=node.cpus,
                disks=tuple(
                    DiskSpec(name=disk.name, size_mb=disk.size_mb)
                    for disk in node.disks
                ),
                nics=tuple(
                    NicSpec(
                        segment=nic.segment,
                        address=nic.address,
                        mtu=lab.manifest.segment(nic.segment).mtu,
                    )
                    for nic in node.nics
                ),
                files={
                    path: FileSpec(text=text, mode=mode)
                    for path, (text, mode) in lab.files_of(node).items()
                },
                prepare=lab.prepare_of(node),
            )
            for node in lab.manifest.machines
        ),
    )


def expected_nodes(manifest: Manifest, *, live: bool) -> tuple[NodeState, ...]:
    """What there will be, or was."""
    return tuple(
        NodeState(
            name=node.name,
            power=Power.STARTING if live else Power.OFF,
            ready=False,
            boots=0,
            disks=tuple(
                DiskState(name=disk.name, size_mb=disk.size_mb, present=True)
                for disk in node.disks
            ),
            nics=tuple(
                NicState(name=f"eth{place}", segment=nic.segment, plugged=True, mac="")
                for place, nic in enumerate(node.nics)
            ),
        )
        for node in manifest.nodes
    )


def expected_segments(manifest: Manifest) -> tuple[SegmentState, ...]:
    return tuple(SegmentState(name=each.name, up=True) for each in manifest.segments)
