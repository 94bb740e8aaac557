"""How much memory a sandbox needs, and whether this host has it now."""

import time
from collections.abc import Iterable
from pathlib import Path

from nines.sandboxes.driver import NodeSpec, SandboxFull, SandboxSpec

NODE_OVERHEAD_MB = 224  # QEMU beside the machine's own memory: code cache, devices.
SANDBOX_OVERHEAD_MB = 96  # The supervisor and its temporary files.
RESERVE_MB = 512  # Never promised to a sandbox.
DISK_RESERVE_MB = 1024  # With less left on the engine's disk nothing new is started.
SETTLING = 60.0  # Seconds until a new sandbox has taken what it will take.


def need_mb(nodes: Iterable[NodeSpec]) -> int:
    machines = sum(node.memory_mb + NODE_OVERHEAD_MB for node in nodes)
    return machines + SANDBOX_OVERHEAD_MB


def fits(
    spec: SandboxSpec,
    *,
    committed: Iterable[tuple[int, float]],
    limit_mb: int | None,
    available_mb: int,
    total_mb: int,
) -> bool:
    """`committed` is what each live sandbox may use, and since which Unix second.

    With a limit, promises are counted against it. Without one, what is free counts,
    less what the newest have been promised and not taken yet.
    """
    need = need_mb(spec.nodes)
    most = limit_mb if limit_mb is not None else total_mb - RESERVE_MB
    if need > most:
        raise SandboxFull(
            f"This lab needs {need} MB of memory and this host has {most} MB for labs."
        )
    if limit_mb is not None:
        return need + sum(mb for mb, _ in committed) <= limit_mb
    now = time.time()
    promised = sum(mb for mb, since in committed if now - since < SETTLING)
    return need + promised + RESERVE_MB <= available_mb


def measure() -> tuple[int, int]:
    """Memory of this host in MB: what a new program could have, and all there is."""
    sizes = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) // 1024
    return sizes["MemAvailable"], sizes["MemTotal"]
