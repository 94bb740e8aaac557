"""What a lab asks of a sandbox."""

from labkit.manifest import LabFolder
from nines.sandboxes.driver import DiskSpec, FileSpec, NodeSpec, SandboxSpec


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
                files={
                    path: FileSpec(text=text, mode=mode)
                    for path, (text, mode) in lab.files_of(node).items()
                },
                prepare=lab.prepare_of(node),
            )
            for node in lab.manifest.nodes
        ),
    )
