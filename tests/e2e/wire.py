"""The network between a browser and the server, so that it can be cut."""

import socket
import struct
import threading
from contextlib import suppress


class Wire:
    """Listens on a port of its own and passes bytes on to another: `with Wire(port)`.

    `cut` resets every connection there is, as a lost Wi-Fi or a restarted proxy does.
    """

    def __init__(self, to_port: int) -> None:
        self._to = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._connections: set[_Connection] = set()
        self._plugged = True

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake the thread that waits in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.unplug()

    def cut(self) -> int:
        """Reset all connections; how many there were."""
        connections, self._connections = self._connections, set()
        for each in connections:
            each.reset()
        return len(connections)

    def unplug(self) -> None:
        """Cut, and let nothing through until `plug`."""
        self._plugged = False
        self.cut()

    def plug(self) -> None:
        self._plugged = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self._plugged:
                    raise ConnectionRefusedError
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                _reset(near)
                continue
            connection = _Connection(near, far)
            self._connections.add(connection)
            connection.start()


class _Connection:
    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self._ends = (near, far)
        self._flowing = 2
        self._lock = threading.Lock()

    def start(self) -> None:
        for ends in (self._ends, self._ends[::-1]):
            threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def reset(self) -> None:
        for each in self._ends:
            with suppress(OSError):
                _prepare_reset(each)
                each.shutdown(socket.SHUT_RDWR)  # Wakes the thread that reads it.

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        with self._lock:
            self._flowing -= 1
            last = self._flowing == 0
        if last:
            for each in self._ends:
                each.close()


def _prepare_reset(connection: socket.socket) -> None:
    """Closing it will be a reset, not a farewell."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        _prepare_reset(connection)
    connection.close()
