"""The data disks of a node: what is in the machine, and pulling and inserting it."""

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


class Disk:
    def __init__(self, name: str, place: int, size_mb: int, path: str) -> None:
        self.name = name
        self.place = place
        self.size_mb = size_mb
        self.path = path
        self.present = True
        self.pulling: Future | None = None


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
            disk.name: {"present": disk.present, "size_mb": disk.size_mb}
            for disk in self._disks.values()
        }

    def read(self, name: str, offset: int, length: int) -> bytes:
        return images.read_disk(self._find(name).path, offset, length)

    async def pull(self, name: str, machine: Machine | None) -> None:
        """Gone when the machine has let go of it; from one that is off, at once."""
        disk = self._find(name)
        if disk.pulling is not None:
            raise Refused("disk_busy", f"{name} is being pulled.")
        if not disk.present:
            raise Refused("disk_absent", f"{name} is not in the machine.")
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
                await machine.qmp.send("device_add", **qemu.disk_device(disk.place))
            except QmpError as error:
                disk.present = False
                raise Refused("disk_busy", f"{name}: {error}") from error
        self._events.add("fault.disk.insert", self._node, disk=name, at=at)

    def device_deleted(self, device: str, machine: Machine) -> None:
        """QEMU says so: we asked for it, or the guest's own root did."""
        for disk in self._disks.values():
            if device == f"disk{disk.place}":
                disk.present = False
                self._loop.spawn(self._release(disk, machine))

    def machine_ended(self) -> None:
        for disk in self._disks.values():
            if disk.pulling is not None:
                disk.pulling.set()

    async def _unplug(self, disk: Disk, machine: Machine) -> None:
        disk.pulling = Future()
        try:
            await machine.qmp.send("device_del", id=f"disk{disk.place}")
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
                backend = {"node-name": f"data{disk.place}"}
                await machine.qmp.send("blockdev-del", **backend)
                break
            except QmpError:
                if machine.process.ended.done():
                    break
                await self._loop.sleep(0.02)
        if disk.pulling is not None:
            disk.pulling.set()

    def _find(self, name: str) -> Disk:
        disk = self._disks.get(name)
        if disk is None:
            raise Refused("no_such_disk", f"{self._node} has no disk {name[:40]}.")
        return disk
