"""`run`: PID 1 of a session. Restores its machines and serves the link until told."""

from __future__ import annotations

import json
import os
import signal
import time

from . import template
from .commands import Command
from .config import ConfigError, parse_session
from .errors import MachineFailed, Refused, TemplateDamaged
from .events import EventLog
from .link import Link, Peer, parse, text
from .loop import Loop
from .machine import Machine
from .network import Network
from .node import Node
from .process import Processes
from .requests import Requests
from .terminals import Terminals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import SessionConfig

PROTOCOL = 1
LINK = "/link/link.sock"
STOP_SECONDS = 0.5
EXIT_FAILED = 1
EXIT_TEMPLATE_DAMAGED = 3


class Session:
    def __init__(
        self,
        loop: Loop,
        processes: Processes,
        config: SessionConfig,
        make_machine: type[Machine] = Machine,
    ) -> None:
        self.exit_code = 0
        self._loop = loop
        self._config = config
        self._timings: dict[str, float] = {}
        self._stopping = False
        self.events = EventLog()
        self.network = Network(loop, processes, self.events, config)
        self.nodes = {
            node.name: Node(
                loop, processes, self.events, node, self.network, make_machine
            )
            for node in config.nodes
        }
        self.terminals = Terminals(loop, self.events, self.nodes)
        self._requests = Requests(self.nodes, self.network, self.terminals, self.status)
        self._link = Link(loop, LINK, self._hello, self._connected, self._open)
        self.events.on_event = lambda event: self._link.send_json(b"V", 0, event)

    def start(self) -> None:
        self._timings["python"] = _seconds_since_start()
        self._loop.spawn(self._restore())
        self._link.connect()

    def stop(self) -> None:
        """Machines have no say: a session that ends is thrown away."""
        if not self._stopping:
            self._stopping = True
            for node in self.nodes.values():
                node.kill()
            self._loop.later(STOP_SECONDS, self._loop.stop)
            self._loop.spawn(self._stop_when_off())

    def status(self) -> dict[str, Any]:
        timings = dict(self._timings)
        for node in self.nodes.values():
            for phase, taken in node.timings.items():
                timings[phase] = max(timings.get(phase, 0.0), taken)
        return {
            "nodes": {name: node.status() for name, node in self.nodes.items()},
            "segments": self.network.status(),
            "terminals": self.terminals.status(),
            "clock": round(time.monotonic(), 6),
            "timings": timings,
        }

    async def _restore(self) -> None:
        try:
            started = time.monotonic()
            shapes = {node.template: node.shape for node in self._config.nodes}
            for key, shape in shapes.items():
                template.verify(f"{template.TEMPLATES}/{key}", shape)
            self._timings["verified"] = round(time.monotonic() - started, 4)
            tasks = [self._loop.spawn(node.start()) for node in self.nodes.values()]
            for task in tasks:
                await task
            self._timings["total"] = _seconds_since_start()
        except TemplateDamaged as error:
            _say({"error": "template_damaged", "detail": str(error)})
            self._fail(EXIT_TEMPLATE_DAMAGED)
        except (MachineFailed, Refused, OSError, ValueError) as error:
            if not self._stopping:
                _say({"error": "failed", "detail": f"{type(error).__name__}: {error}"})
                self._fail(EXIT_FAILED)

    def _fail(self, code: int) -> None:
        self.exit_code = code
        self.stop()

    async def _stop_when_off(self) -> None:
        while any(node.power != "off" for node in self.nodes.values()):
            await self._loop.sleep(0.01)
        self._loop.stop()

    def _hello(self) -> dict[str, Any]:
        name = self._config.name
        return {"protocol": PROTOCOL, "session": name, "status": self.status()}

    def _connected(self) -> None:
        for event in self.events.kept:
            self._link.send_json(b"V", 0, event)

    def _open(self, kind: bytes, number: int, payload: bytes) -> None:
        if kind == b"Q":
            self._loop.spawn(self._answer(number, payload))
        elif kind == b"T":
            self._loop.spawn(self.terminals.attach(self._link, number, payload))
        else:
            self._run_command(number, payload)

    async def _answer(self, number: int, payload: bytes) -> None:
        connection = self._link.connection
        answer = await self._requests.answer(payload)
        if self._link.connection == connection:
            self._link.send_json(b"R", number, answer)

    def _run_command(self, number: int, payload: bytes) -> None:
        try:
            data = parse(payload)
            node = self.nodes.get(text(data, "node", 64))
            if node is None:
                raise Refused("no_such_node", "There is no such node.")
            if self._link.full:
                raise Refused("too_many", "Too many commands and terminals at once.")
        except Refused as error:
            Peer(self._link, number).end(255, error=error.code)
            return
        command = Command(self._link, number)
        self._link.attach(number, command)
        self._loop.spawn(command.start(node, data))


def main() -> int:
    try:
        config = parse_session(os.environ.pop("NINES_SESSION", ""))
    except ConfigError as error:
        _say({"error": "bad_configuration", "detail": str(error)})
        return 2
    os.umask(0o077)
    return run(config)


def run(config: SessionConfig, make_machine: type[Machine] = Machine) -> int:
    loop = Loop()
    processes = Processes(loop)
    session = Session(loop, processes, config, make_machine)
    processes.on_signal(signal.SIGTERM, session.stop)
    processes.on_signal(signal.SIGINT, session.stop)
    session.start()
    loop.run()
    return session.exit_code


def _seconds_since_start() -> float:
    """Since this process began, Python's own start included."""
    with open("/proc/self/stat", "rb") as file:
        ticks = int(file.read().rsplit(b")", 1)[1].split()[19])
    started = ticks / os.sysconf("SC_CLK_TCK")
    return round(time.clock_gettime(time.CLOCK_BOOTTIME) - started, 3)


def _say(message: dict[str, str]) -> None:
    print(json.dumps(message), flush=True)
