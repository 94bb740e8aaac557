"""A supervisor for tests: the link's protocol, spoken with processes of this host.

Its machines are folders. A command is a real process started there, a terminal a real
bash on a real pty, a disk a file in `dev/`. It has no kernels and proves nothing about
them; it proves that our end of the link is right. It has its own reading of the
protocol on purpose, and shares no code with `drivers/`.
"""

import asyncio
import base64
import json
import os
import shutil
import signal
import struct
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fakes.machine import FakeMachine, Refusal
from tests.fakes.network import OPS as NETWORK_OPS
from tests.fakes.network import FakeNetwork
from tests.fakes.terminal import CREDIT, FakeTerminal

HEADER = struct.Struct(">cII")


class Exec:
    def __init__(self) -> None:
        self.may_send = CREDIT
        self.granted = asyncio.Event()
        self.input: asyncio.Queue[bytes] = asyncio.Queue()
        self.process: asyncio.subprocess.Process | None = None

    def kill(self) -> None:
        if self.process and self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class FakeSupervisor:
    """One sandbox. Connects to `folder`/link.sock until it is stopped."""

    def __init__(self, name: str, folder: Path, root: Path, boot: float = 0.02) -> None:
        self.name = name
        self.folder = folder
        self.root = root
        self.boot_seconds = boot
        self.machines: dict[str, FakeMachine] = {}
        self.terminals: dict[str, FakeTerminal] = {}
        self.shells: list[FakeTerminal] = []  # Also of terminals that have ended.
        self.past: list[dict[str, Any]] = []
        self.execs: dict[int, Exec] = {}
        self.attached: dict[int, FakeTerminal] = {}
        self.writer: StreamWriter | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.network = FakeNetwork(self.event)

    def add(
        self, name: str, disks: Mapping[str, int], segments: Sequence[str] = ()
    ) -> FakeMachine:
        machine = FakeMachine(name, self.root / name, disks)
        self.machines[name] = machine
        self.network.join(name, segments)
        return machine

    def round_trip(self, source: str, target: str) -> float | None:
        """Of a ping from one machine to another, in milliseconds."""
        there = self.network.delay(source, target)
        back = self.network.delay(target, source)
        both = (self.machines[source], self.machines[target])
        if there is None or back is None or not all(each.answers for each in both):
            return None
        return there + back

    def start(self) -> None:
        for machine in self.machines.values():
            self.power_on(machine)
        self.spawn(self.keep_connected())

    async def stop(self) -> None:
        for machine in self.machines.values():
            self.cut_power(machine)
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for terminal in self.shells:
            await terminal.close()
        if self.writer:
            self.writer.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # ---- the link

    async def keep_connected(self) -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self.converse()
            for each in self.execs.values():
                each.kill()
            for number, terminal in self.attached.items():
                terminal.detach(number)
            self.execs.clear()
            self.attached.clear()
            await asyncio.sleep(0.02)

    async def converse(self) -> None:
        # Through a descriptor, as a socket's address may have 108 bytes only.
        directory = os.open(self.folder, os.O_PATH)
        try:
            address = f"/proc/self/fd/{directory}/link.sock"
            reader, writer = await asyncio.open_unix_connection(address)
        finally:
            os.close(directory)
        self.writer = writer
        self.connections += 1
        try:
            hello = {"protocol": 1, "session": self.name, "status": self.status()}
            self.send_json(b"H", 0, hello)
            for event in self.past:
                self.send_json(b"V", 0, event)
            await self.listen(reader)
        finally:
            self.writer = None
            writer.close()

    async def listen(self, reader: StreamReader) -> None:
        while True:
            kind, channel, length = HEADER.unpack(await reader.readexactly(HEADER.size))
            payload = await reader.readexactly(length)
            if kind == b"Q":
                self.spawn(self.answer(channel, json.loads(payload)))
            elif kind == b"X":
                self.execs[channel] = Exec()
                self.spawn(self.execute(channel, json.loads(payload)))
            elif kind == b"T":
                self.attach(channel, json.loads(payload))
            elif channel in self.execs:
                self.to_exec(self.execs[channel], kind, payload)
            elif channel in self.attached:
                self.to_terminal(channel, kind, payload)

    def send(self, kind: bytes, channel: int, payload: bytes = b"") -> None:
        if self.writer:
            self.writer.write(HEADER.pack(kind, channel, len(payload)) + payload)

    def send_json(self, kind: bytes, channel: int, body: Mapping[str, Any]) -> None:
        self.send(kind, channel, json.dumps(body).encode())

    def event(self, kind: str, **facts: Any) -> None:
        moment = {"at": time.monotonic(), "time": time.time()}
        body = {"n": len(self.past) + 1, **moment, "kind": kind, **facts}
        self.past.append(body)
        self.send_json(b"V", 0, body)

    # ---- machines

    def power_on(self, machine: FakeMachine) -> None:
        machine.power = "starting"
        self.event("node.starting", node=machine.name)
        self.spawn(self.boot(machine))

    async def boot(self, machine: FakeMachine) -> None:
        await asyncio.sleep(self.boot_seconds)
        if machine.power == "starting":
            machine.power = "on"
            machine.boots += 1
            machine.ready.set()
            self.event("node.ready", node=machine.name)

    def cut_power(self, machine: FakeMachine) -> None:
        machine.power = "off"
        machine.frozen = False
        machine.ready.clear()
        for each in self.execs.values():
            each.kill()
        for name, terminal in list(self.terminals.items()):
            if terminal.node == machine.name:
                self.spawn(self.end_terminal(name))

    async def end_terminal(self, name: str) -> None:
        if terminal := self.terminals.get(name):
            await terminal.close()

    def status(self) -> dict[str, Any]:
        terminals = {
            name: {"node": each.node, "ended": each.ended, "offset": each.end}
            for name, each in self.terminals.items()
        }
        nodes = {
            name: {**each.status(), "nics": self.network.status_of(name)}
            for name, each in self.machines.items()
        }
        return {
            "nodes": nodes,
            "segments": self.network.status(),
            "terminals": terminals,
            "clock": time.monotonic(),
            "timings": {},
        }

    def running(self, name: object) -> FakeMachine:
        machine = self.machines.get(str(name))
        if machine is None:
            raise Refusal("no_such_node")
        if machine.frozen:
            raise Refusal("frozen")
        if not machine.ready.is_set():
            raise Refusal("not_running")
        return machine

    # ---- requests

    async def answer(self, channel: int, asked: dict[str, Any]) -> None:
        try:
            body: dict[str, Any] = {"ok": await self.do(asked)}
        except Refusal as refusal:
            body = {"error": {"code": refusal.code, "message": refusal.code}}
        self.send_json(b"R", channel, body)

    async def do(self, asked: dict[str, Any]) -> dict[str, Any]:
        op, path = asked["op"], asked.get("path", "")
        if op == "status":
            return self.status()
        if op == "close_terminal":
            await self.end_terminal(asked["terminal"])
            self.terminals.pop(asked["terminal"], None)
            return {}
        if op.startswith(NETWORK_OPS):
            self.network.do(op, asked)
            return {}
        machine = self.machines.get(asked["node"])
        if machine is None:
            raise Refusal("no_such_node")
        if op == "wait":
            if machine.frozen:
                raise Refusal("timed_out")
            try:
                await asyncio.wait_for(machine.ready.wait(), asked["timeout"])
            except TimeoutError:
                raise Refusal("timed_out") from None
        elif op.startswith("disk_"):
            return self.do_disk(op, machine, asked)
        elif op in ("freeze", "thaw"):
            self.do_freeze(op, machine)
        elif op.startswith("process_"):
            self.running(machine.name).signal(op, asked["process"])
            kind = f"fault.process.{op.removeprefix('process_')}"
            self.event(kind, node=machine.name, detail=asked["process"])
        elif op == "read_file":
            file = self.running(machine.name).file(path)
            if not file.is_file():
                raise Refusal("not_found")
            data = file.read_bytes()[: asked["limit"]]
            return {"data": base64.b64encode(data).decode()}
        elif op == "write_file":
            file = self.running(machine.name).file(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(base64.b64decode(asked["data"]))
            file.chmod(asked["mode"])
        else:
            self.do_power(op, machine)
        return {}

    def do_power(self, op: str, machine: FakeMachine) -> None:
        if op == "power_on" and machine.power != "off":
            raise Refusal("already_running")
        if op != "power_on":
            if machine.power == "off":
                raise Refusal("not_running")
            if machine.frozen and op != "power_off":
                raise Refusal("frozen")
            self.cut_power(machine)
        kinds = {"reset": "reset", "panic": "node.panic"}
        kind = kinds.get(op) or op.replace("_", ".")
        self.event(f"fault.{kind}", node=machine.name)
        if op == "power_off":
            self.event("node.off", node=machine.name)
        else:
            self.power_on(machine)

    def do_freeze(self, op: str, machine: FakeMachine) -> None:
        if machine.power == "off":
            raise Refusal("not_running")
        if machine.frozen == (op == "freeze"):
            raise Refusal("frozen" if machine.frozen else "not_frozen")
        machine.frozen = op == "freeze"
        self.event(f"fault.node.{op}", node=machine.name)

    def do_disk(
        self, op: str, machine: FakeMachine, asked: dict[str, Any]
    ) -> dict[str, Any]:
        disk = asked["disk"]
        if disk not in machine.sizes:
            raise Refusal("no_such_disk")
        if op == "disk_read":
            with (machine.root / "store" / disk).open("rb") as file:
                file.seek(asked["offset"])
                data = file.read(min(asked["length"], 65536))
            return {"data": base64.b64encode(data).decode()}
        kind = op.removeprefix("disk_")
        if kind != "mend" and (kind == "insert") == machine.is_in(disk):
            raise Refusal("disk_present" if kind == "insert" else "disk_absent")
        changes = {
            "insert": machine.insert,
            "pull": machine.pull,
            "fail": machine.failing.add,
            "mend": machine.failing.discard,
        }
        changes[kind](disk)
        self.event(f"fault.disk.{kind}", node=machine.name, disk=disk)
        return {}

    # ---- commands

    def to_exec(self, command: Exec, kind: bytes, payload: bytes) -> None:
        if kind == b"I":
            command.input.put_nowait(payload)
        elif kind == b"E":
            command.input.put_nowait(b"")
        elif kind == b"A":
            command.may_send += int.from_bytes(payload, "big")
            command.granted.set()
        elif kind == b"K":
            command.kill()

    async def execute(self, channel: int, order: dict[str, Any]) -> None:
        command = self.execs[channel]
        ended: dict[str, Any] = {"code": 127, "timed_out": False}
        try:
            machine = self.running(order["node"])
            pipe = asyncio.subprocess.PIPE
            command.process = await asyncio.create_subprocess_exec(
                *order["argv"],
                cwd=machine.root,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                start_new_session=True,
            )
            ended = await self.follow(channel, command, order.get("timeout", 30))
            if not machine.ready.is_set():
                ended["error"] = "agent_gone"
        except Refusal as refusal:
            ended["error"] = refusal.code
        except OSError:
            pass
        finally:
            command.kill()
            self.execs.pop(channel, None)
        self.send_json(b"x", channel, ended)

    async def follow(
        self, channel: int, command: Exec, timeout: float
    ) -> dict[str, Any]:
        process = command.process
        assert process
        assert process.stdout
        assert process.stderr
        feeder = asyncio.ensure_future(self.feed(channel, command))
        timed_out = False
        try:
            async with asyncio.timeout(timeout):
                await asyncio.gather(
                    self.pump(channel, command, b"1", process.stdout),
                    self.pump(channel, command, b"2", process.stderr),
                )
                await process.wait()
        except TimeoutError:
            timed_out = True
            command.kill()
            await process.wait()
        finally:
            feeder.cancel()
        return {"code": process.returncode, "timed_out": timed_out}

    async def feed(self, channel: int, command: Exec) -> None:
        assert command.process
        assert command.process.stdin
        with suppress(OSError):
            while data := await command.input.get():
                command.process.stdin.write(data)
                await command.process.stdin.drain()
                self.send(b"A", channel, len(data).to_bytes(4, "big"))
            command.process.stdin.close()

    async def pump(
        self, channel: int, command: Exec, kind: bytes, reader: StreamReader
    ) -> None:
        while True:
            while not command.may_send:
                command.granted.clear()
                await command.granted.wait()
            data = await reader.read(min(32768, command.may_send))
            if not data:
                return
            command.may_send -= len(data)
            self.send(kind, channel, data)

    # ---- terminals

    def attach(self, channel: int, order: dict[str, Any]) -> None:
        name = order["terminal"]
        try:
            machine = self.running(order["node"])
        except Refusal as refusal:
            self.send_json(b"x", channel, {"code": 127, "error": refusal.code})
            return
        opened = name not in self.terminals or self.terminals[name].ended
        if opened:
            self.terminals[name] = FakeTerminal(
                machine.name, machine.root, order["rows"], order["columns"]
            )
            self.shells.append(self.terminals[name])
        terminal = self.terminals[name]
        start, gap = terminal.seek(order.get("after"))
        answer = {"offset": start, "opened": opened, "gap": gap}
        self.send_json(b"t", channel, answer)
        self.attached[channel] = terminal
        terminal.attach(channel, start, self.send)

    def to_terminal(self, channel: int, kind: bytes, payload: bytes) -> None:
        terminal = self.attached[channel]
        if kind == b"I":
            terminal.write(
                payload, lambda n: self.send(b"A", channel, n.to_bytes(4, "big"))
            )
        elif kind == b"A":
            terminal.grant(channel, int.from_bytes(payload, "big"))
        elif kind == b"W":
            size = json.loads(payload)
            terminal.resize(size["rows"], size["columns"])
        elif kind == b"D":
            terminal.detach(channel)
            del self.attached[channel]
