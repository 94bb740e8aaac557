"""`bake`: boot a machine once, let it settle, save it for sessions to restore."""

from __future__ import annotations

import json
import os
import socket
import time

from . import calls, images, qemu, template
from .config import ConfigError, parse_bake
from .errors import MachineFailed, Refused
from .loop import Future, Loop
from .machine import Machine
from .process import Processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agent import Agent
    from .config import BakeConfig

BOOT_SECONDS = 120.0
SETTLE_SECONDS = 120.0
SPARE_MB = 96  # What a template takes beside the machine's memory.
WARM_UP = """
systemctl is-system-running --wait
cat /proc/mdstat /proc/partitions /etc/hosts
ls -la /root /etc /dev
lsblk
mdadm --version
mdadm --detail --scan
ip -brief address
echo link show | ip -batch -
ps ax
df -h
udevadm settle
true
"""
SETTLED = """
sync
fstrim /
sleep 3
"""


class Bake:
    def __init__(self, loop: Loop, config: BakeConfig) -> None:
        self._loop = loop
        self._processes = Processes(loop)
        self._config = config
        self._folder = f"{template.TEMPLATES}/{config.key}"
        self._in_step = Future()
        self._over = Future()
        self._saved = False
        self._phase_began = self._began = time.monotonic()

    async def run(self) -> None:
        os.makedirs(self._folder, exist_ok=True)
        self._look_for_room()
        machine = self._start()
        # Somebody else may take that room: then QEMU dies, or stands still.
        machine.process.ended.when_done(lambda: self._ended(machine))
        steps = self._loop.spawn(self._steps(machine))
        steps.when_done(self._over.set)
        try:
            await self._over
            steps.result()
        finally:
            machine.kill()
            await machine.process.ended
        self._remove_disks()
        os.chmod(f"{self._folder}/ram", 0o444)
        taken = {"seconds": round(time.monotonic() - self._began, 1)}
        extra = {**taken, "baked": int(time.time())}
        template.seal(self._folder, self._config.key, self._config.shape, extra)
        self._phase("seal")

    async def _steps(self, machine: Machine) -> None:
        await self._loop.within(BOOT_SECONDS, self._in_step)
        self._phase("boot")
        await self._warm_up(machine.agent)
        self._phase("warm up")
        await self._save(machine)
        self._phase("save")

    def _look_for_room(self) -> None:
        """Memory is a mapped file: without room for it QEMU gets no error, but dies."""
        need = self._config.shape.memory_mb + SPARE_MB
        if self._free_mb() < need:
            raise MachineFailed(f"It needs {need} MB of disk. {self._left()}")

    def _ended(self, machine: Machine) -> None:
        if not self._saved:
            said = f"QEMU ended: {machine.process.last_words()}"
            self._over.fail(MachineFailed(f"{said}. {self._left()}"))

    def _handle_event(self, name: str, data: dict[str, Any]) -> None:
        if name == "BLOCK_IO_ERROR":
            self._over.fail(MachineFailed(f"QEMU cannot write. {self._left()}"))

    def _left(self) -> str:
        return f"The disk has {self._free_mb()} MB left."

    def _free_mb(self) -> int:
        about = os.statvfs(self._folder)
        return about.f_bavail * about.f_frsize >> 20

    def _start(self) -> Machine:
        shape = self._config.shape
        for name in os.listdir(self._folder):
            os.unlink(f"{self._folder}/{name}")
        snap = f"{self._folder}/snap.qcow2"
        images.make_overlay(snap, f"{qemu.PROFILES}/{shape.profile}/rootfs.qcow2")
        disks = {place: self._disk(place) for place in range(len(shape.disks))}
        for place, size in enumerate(shape.disks):
            images.make_disk(disks[place], size)
        ram = qemu.saved_ram(shape.memory_mb, f"{self._folder}/ram")
        return Machine(
            self._loop,
            self._processes,
            shape,
            ram,
            snap,
            disks,
            self._wires(),
            incoming="",
            on_event=self._handle_event,
            on_hello=self._in_step.set,
            on_lost=lambda: None,
        )

    def _wires(self) -> dict[str, socket.socket]:
        """Cables whose other ends nobody listens to, for as long as we live."""
        pairs = [
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            for _ in range(self._config.shape.nics)
        ]
        self._loose_ends = [loose for loose, _ in pairs]
        return {f"52:54:00:00:00:{n:02x}": wire for n, (_, wire) in enumerate(pairs)}

    async def _warm_up(self, agent: Agent) -> None:
        """What is used once here is in memory, and quick, in every session."""
        await self._call(agent, WARM_UP)
        shell = agent.open(["terminal", "24", "80", "/root", "2", "/bin/bash", "-l"])
        talk = self._loop.spawn(calls.converse(shell))
        shell.write(b"ls\nhostname\nexit\n")
        await self._loop.within(SETTLE_SECONDS, talk)
        await calls.read_file(agent, "/proc/partitions", 4096)
        await self._call(agent, SETTLED)

    async def _call(self, agent: Agent, script: str) -> None:
        outcome = await calls.run(agent, ["/bin/bash", "-c", script], SETTLE_SECONDS)
        if outcome.code:
            said = (outcome.stdout + outcome.stderr)[-300:].decode("utf-8", "replace")
            raise MachineFailed(f"warm-up ended with {outcome.code}: {said}")

    async def _save(self, machine: Machine) -> None:
        # Not stopped first: it would be restored as a machine that is stopped.
        capability = {"capability": "x-ignore-shared", "state": True}
        await machine.qmp.send("migrate-set-capabilities", capabilities=[capability])
        await machine.qmp.send("migrate", uri=f"file:{self._folder}/state")
        while True:
            status = (await machine.qmp.send("query-migrate")).get("status")
            if status == "completed":
                break
            if status in ("failed", "cancelled"):
                raise MachineFailed("QEMU did not save the machine.")
            await self._loop.sleep(0.01)
        self._saved = True
        await machine.qmp.send("quit")
        await machine.process.ended

    def _disk(self, place: int) -> str:
        return f"{self._folder}/disk{place}.raw"

    def _remove_disks(self) -> None:
        for place in range(len(self._config.shape.disks)):
            os.unlink(self._disk(place))

    def _phase(self, name: str) -> None:
        now = time.monotonic()
        seconds = round(now - self._phase_began, 2)
        self._phase_began = now
        print(json.dumps({"phase": name, "seconds": seconds}), flush=True)


def main() -> int:
    loop = Loop()
    try:
        config = parse_bake(os.environ.get("NINES_BAKE", ""))
        loop.complete(Bake(loop, config).run())
    except TimeoutError:
        return _failed("The machine did not start, or did not settle.")
    except (ConfigError, MachineFailed, Refused, OSError, ValueError) as error:
        return _failed(str(error))
    return 0


def _failed(detail: str) -> int:
    print(json.dumps({"error": "bake_failed", "detail": detail}), flush=True)
    return 1
