"""The agent's protocol by hand, to say to it also what no supervisor would."""

import os
import select
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

HEADER = struct.Struct(">cII")
MAGIC = b"nines-agent-sync"


class RawAgent:
    def __init__(self, binary: Path, port: Path) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(port))
        listener.listen()
        self.process = subprocess.Popen([binary, "--port", port], cwd=port.parent)
        listener.settimeout(10)
        self.sock, _ = listener.accept()
        listener.close()
        self._buffer = b""
        self._channel = 0

    def close(self) -> None:
        self.sock.close()
        try:
            status = self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert status in (0, -signal.SIGKILL), "a sanitizer, or a crash"

    def send(self, kind: bytes, channel: int, payload: bytes = b"") -> None:
        self.sock.sendall(HEADER.pack(kind, channel, len(payload)) + payload)

    def frame(self, timeout: float = 10) -> tuple[bytes, int, bytes]:
        deadline = time.monotonic() + timeout
        while True:
            if len(self._buffer) >= HEADER.size:
                kind, channel, length = HEADER.unpack_from(self._buffer)
                end = HEADER.size + length
                if len(self._buffer) >= end:
                    payload = self._buffer[HEADER.size : end]
                    self._buffer = self._buffer[end:]
                    return kind, channel, payload
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                raise TimeoutError
            data = self.sock.recv(1 << 20)
            if not data:
                raise EOFError
            self._buffer += data

    def synchronise(self, timeout: float = 10) -> list[bytes]:
        """Get in step; the fields of the agent's hello."""
        token = os.urandom(8)
        self.send(b"Z", 0, MAGIC + token)
        while True:
            kind, _, payload = self.frame(timeout)
            if kind == b"H" and payload.startswith(MAGIC + token):
                return payload[24:].split(b"\0")

    def open(self, *fields: str, credit: int = 1 << 20) -> int:
        self._channel += 1
        self.send(b"O", self._channel, b"".join(f.encode() + b"\0" for f in fields))
        if credit:
            self.grant(self._channel, credit)
        return self._channel

    def command(self, *argv: str, timeout_ms: int = 0, credit: int = 1 << 20) -> int:
        head = ("command", str(timeout_ms), "/", str(len(argv)))
        return self.open(*head, *argv, credit=credit)

    def grant(self, channel: int, count: int) -> None:
        self.send(b"A", channel, struct.pack(">I", count))

    def finish(
        self, channel: int, stdin: bytes = b"", eof: bool = True, timeout: float = 20
    ) -> "Finished":
        """Feed it by the rules and collect what it says until its end."""
        window, parts = 65536, {b"1": b"", b"2": b""}
        while True:
            while stdin and window:
                part = stdin[: min(window, 16384)]
                stdin = stdin[len(part) :]
                window -= len(part)
                self.send(b"I", channel, part)
            if eof and not stdin:
                eof = False
                self.send(b"E", channel)
            kind, number, payload = self.frame(timeout)
            if number != channel:
                continue
            if kind == b"A":
                window += int.from_bytes(payload, "big")
            elif kind == b"x":
                code, timed_out, error, _ = payload.split(b"\0")
                return Finished(
                    int(code), timed_out == b"1", error, parts[b"1"], parts[b"2"]
                )
            else:
                parts[kind] += payload
                self.grant(channel, len(payload))


class Finished:
    def __init__(
        self, code: int, timed_out: bool, error: bytes, stdout: bytes, stderr: bytes
    ) -> None:
        self.code = code
        self.timed_out = timed_out
        self.error = error
        self.stdout = stdout
        self.stderr = stderr
