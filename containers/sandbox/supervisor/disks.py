"""The data disks of a node: what is in the machine, pulling it, inserting, damaging."""

from __future__ import annotations

import os
import time

from . import images, qemu
from .errors import Refused
from .loop import Future
from .qmp import QmpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .events import EventLog
    from .loop import Loop
    from .machine import Machine

PULL_SECONDS = 10.0
RELEASE_TRIES = 100


class Damage:
    """Which accesses fail: `read`, `write` or both, everywhere or in a few sectors."""

    def __init__(self, access: str, sectors: range | None) -> None:
        self.access = access  # Empty: both.
        self.sectors = sectors

    def __str__(self) -> str:
        said = self.access or "read and write"
        if self.sectors is not None:
            said += f", sectors {self.sectors.start} to {self.sectors.stop - 1}"
        return said


class Disk:
    def __init__(self, name: str, place: int, size_mb: int, path: str) -> None:
        self.name = name
        self.place = place
        self.size_mb = size_mb
        self.path = path
        self.present = True
        self.pulling: Future | None = None
        self.damage: Damage | None = None
        self.layers = 0  # So many times something was put below the device.
        self.layer = ""  # What fails, between the device and its image.

    @property
    def image(self) -> str:
        return f"data{self.place}"

    @property
    def device(self) -> str:
        return f"disk{self.place}"


class Disks:
    def __init__(
        self, loop: Loop, events: EventLog, node: str, folder: str, disks: list[Disk]
    ) -> None:
        self._loop = loop
        self._events = events
        self._node = node
        self._disks = {disk.name: disk for disk in disks}
        for disk in disks:
            if not os.path.exists(disk.path):
                images.make_disk(disk.path, disk.size_mb)

    def present(self) -> dict[int, str]:
        return {d.place: d.path for d in self._disks.values() if d.present}

    def status(self) -> dict[str, dict[str, object]]:
        return {
            disk.name: {
                "present": disk.present,
                "size_mb": disk.size_mb,
                "failing": disk.damage is not None,
            }
            for disk in self._disks.values()
        }

    def read(self, name: str, offset: int, length: int) -> bytes:
        return images.read_disk(self._find(name).path, offset, length)

    async def pull(self, name: str, machine: Machine | None) -> None:
        """Gone when the machine has let go of it; from one that is off, at once."""
        disk = self._find_present(name)
        at = time.monotonic()
        if machine is None:
            disk.present = False
        else:
            await self._unplug(disk, machine)
        self._events.add("fault.disk.pull", self._node, disk=name, at=at)

    async def insert(self, name: str, machine: Machine | None) -> None:
        disk = self._find(name)
        if disk.present:
            raise Refused("disk_present", f"{name} is in the machine.")
        if disk.pulling is not None:
            raise Refused("disk_busy", f"{name} is being pulled.")
        disk.present = True
        at = time.monotonic()
        if machine is not None:
            try:
                backend = qemu.disk_backend(disk.place, disk.path)
                await machine.qmp.send("blockdev-add", **backend)
                device = qemu.disk_device(disk.place)
                if disk.damage is not None:
                    disk.layer = await self._add_layer(disk, disk.damage, machine)
                    device["drive"] = disk.layer
                await machine.qmp.send("device_add", **device)
            except QmpError as error:
                disk.present = False
                raise Refused("disk_busy", f"{name}: {error}") from error
        self._events.add("fault.disk.insert", self._node, disk=name, at=at)

    async def fail(self, name: str, damage: Damage, machine: Machine | None) -> None:
        """In place of what failed before; in a machine that is off, from its start."""
        disk = self._find_present(name)
        at = time.monotonic()
        if machine is not None:
            try:
                await self._put_below(disk, damage, machine)
            except QmpError as error:
                raise Refused("disk_busy", f"{name}: {error}") from error
        disk.damage = damage
        detail = str(damage)
        self._events.add("fault.disk.fail", self._node, name, detail=detail, at=at)

    async def mend(self, name: str, machine: Machine | None) -> None:
        disk = self._find(name)
        at = time.monotonic()
        disk.damage = None
        if machine is not None and disk.layer:
            await self._switch_to(disk, "", machine)
        self._events.add("fault.disk.mend", self._node, disk=name, at=at)

    def machine_started(self, machine: Machine) -> None:
        for disk in self._disks.values():
            if disk.present and disk.damage is not None:
                self._loop.spawn(self._put_below(disk, disk.damage, machine))

    def device_deleted(self, device: str, machine: Machine) -> None:
        """QEMU says so: we asked for it, or the guest's own root did."""
        for disk in self._disks.values():
            if device == disk.device:
                disk.present = False
                self._loop.spawn(self._release(disk, machine))

    def machine_ended(self) -> None:
        for disk in self._disks.values():
            disk.layer = ""
            if disk.pulling is not None:
                disk.pulling.set()

    async def _put_below(self, disk: Disk, damage: Damage, machine: Machine) -> None:
        layer = await self._add_layer(disk, damage, machine)
        await self._switch_to(disk, layer, machine)

    async def _add_layer(self, disk: Disk, damage: Damage, machine: Machine) -> str:
        disk.layers += 1
        layer = f"damage{disk.place}-{disk.layers}"
        added = qemu.failing_backend(layer, disk.image, damage.access, damage.sectors)
        await machine.qmp.send("blockdev-add", **added)
        return layer

    async def _switch_to(self, disk: Disk, layer: str, machine: Machine) -> None:
        """Let the device use another layer, or none, while the machine runs."""
        path = f"/machine/peripheral/{disk.device}"
        image = layer or disk.image
        await machine.qmp.send("qom-set", path=path, property="drive", value=image)
        before, disk.layer = disk.layer, layer
        if before:
            await machine.qmp.send("blockdev-del", **{"node-name": before})

    async def _unplug(self, disk: Disk, machine: Machine) -> None:
        disk.pulling = Future()
        try:
            await machine.qmp.send("device_del", id=disk.device)
            await self._loop.within(PULL_SECONDS, disk.pulling)
            disk.present = False
        except TimeoutError as error:
            raise Refused("disk_busy", f"{disk.name}: not let go of.") from error
        except QmpError as error:
            if disk.present:
                raise Refused("disk_busy", f"{disk.name}: {error}") from error
        finally:
            disk.pulling = None

    async def _release(self, disk: Disk, machine: Machine) -> None:
        """Close the image; QEMU may need a moment more than it said."""
        for _ in range(RELEASE_TRIES):
            try:
                if disk.layer:
                    layer = {"node-name": disk.layer}
                    await machine.qmp.send("blockdev-del", **layer)
                    disk.layer = ""
                await machine.qmp.send("blockdev-del", **{"node-name": disk.image})
                break
            except QmpError:
                if machine.process.ended.done():
                    break
                await self._loop.sleep(0.02)
        if disk.pulling is not None:
            disk.pulling.set()

    def _find_present(self, name: str) -> Disk:
        disk = self._find(name)
        if disk.pulling is not None:
            raise Refused("disk_busy", f"{name} is being pulled.")
        if not disk.present:
            raise Refused("disk_absent", f"{name} is not in the machine.")
        return disk

    def _find(self, name: str) -> Disk:
        disk = self._disks.get(name)
        if disk is None:
            raise Refused("no_such_disk", f"{self._node} has no disk {name[:40]}.")
        return disk
