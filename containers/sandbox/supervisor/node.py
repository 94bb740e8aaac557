"""A node of the session: its power, its boots, its agent, and what breaks them."""

from __future__ import annotations

import os
import time
from binascii import a2b_base64
from contextlib import suppress

from . import calls, images, qemu, template
from .disks import Disk, Disks
from .errors import MachineFailed, Refused, TemplateDamaged
from .loop import Future
from .machine import Machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .agent import Agent, Channel
    from .config import NodeConfig
    from .disks import Damage
    from .events import EventLog
    from .loop import Loop
    from .network import Network, Port
    from .process import Processes

DATA = "/data"
FLUSH_SECONDS = 1.0
RESTORE_SECONDS = 20.0
AGENT_SECONDS = 5.0  # How long a command waits for an agent that starts again.
PREPARE_SECONDS = 60.0
RESUME_SECONDS = 5.0  # Between looks whether the host has room again.
WRITE_SECONDS = 1.0  # A machine that goes on for so long can write.
PANIC_SECONDS = 1.0  # A machine that has not answered for so long has panicked.
SIGNALS = {"kill": 9, "stop": 19, "cont": 18}


class Node:
    def __init__(
        self,
        loop: Loop,
        processes: Processes,
        events: EventLog,
        config: NodeConfig,
        network: Network,
        make_machine: type[Machine] = Machine,
    ) -> None:
        self.name = config.name
        self.power = "starting"  # A session starts all its nodes.
        self.frozen = False
        self.boots = 0
        self.timings: dict[str, float] = {}
        self._loop = loop
        self._processes = processes
        self._events = events
        self._config = config
        self._network = network
        for port in network.ports_of(config.name):
            port.tell_machine = self._set_link
        self._folder = f"{DATA}/{config.name}"
        os.makedirs(self._folder, exist_ok=True)
        self._root = f"{self._folder}/root.qcow2"
        sizes = config.shape.disks
        self.disks = Disks(
            loop,
            events,
            config.name,
            self._folder,
            [
                Disk(name, place, sizes[place], f"{self._folder}/{name}.raw")
                for place, name in enumerate(config.disks)
            ],
        )
        self._make_machine = make_machine
        self._machine: Machine | None = None
        self._machine_id = os.urandom(16).hex()
        self._boot_id = ""
        self._prepared = False
        self._settled = False
        self._expected_off = False
        self._paused = False  # By QEMU, for the host has no room for what it writes.
        self._blocked = False
        self._console = b""
        self._waiting: list[Future] = []
        self._started = 0.0

    @property
    def ready(self) -> bool:
        """Whether it takes commands."""
        return self._settled and not self.frozen

    # Power

    async def start(self) -> None:
        """The template's machine; or, in a container started again, our own disks."""
        if os.path.exists(self._root):  # noqa: ASYNC240, it is a stat
            self._prepared = True
            self._start(qemu.private_ram(self._config.shape.memory_mb))
        else:
            await self._restore()

    async def _restore(self) -> None:
        """TemplateDamaged, and nothing left behind, if that does not work."""
        saved = f"{template.TEMPLATES}/{self._config.template}"
        images.make_overlay(self._root, f"{saved}/snap.qcow2")
        memory = self._config.shape.memory_mb
        machine = self._start(
            qemu.template_ram(memory, f"{saved}/ram"), f"file:{saved}/state"
        )
        machine.agent.synchronise()
        ready = self._when_ready()
        # Either comes first: it is ready, or QEMU could not read what it was given.
        first = Future()
        ready.when_done(first.set)
        machine.process.ended.when_done(first.set)
        try:
            await self._loop.within(RESTORE_SECONDS, first)
        except TimeoutError:
            machine.kill()
            await machine.process.ended
        if not self.ready and self.boots == 0:
            os.unlink(self._root)
            said = machine.process.last_words()
            raise TemplateDamaged(f"{self.name} was not restored: {said}")

    async def power_on(self) -> None:
        if self.power != "off":
            raise Refused("already_running", f"{self.name} is on.")
        at = time.monotonic()
        self._start(qemu.private_ram(self._config.shape.memory_mb))
        self._events.add("fault.power.on", self.name, at=at)

    async def power_off(self) -> None:
        """Pull the plug; but what the student has configured is on the disk before."""
        machine = self._running()
        if self.ready:
            flush = self._loop.spawn(self._flush(machine.agent))
            # A machine that hangs loses its power all the same.
            with suppress(TimeoutError):
                await self._loop.within(FLUSH_SECONDS, flush)
        await self._save_console(machine)
        self._expected_off = True
        self._settled = False
        at = time.monotonic()
        machine.kill()
        await machine.process.ended
        self._events.add("fault.power.off", self.name, at=at)

    async def reset(self) -> None:
        machine = self._moving()
        at = time.monotonic()
        await machine.qmp.send("system_reset")
        self._events.add("fault.reset", self.name, at=at)

    async def freeze(self) -> None:
        """It stands still, and comes back as if no time had passed."""
        machine = self._moving()
        if self.boots == 0:
            raise Refused("not_running", f"{self.name} is still being restored.")
        at = time.monotonic()
        await machine.qmp.send("stop")
        self.frozen = True
        self._events.add("fault.node.freeze", self.name, at=at)

    async def thaw(self) -> None:
        machine = self._running()
        if not self.frozen:
            raise Refused("not_frozen", f"{self.name} is not frozen.")
        at = time.monotonic()
        await machine.qmp.send("cont")
        self.frozen = False
        self._events.add("fault.node.thaw", self.name, at=at)
        if self.ready:
            self._wake()

    async def panic(self) -> None:
        """The kernel crashes, and starts again after a while (panic=5)."""
        agent = await self._moving_agent()
        at = time.monotonic()
        await calls.panic(self._loop, agent, PANIC_SECONDS)
        self._settled = False
        self._events.add("fault.node.panic", self.name, at=at)

    async def signal(self, kind: str, process: str) -> None:
        """Kill, stop or continue every process of that name."""
        agent = await self._moving_agent()
        await calls.signal_processes(agent, SIGNALS[kind], process)
        self._events.add(f"fault.process.{kind}", self.name, detail=process)

    def kill(self) -> None:
        if self._machine is not None:
            self._machine.kill()

    # What the server asks

    def status(self) -> dict[str, Any]:
        return {
            "power": self.power,
            "ready": self.ready,
            "frozen": self.frozen,
            "boots": self.boots,
            "nics": self._network.status_of(self.name),
            "disks": self.disks.status(),
        }

    async def wait(self, seconds: float) -> None:
        """Until the node takes commands."""
        if self.ready:
            return
        if self.power == "off":
            raise Refused("not_running", f"{self.name} is off.")
        try:
            await self._loop.within(seconds, self._when_ready())
        except TimeoutError as error:
            raise Refused("timed_out", f"{self.name} is not ready.") from error

    async def open(self, fields: Sequence[str]) -> Channel:
        """A channel to a command or terminal; waits a little for a lost agent."""
        if not self.ready:
            if self.power != "on":
                raise Refused("not_running", f"{self.name} is not running.")
            try:
                await self.wait(AGENT_SECONDS)
            except Refused as error:
                raise Refused("agent_gone", str(error)) from error
        return self._running().agent.open(fields)

    async def agent(self) -> Agent:
        if not self.ready:
            await self.wait(AGENT_SECONDS)
        return self._running().agent

    async def pull_disk(self, disk: str) -> None:
        machine = None if self._machine is None else self._moving()
        await self.disks.pull(disk, machine)

    async def insert_disk(self, disk: str) -> None:
        await self.disks.insert(disk, self._machine)

    async def fail_disk(self, disk: str, damage: Damage) -> None:
        await self.disks.fail(disk, damage, self._machine)

    async def mend_disk(self, disk: str) -> None:
        await self.disks.mend(disk, self._machine)

    async def console(self) -> bytes:
        if self._machine is not None:
            await self._save_console(self._machine)
        return self._console

    # What the machine does

    def _start(self, ram: str, incoming: str = "") -> Machine:
        self._started = time.monotonic()
        self._expected_off = False
        self._boot_id = ""
        ports = self._network.ports_of(self.name)
        machine = self._make_machine(
            self._loop,
            self._processes,
            self._config.shape,
            ram,
            self._root,
            self.disks.present(),
            {port.mac: port.connect() for port in ports},
            incoming,
            self._handle_event,
            self._greeted,
            self._agent_lost,
        )
        self._machine = machine
        self.power = "starting"
        self._events.add("node.starting", self.name)
        self._network.power(self.name, on=True)
        self._recall_faults(machine)
        machine.process.ended.when_done(lambda: self._ended(machine))
        machine.qmp.greeted.when_done(lambda: self._mark("qemu"))
        return machine

    def _recall_faults(self, machine: Machine) -> None:
        """A power cut mends neither a cable nor a disk."""
        self.disks.machine_started(machine)
        for port in self._network.ports_of(self.name):
            if not port.carrier:
                self._loop.spawn(self._set_link(port))

    async def _set_link(self, port: Port) -> None:
        if self._machine is not None:
            with suppress(MachineFailed):
                device, up = port.device, port.carrier
                await self._machine.qmp.send("set_link", name=device, up=up)

    def _handle_event(self, name: str, data: dict[str, Any]) -> None:
        if name == "RESET":
            self._boot_id = ""
            self._settled = False
            if self.power == "on":
                self.power = "starting"
                self._events.add("node.starting", self.name, detail=data["reason"])
        elif name == "RESUME":
            self._mark("running")
        elif name == "DEVICE_DELETED" and "device" in data:
            self.disks.device_deleted(data["device"], self._running())
        elif name == "BLOCK_IO_ERROR" and data.get("action") == "stop":
            self._blocked = True
            if not self._paused and self._machine is not None:
                self._paused = True
                self._loop.spawn(self._wait_for_room(self._machine))

    async def _wait_for_room(self, machine: Machine) -> None:
        """Nothing the machine wrote is lost; it goes on once the host has room."""
        self._events.add("node.paused", self.name)
        while self._blocked and self._machine is machine:
            await self._loop.sleep(RESUME_SECONDS)
            if self.frozen:
                continue
            self._blocked = False
            with suppress(MachineFailed):
                await machine.qmp.send("cont")
            await self._loop.sleep(WRITE_SECONDS)
        self._paused = False
        if self._machine is machine:
            self._events.add("node.resumed", self.name)

    def _greeted(self, boot_id: str) -> None:
        self._mark("hello")
        if boot_id == self._boot_id:
            self._settled = True
            self._events.add("agent.back", self.name)
            self._wake()
        else:
            self._boot_id = boot_id
            self._loop.spawn(self._settle(boot_id))

    async def _settle(self, boot_id: str) -> None:
        """Make a machine that has just booted into this node."""
        machine = self._running()
        detail = ""
        try:
            await calls.personalise(machine.agent, self.name, self._machine_id)
            self._mark("personalised")
            if not self._prepared:
                detail = await self._prepare(machine.agent)
        except Refused as error:
            if not machine.agent.in_step:
                self._boot_id = ""  # Tried again when the agent is back.
                return
            detail = str(error)
        if self._machine is not machine or self._boot_id != boot_id:
            return
        self._mark("ready")
        self.boots += 1
        self._prepared = True
        self.power, self._settled = "on", True
        self._events.add("node.ready", self.name, detail=detail)
        self._wake()

    async def _prepare(self, agent: Agent) -> str:
        """What a machine of a template lacks to be this node; what went wrong."""
        if ports := self._network.ports_of(self.name):
            outcome = await calls.join_network(agent, ports)
            if outcome.code:
                said = outcome.stderr.decode("utf-8", "replace")[-400:]
                return f"ip ended with {outcome.code}: {said}"
            self._mark("joined")
        for file in self._config.files:
            content = file.text.encode()
            await calls.write_file(agent, file.path, content, file.mode)
        if not self._config.prepare:
            return ""
        argv = ["/bin/bash", "-c", self._config.prepare]
        outcome = await calls.run(agent, argv, PREPARE_SECONDS)
        if outcome.code == 0:
            return ""
        said = outcome.stderr.decode("utf-8", "replace")[-400:]
        return f"prepare ended with {outcome.code}: {said}"

    def _agent_lost(self) -> None:
        if self._settled:
            self._settled = False
            self._events.add("agent.lost", self.name)

    def _ended(self, machine: Machine) -> None:
        if self._machine is not machine:
            return
        self._machine = None
        self.power, self._settled, self.frozen = "off", False, False
        self.disks.machine_ended()
        self._network.power(self.name, on=False)
        if self._expected_off or machine.shut_down:
            detail = "" if self._expected_off else "guest"
            self._events.add("node.off", self.name, detail=detail)
        else:
            self._events.add(
                "node.lost", self.name, detail=machine.process.last_words()
            )
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.fail(Refused("not_running", f"{self.name} is off."))

    # Small things

    def _running(self) -> Machine:
        if self._machine is None:
            raise Refused("not_running", f"{self.name} is off.")
        return self._machine

    def _moving(self) -> Machine:
        machine = self._running()
        if self.frozen:
            raise Refused("frozen", f"{self.name} is frozen.")
        return machine

    async def _moving_agent(self) -> Agent:
        self._moving()
        return await self.agent()

    def _when_ready(self) -> Future:
        future = Future()
        self._waiting.append(future)
        return future

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.set()

    def _mark(self, phase: str) -> None:
        """Of the first start only: how long it took from starting QEMU."""
        if self.boots == 0:
            elapsed = round(time.monotonic() - self._started, 4)
            self.timings.setdefault(phase, elapsed)

    async def _flush(self, agent: Agent) -> None:
        with suppress(Refused):
            await calls.flush_disk(agent)

    async def _save_console(self, machine: Machine) -> None:
        """QEMU forgets what it has once given; keep it here."""
        try:
            said = await machine.qmp.send(
                "ringbuf-read",
                device="console",
                size=qemu.CONSOLE_SIZE,
                format="base64",
            )
        except MachineFailed:
            return
        self._console = (self._console + a2b_base64(said))[-qemu.CONSOLE_SIZE :]
