"""A socket with a queue: what cannot be sent now is sent when there is room."""

from __future__ import annotations

from collections import deque

from .loop import READ, WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .loop import Loop

READ_SIZE = 262144


class Stream:
    """Callers bound what they send by credit; `backlog` says how much still waits."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        on_data: Callable[[bytes], None],
        on_close: Callable[[], None],
        on_drained: Callable[[], None] | None = None,
    ) -> None:
        sock.setblocking(False)
        self.backlog = 0
        self.closed = False
        self._loop = loop
        self._socket = sock
        self._on_data = on_data
        self._on_close = on_close
        self._on_drained = on_drained
        self._queue: deque[bytes | memoryview] = deque()
        self._events = READ
        loop.watch(sock.fileno(), READ, self._handle)

    def send(self, data: bytes) -> None:
        if self.closed:
            return
        if self._queue:
            self._queue.append(data)
            self.backlog += len(data)
            return
        sent = self._try(data)
        if sent < len(data) and not self.closed:
            self._queue.append(memoryview(data)[sent:])
            self.backlog += len(data) - sent
            self._listen(self._events | WRITE)

    def pause(self) -> None:
        self._listen(self._events & ~READ)

    def resume(self) -> None:
        self._listen(self._events | READ)

    def close(self) -> None:
        """Without a word to `on_close`."""
        if not self.closed:
            self.closed = True
            self._queue.clear()
            self.backlog = 0
            self._loop.forget(self._socket.fileno())
            self._socket.close()

    def _listen(self, events: int) -> None:
        if not self.closed and events != self._events:
            self._events = events
            self._loop.change(self._socket.fileno(), events)

    def _try(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._loop.soon(self._lost)
            return 0

    def _lost(self) -> None:
        if not self.closed:
            self.close()
            self._on_close()

    def _handle(self, events: int) -> None:
        if events & WRITE and not self.closed:
            self._flush()
        if events & ~WRITE and not self.closed:
            self._receive(events)

    def _flush(self) -> None:
        while self._queue:
            data = self._queue[0]
            sent = self._try(data)
            self.backlog -= sent
            if sent < len(data):
                self._queue[0] = memoryview(data)[sent:]
                return
            self._queue.popleft()
        self._listen(self._events & ~WRITE)
        if self._on_drained is not None:
            self._on_drained()

    def _receive(self, events: int) -> None:
        if not self._events & READ and events & READ == 0:
            self._lost()  # A hang-up while we did not read.
            return
        try:
            data = self._socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._on_data(data)
        else:
            self._lost()
