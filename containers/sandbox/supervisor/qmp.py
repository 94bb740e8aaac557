"""QEMU's control channel: JSON lines, one answer a command, events in between."""

from __future__ import annotations

import json
from collections import deque

from .errors import MachineFailed
from .loop import Future
from .stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    from .loop import Loop

MAX_LINE = 4 << 20


class QmpError(MachineFailed):
    """QEMU refused a command."""


class Qmp:
    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        on_event: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self.greeted = Future()
        self._on_event = on_event
        self._buffer = b""
        self._waiting: deque[Future] = deque()
        self._stream = Stream(loop, sock, self._receive, self.close)
        self.send("qmp_capabilities").when_done(self.greeted.set)

    def send(self, command: str, **arguments: Any) -> Future:
        """The answer's future; await it for the `return` member or QmpError."""
        future = Future()
        if self._stream.closed:
            future.fail(QmpError(f"{command}: the machine has gone"))
            return future
        self._waiting.append(future)
        message = {"execute": command, "arguments": arguments}
        self._stream.send(json.dumps(message).encode() + b"\n")
        return future

    def close(self) -> None:
        self._stream.close()
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            future.fail(QmpError("the machine has gone"))

    def _receive(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > MAX_LINE:
            self.close()
            return
        for line in lines:
            if line.strip():
                self._handle(json.loads(line))

    def _handle(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self._on_event(message["event"], message.get("data", {}))
        elif "return" in message and self._waiting:
            self._waiting.popleft().set(message["return"])
        elif "error" in message and self._waiting:
            self._waiting.popleft().fail(QmpError(message["error"]["desc"]))
