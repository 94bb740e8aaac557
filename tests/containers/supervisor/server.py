"""The server's end of a link, as small and as blocking as a test likes it."""

import json
import select
import socket
import struct
import time
from base64 import b64decode
from collections import defaultdict
from pathlib import Path
from typing import Any

HEADER = struct.Struct(">cII")
WINDOW = 262144


class Finished:
    def __init__(self, end: dict[str, Any], stdout: bytes, stderr: bytes) -> None:
        self.code: int = end["code"]
        self.timed_out: bool = end["timed_out"]
        self.error: str = end.get("error", "")
        self.stdout = stdout
        self.stderr = stderr


class Server:
    """Listens where a supervisor connects; frames that nobody asked for are kept."""

    def __init__(self, path: Path) -> None:
        self.events: list[dict[str, Any]] = []
        self.hello: dict[str, Any] = {}
        self.sock: socket.socket | None = None
        self._buffer = b""
        self._kept: dict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
        self._channel = 0
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()

    def accept(self, timeout: float = 10) -> dict[str, Any]:
        self.hang_up()
        self._listener.settimeout(timeout)
        self.sock, _ = self._listener.accept()
        self._buffer = b""
        self._kept.clear()
        self._channel = 0
        kind, payload = self.frame(0, timeout)
        assert kind == b"H"
        self.hello = json.loads(payload)
        return self.hello

    def hang_up(self) -> None:
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def close(self) -> None:
        self.hang_up()
        self._listener.close()

    def new_channel(self) -> int:
        self._channel += 1
        return self._channel

    def send(self, kind: bytes, channel: int, payload: bytes = b"") -> None:
        assert self.sock is not None
        self.sock.setblocking(True)
        self.sock.sendall(HEADER.pack(kind, channel, len(payload)) + payload)

    def send_json(self, kind: bytes, channel: int, message: object) -> None:
        self.send(kind, channel, json.dumps(message).encode())

    def frame(self, channel: int, timeout: float = 10) -> tuple[bytes, bytes]:
        """The next frame of a channel; TimeoutError, or EOFError at the end."""
        deadline = time.monotonic() + timeout
        while not self._kept[channel]:
            self._receive(deadline - time.monotonic())
        return self._kept[channel].pop(0)

    def quiet(self, channel: int, seconds: float = 0.2) -> bool:
        """Whether nothing comes on a channel for so long."""
        try:
            self._kept[channel].insert(0, self.frame(channel, seconds))
        except TimeoutError:
            return True
        return False

    def request(self, op: str, patience: float = 60, **arguments: object) -> Any:
        channel = self.new_channel()
        self.send_json(b"Q", channel, {"op": op, **arguments})
        kind, payload = self.frame(channel, patience)
        assert kind == b"R"
        answer = json.loads(payload)
        if "error" in answer:
            raise RequestRefused(answer["error"]["code"], answer["error"]["message"])
        return answer["ok"]

    def read_file(self, node: str, path: str, limit: int = 65536) -> bytes:
        answer = self.request("read_file", node=node, path=path, limit=limit)
        return b64decode(answer["data"])

    def start(self, node: str, argv: list[str], **more: object) -> int:
        channel = self.new_channel()
        self.send_json(b"X", channel, {"node": node, "argv": argv, **more})
        return channel

    def finish(self, channel: int, stdin: bytes = b"", timeout: float = 30) -> Finished:
        """Feed a command its input by the rules, collect its output, await its end."""
        parts: dict[bytes, list[bytes]] = {b"1": [], b"2": []}
        credit = WINDOW
        deadline = time.monotonic() + timeout
        sent_eof = False
        while True:
            while stdin and credit:
                part = stdin[: min(credit, 32768)]
                stdin = stdin[len(part) :]
                credit -= len(part)
                self.send(b"I", channel, part)
            if not stdin and not sent_eof:
                sent_eof = True
                self.send(b"E", channel)
            kind, payload = self.frame(channel, deadline - time.monotonic())
            if kind == b"A":
                credit += int.from_bytes(payload, "big")
            elif kind == b"x":
                end = json.loads(payload)
                return Finished(end, b"".join(parts[b"1"]), b"".join(parts[b"2"]))
            else:
                parts[kind].append(payload)
                self.grant(channel, len(payload))

    def run(
        self, node: str, argv: list[str], stdin: bytes = b"", **more: object
    ) -> Finished:
        return self.finish(self.start(node, argv, **more), stdin)

    def grant(self, channel: int, count: int) -> None:
        self.send(b"A", channel, count.to_bytes(4, "big"))

    def attach(
        self, node: str, terminal: str, after: int | None = None
    ) -> "AttachedTerminal":
        channel = self.new_channel()
        message = {"terminal": terminal, "node": node, "rows": 24, "columns": 80}
        if after is not None:
            message["after"] = after
        self.send_json(b"T", channel, message)
        kind, payload = self.frame(channel)
        return AttachedTerminal(self, channel, kind, json.loads(payload))

    def _receive(self, timeout: float) -> None:
        assert self.sock is not None
        if timeout <= 0 or not select.select([self.sock], [], [], timeout)[0]:
            raise TimeoutError
        data = self.sock.recv(1 << 20)
        if not data:
            raise EOFError
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= HEADER.size:
            kind, channel, length = HEADER.unpack_from(self._buffer, at)
            if len(self._buffer) - at - HEADER.size < length:
                break
            start = at + HEADER.size
            at = start + length
            payload = self._buffer[start:at]
            if kind == b"V":
                self.events.append(json.loads(payload))
            else:
                self._kept[channel].append((kind, payload))
        self._buffer = self._buffer[at:]


class AttachedTerminal:
    def __init__(
        self, server: Server, channel: int, kind: bytes, answer: dict[str, Any]
    ) -> None:
        self.answer = answer
        self.refused = kind == b"x"
        self.channel = channel
        self.output = bytearray()
        self.end: dict[str, Any] | None = None
        self._server = server

    def type(self, keys: bytes) -> None:
        self._server.send(b"I", self.channel, keys)

    def read(self, timeout: float = 10, grant: bool = True) -> bytes:
        """The next bytes; empty when the terminal has ended."""
        while True:
            kind, payload = self._server.frame(self.channel, timeout)
            if kind == b"x":
                self.end = json.loads(payload)
                return b""
            if kind == b"1":
                self.output += payload
                if grant:
                    self._server.grant(self.channel, len(payload))
                return payload

    def until(self, wanted: bytes, timeout: float = 10, grant: bool = True) -> bytes:
        deadline = time.monotonic() + timeout
        while wanted not in self.output:
            if not self.read(deadline - time.monotonic(), grant):
                raise AssertionError(f"ended before {wanted!r}: {self.output[-200:]!r}")
        end = self.output.index(wanted) + len(wanted)
        before = bytes(self.output[:end])
        del self.output[:end]
        return before

    def detach(self) -> None:
        self._server.send(b"D", self.channel)


class RequestRefused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
