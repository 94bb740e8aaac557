"""A terminal of the fake supervisor: bash on a pty, with scrollback and credit."""

import asyncio
import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

CREDIT = 256 * 1024
SCROLLBACK = 256 * 1024

Send = Callable[[bytes, int, bytes], None]


class Reader:
    def __init__(self, at: int, send: Send) -> None:
        self.at = at
        self.may_send = CREDIT
        self.send = send


class FakeTerminal:
    def __init__(self, node: str, root: Path, rows: int, columns: int) -> None:
        self.node = node
        self.ended = False
        self.typed = bytearray()
        self.on_taken: Callable[[int], None] = lambda count: None
        self.end = 0  # Bytes of output so far.
        self.kept = bytearray()
        self.readers: dict[int, Reader] = {}
        self.master, slave = os.openpty()
        self.resize(rows, columns)
        environment = {**os.environ, "PS1": "$ ", "TERM": "xterm", "HISTFILE": ""}
        self.shell = subprocess.Popen(
            ["setsid", "--ctty", "bash", "--norc", "-i"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=root,
            env=environment,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self.loop = asyncio.get_running_loop()
        self.listening = False
        self.listen()

    def seek(self, after: int | None) -> tuple[int, bool]:
        oldest = self.end - len(self.kept)
        if after is None or after > self.end:
            return oldest, False
        return max(after, oldest), after < oldest

    def attach(self, number: int, at: int, send: Send) -> None:
        self.readers[number] = Reader(at, send)
        self.push()

    def detach(self, number: int) -> None:
        self.readers.pop(number, None)
        self.listen()

    def grant(self, number: int, count: int) -> None:
        if number in self.readers:
            self.readers[number].may_send += count
            self.push()

    def resize(self, rows: int, columns: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def write(self, data: bytes, taken: Callable[[int], None]) -> None:
        """`taken` hears of bytes as the program takes them, not before."""
        self.typed += data
        self.on_taken = taken
        self.type()

    def type(self) -> None:
        while self.typed and not self.ended:
            try:
                count = os.write(self.master, self.typed[:4096])
            except BlockingIOError:
                self.loop.add_writer(self.master, self.type)
                return
            except OSError:
                break
            del self.typed[:count]
            self.on_taken(count)
        if not self.ended:
            self.loop.remove_writer(self.master)

    def listen(self) -> None:
        """Read on, unless someone attached has not taken what there is."""
        behind = any(self.end - each.at >= CREDIT for each in self.readers.values())
        if self.listening and (behind or self.ended):
            self.loop.remove_reader(self.master)
            self.listening = False
        elif not self.listening and not behind and not self.ended:
            self.loop.add_reader(self.master, self.readable)
            self.listening = True

    def readable(self) -> None:
        try:
            data = os.read(self.master, 16384)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.finish()
            return
        self.kept += data
        self.end += len(data)
        del self.kept[: max(0, len(self.kept) - SCROLLBACK - CREDIT)]
        self.push()

    def push(self) -> None:
        oldest = self.end - len(self.kept)
        for number, reader in list(self.readers.items()):
            while reader.may_send and reader.at < self.end:
                start = reader.at - oldest
                piece = bytes(self.kept[start : start + min(reader.may_send, 32768)])
                reader.send(b"1", number, piece)
                reader.at += len(piece)
                reader.may_send -= len(piece)
            if self.ended and reader.at == self.end:
                body = json.dumps({"code": 0, "timed_out": False}).encode()
                reader.send(b"x", number, body)
                del self.readers[number]
        self.listen()

    def finish(self) -> None:
        if self.ended:
            return
        self.ended = True
        if self.listening:
            self.loop.remove_reader(self.master)
            self.listening = False
        self.loop.remove_writer(self.master)
        os.close(self.master)
        self.push()

    async def close(self) -> None:
        self.shell.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.shell.pid, signal.SIGKILL)
        await asyncio.to_thread(self.shell.wait)
        self.finish()
