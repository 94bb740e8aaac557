"""What a start needs to be there: the image, profiles and baked templates.

Decisions and names only. Each thing that takes long to make is made under a name that
nothing uses, by one process at a time, and counts only once its receipt is there.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import platform
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nines.sandboxes.driver import NicSpec, NodeSpec, SandboxUnavailable

ARTEFACTS = ("rootfs.qcow2", "vmlinux", "initrd.cpio", "meta.json")


@dataclass(frozen=True)
class Profile:
    """A built profile: a folder of files and the id of what went into them."""

    name: str
    build_id: str
    folder: Path

    @property
    def receipt(self) -> str:
        return f"nines-profile-{self.name}-{self.build_id}"


@dataclass(frozen=True)
class Shape:
    """What a template is baked for; QEMU restores it into exactly this."""

    profile: str
    memory_mb: int
    cpus: int
    disks: tuple[int, ...]
    nics: int

    @classmethod
    def of(cls, node: NodeSpec) -> "Shape":
        sizes = tuple(disk.size_mb for disk in node.disks)
        return cls(node.profile, node.memory_mb, node.cpus, sizes, len(node.nics))


@dataclass(frozen=True)
class Template:
    key: str
    shape: Shape
    profile: Profile
    image: str
    accel: str

    @property
    def receipt(self) -> str:
        return f"nines-bake-{self.key}"

    def order(self) -> str:
        """NINES_BAKE, as the supervisor reads it."""
        body = {
            "key": self.key,
            "profile": self.shape.profile,
            "memory_mb": self.shape.memory_mb,
            "cpus": self.shape.cpus,
            "disks": list(self.shape.disks),
            "nics": self.shape.nics,
            "accel": self.accel,
        }
        return json.dumps(body)


def plan_template(
    shape: Shape, *, profile: Profile, image: str, accel: str
) -> Template:
    """The image's id stands for QEMU's version; a saved machine fits only the CPU it
    was saved on."""
    facts = [image, profile.build_id, accel, cpu_model(), *map(str, shape_facts(shape))]
    key = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]
    return Template(key, shape, profile, image, accel)


def shape_facts(shape: Shape) -> Sequence[object]:
    return (shape.profile, shape.memory_mb, shape.cpus, shape.disks, shape.nics)


def cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()


def read_profile(folder: Path, name: str) -> Profile:
    """A profile as built into `folder`; SandboxUnavailable says how to build it."""
    try:
        meta = json.loads((folder / name / "meta.json").read_text())
        return Profile(name, str(meta["build_id"]), folder / name)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SandboxUnavailable(
            f"The machine image “{name}” has not been built here. "
            f"Build it with `nines images build {name}`."
        ) from error


def session_order(
    name: str, nodes: Sequence[NodeSpec], templates: dict[Shape, Template], accel: str
) -> str:
    """NINES_SESSION, as the supervisor reads it."""

    def node_order(node: NodeSpec) -> dict[str, Any]:
        return {
            "name": node.name,
            "profile": node.profile,
            "template": templates[Shape.of(node)].key,
            "memory_mb": node.memory_mb,
            "cpus": node.cpus,
            "disks": [{"name": d.name, "size_mb": d.size_mb} for d in node.disks],
            "nics": [nic_order(nic) for nic in node.nics],
            "files": {
                path: {"text": file.text, "mode": file.mode}
                for path, file in node.files.items()
            },
            "prepare": node.prepare,
        }

    order = {"session": name, "accel": accel, "nodes": [node_order(n) for n in nodes]}
    text = json.dumps(order)
    if len(text.encode()) > 100_000:  # The kernel's limit for one variable is 128 KiB.
        raise SandboxUnavailable("The lab's files are too large to start with.")
    return text


def nic_order(nic: NicSpec) -> dict[str, Any]:
    address = {} if nic.address is None else {"address": nic.address}
    return {"segment": nic.segment, **address, "mtu": nic.mtu}


@asynccontextmanager
async def only_one(folder: Path, key: str) -> AsyncIterator[None]:
    """One at a time for `key`, whichever process asks."""
    os.makedirs(folder, exist_ok=True)
    lock = os.open(folder / f"{key}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.2)
        yield
    finally:
        os.close(lock)  # Lets the lock go, as the end of the process would.
