"""The process that carries frames, containers/sandbox/switch.c, kept running."""

from __future__ import annotations

import socket
import sys
from collections import deque

from .loop import Future
from .stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .loop import Loop
    from .process import Process, Processes

PROGRAM = "/opt/nines/nines-switch"
AGAIN_SECONDS = 0.1  # A switch that dies at once is not started all the time.


class Switch:
    """`wires` are its ports' sockets: another process takes them over as they are."""

    def __init__(
        self, loop: Loop, processes: Processes, wires: list[socket.socket]
    ) -> None:
        self._loop = loop
        self._processes = processes
        self._wires = wires
        self._plan = b""
        self._waiting: deque[Future] = deque()
        self._start()

    def follow(self, plan: bytes) -> Future:
        """Done when the plan, as switch.c describes it, is in force."""
        self._plan = plan
        future = Future()
        self._waiting.append(future)
        self._control.send(plan)
        return future

    def _start(self) -> None:
        control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inherited = [inside, *(wire.dup() for wire in self._wires)]
        argv = [PROGRAM, *(str(sock.fileno()) for sock in inherited)]
        process = self._processes.start(argv, inherited)
        self._control = Stream(self._loop, control, self._receive, lambda: None)
        process.ended.when_done(lambda: self._ended(process))

    def _receive(self, answer: bytes) -> None:
        future = self._waiting.popleft()
        if answer == b"\0":
            future.set()
        else:
            future.fail(ValueError("the switch refused a plan"))

    def _ended(self, process: Process) -> None:
        self._control.close()
        said = f"The switch ended: {process.last_words()}"
        print(said, file=sys.stderr, flush=True)
        self._loop.later(AGAIN_SECONDS, self._start_again)

    def _start_again(self) -> None:
        """With the newest plan, which answers all who wait for one."""
        waiting, self._waiting = self._waiting, deque()
        self._start()
        if self._plan:
            in_force = self.follow(self._plan)
            for future in waiting:
                in_force.when_done(future.set)
