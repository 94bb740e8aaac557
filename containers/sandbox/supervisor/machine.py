"""One run of QEMU: the process, its control channel and the agent inside."""

from __future__ import annotations

import socket

from . import qemu
from .agent import Agent
from .qmp import Qmp, QmpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .config import Shape
    from .loop import Loop
    from .process import Processes


class Machine:
    """Starts at once. Both channels are socket pairs: nothing to wait or poll for.

    `wires` are the machine's ends of its cables by the MAC address of their NIC.
    """

    def __init__(
        self,
        loop: Loop,
        processes: Processes,
        shape: Shape,
        ram: str,
        root: str,
        disks: dict[int, str],
        wires: dict[str, socket.socket],
        incoming: str,
        on_event: Callable[[str, dict[str, Any]], None],
        on_hello: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:
        control, qmp_end = socket.socketpair()
        inside, agent_end = socket.socketpair()
        argv = qemu.command(
            shape,
            ram,
            root,
            disks,
            {mac: wire.fileno() for mac, wire in wires.items()},
            qmp_fd=qmp_end.fileno(),
            agent_fd=agent_end.fileno(),
            incoming=bool(incoming),
        )
        self.shut_down = False
        self.process = processes.start(argv, [qmp_end, agent_end, *wires.values()])
        self.agent = Agent(loop, inside, on_hello, on_lost)
        self._on_event = on_event
        self.qmp = Qmp(loop, control, self._handle_event)
        self.process.ended.when_done(self._close)
        if incoming:
            loop.spawn(self._load(incoming))

    def kill(self) -> None:
        self.process.kill()

    async def _load(self, uri: str) -> None:
        """Both at once: the machine runs before we have read the first answer."""
        capability = {"capability": "x-ignore-shared", "state": True}
        able = self.qmp.send("migrate-set-capabilities", capabilities=[capability])
        loaded = self.qmp.send("migrate-incoming", uri=uri)
        try:
            await able
            await loaded
        except QmpError as error:
            self.process.stderr += str(error).encode()
            self.kill()

    def _close(self) -> None:
        self.qmp.close()
        self.agent.close()

    def _handle_event(self, name: str, data: dict[str, Any]) -> None:
        self._on_event(name, data)
        if name == "VSERPORT_CHANGE" and data.get("id") == "agent":
            (self.agent.port_opened if data["open"] else self.agent.port_closed)()
        elif name == "SHUTDOWN":
            self.shut_down = bool(data.get("guest"))
        elif name == "RESET":
            self.agent.reset()
