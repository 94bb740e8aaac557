"""Terminals: shells that outlive the server, with scrollback and readers."""

from __future__ import annotations

from .agent import End
from .errors import Refused
from .link import WINDOW, Link, Peer, integer, parse, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .agent import Channel
    from .events import EventLog
    from .loop import Loop, Timer
    from .node import Node

SCROLLBACK = WINDOW  # Equal: then what is kept can always be sent at once.
MAX_TERMINALS = 16
MAX_READERS = 8
MAX_ID = 64
PART = 65536
STALLED_SECONDS = 30.0
HANG_UP, KILL = 1, 9
SHELL: tuple[str, ...] = ("/bin/bash", "-l")


class Ring:
    """The last SCROLLBACK bytes of a stream; offsets count from its beginning."""

    def __init__(self) -> None:
        self.end = 0
        self._bytes = bytearray()

    @property
    def start(self) -> int:
        return max(0, self.end - SCROLLBACK)

    def append(self, data: bytes) -> None:
        kept = data[-SCROLLBACK:]
        at = (self.end + len(data) - len(kept)) % SCROLLBACK
        if at > len(self._bytes):  # More than all of it, and all of it is replaced.
            self._bytes.extend(bytes(at - len(self._bytes)))
        first = min(len(kept), SCROLLBACK - at)
        self._bytes[at : at + first] = kept[:first]
        self._bytes[: len(kept) - first] = kept[first:]
        self.end += len(data)

    def read(self, offset: int, count: int) -> bytes:
        count = min(count, self.end - offset)
        at = offset % SCROLLBACK
        first = self._bytes[at : at + count]
        if len(first) < count:
            first += self._bytes[: count - len(first)]
        return bytes(first)


class Reader(Peer):
    """One client attached to a terminal."""

    def __init__(self, link: Link, number: int, terminal: Terminal) -> None:
        super().__init__(link, number)
        self.offset = 0
        self.stalled: Timer | None = None
        self._terminal = terminal

    def input(self, data: bytes) -> None:
        self._terminal.type(data, self)

    def resize(self, rows: int, columns: int) -> None:
        self._terminal.resize(rows, columns)

    def pump(self) -> None:
        self._terminal.pump(self)

    def detach(self) -> None:
        self._link.forget(self._number)
        self._terminal.leave(self)

    def lost(self) -> None:
        self._terminal.leave(self)

    def send(self, data: bytes) -> None:
        self.offset += len(data)
        self.send_output(1, data)

    def answer(self, opened: bool, gap: bool) -> None:
        message = {"offset": self.offset, "opened": opened, "gap": gap}
        self._link.send_json(b"t", self._number, message)


class Terminal:
    def __init__(
        self, loop: Loop, name: str, node: str, on_end: Callable[[Terminal], None]
    ) -> None:
        self.name = name
        self.node = node
        self.ended: End | None = None
        self.ring = Ring()
        self._loop = loop
        self._on_end = on_end
        self._channel: Channel | None = None
        self._readers: list[Reader] = []
        self._granted = 0

    @property
    def crowded(self) -> bool:
        return len(self._readers) >= MAX_READERS

    def connect(self, channel: Channel) -> None:
        self._channel = channel
        channel.on_output = self._output
        channel.on_end = self._end
        self._grant()

    def fail(self, error: str) -> None:
        self.ended = End(255, error=error)
        for reader in list(self._readers):
            self.pump(reader)

    def attach(self, reader: Reader, after: int | None, opened: bool) -> None:
        wanted = self.ring.start if after is None else after
        reader.offset = min(max(wanted, self.ring.start), self.ring.end)
        reader.answer(opened, gap=after is not None and reader.offset != after)
        self._readers.append(reader)
        self.pump(reader)

    def leave(self, reader: Reader) -> None:
        if reader.stalled is not None:
            reader.stalled.cancel()
        if reader in self._readers:
            self._readers.remove(reader)
            self._grant()

    def type(self, data: bytes, reader: Reader) -> None:
        if self._channel is None or self.ended is not None:
            reader.return_input(len(data))
        else:
            self._channel.write(data, reader.return_input)

    def resize(self, rows: int, columns: int) -> None:
        if self._channel is not None:
            self._channel.resize(rows, columns)

    def hang_up(self) -> None:
        """As when the window is closed; a shell that does not mind is killed."""
        channel = self._channel
        if channel is not None and self.ended is None:
            channel.kill(HANG_UP)
            self._loop.later(1.0, lambda: channel.kill(KILL))

    def pump(self, reader: Reader) -> None:
        """Send a reader what it has room for, and its end after the last byte."""
        while reader.offset < self.ring.end and reader.room > 0:
            reader.send(self.ring.read(reader.offset, min(reader.room, PART)))
        self._watch_stall(reader)
        if self.ended is not None and reader.offset == self.ring.end:
            self.leave(reader)
            reader.end(self.ended.code, error=self.ended.error)
        else:
            self._grant()

    def _output(self, _: int, data: bytes) -> None:
        before = self.ring.end
        self.ring.append(data)
        for reader in list(self._readers):
            if reader.offset == before and reader.room >= len(data):
                reader.send(data)  # The usual case: nothing is cut or copied.
            else:
                self.pump(reader)
        self._grant()

    def _end(self, end: End) -> None:
        self.ended = end
        for reader in list(self._readers):
            self.pump(reader)
        self._on_end(self)

    def _grant(self) -> None:
        """The machine may be ahead of the slowest reader by what the ring holds."""
        if self._channel is None or self.ended is not None:
            return
        slowest = min((r.offset for r in self._readers), default=self.ring.end)
        more = slowest + SCROLLBACK - self._granted
        if more >= SCROLLBACK // 8:
            self._granted += more
            self._channel.grant(more)

    def _watch_stall(self, reader: Reader) -> None:
        behind = reader.offset < self.ring.end
        if behind and reader.stalled is None:
            call = self._loop.later(STALLED_SECONDS, lambda: self._stalled(reader))
            reader.stalled = call
        elif not behind and reader.stalled is not None:
            reader.stalled.cancel()
            reader.stalled = None

    def _stalled(self, reader: Reader) -> None:
        """It has not read for long: it goes if others wait for it."""
        reader.stalled = None
        if len(self._readers) > 1:
            self.leave(reader)
            reader.end(255, error="timed_out")
        else:
            self._watch_stall(reader)


class Terminals:
    def __init__(self, loop: Loop, events: EventLog, nodes: dict[str, Node]) -> None:
        self._loop = loop
        self._events = events
        self._nodes = nodes
        self._terminals: dict[str, Terminal] = {}

    def status(self) -> dict[str, dict[str, Any]]:
        return {
            terminal.name: {
                "node": terminal.node,
                "ended": terminal.ended is not None,
                "offset": terminal.ring.end,
            }
            for terminal in self._terminals.values()
        }

    async def attach(self, link: Link, number: int, payload: bytes) -> None:
        """Answer a `T`: attach to a terminal, opening its shell if it is new."""
        connection = link.connection
        try:
            data = parse(payload)
            name = text(data, "terminal", MAX_ID)
            rows = integer(data, "rows", 1, 1000)
            columns = integer(data, "columns", 1, 1000)
            after = None
            if data.get("after") is not None:
                after = integer(data, "after", 0, 1 << 53)
            terminal = self._terminals.get(name)
            opened = terminal is None
            if terminal is None:
                terminal = self._make_room_for(name, text(data, "node", MAX_ID))
                await self._open(terminal, rows, columns)
            elif data.get("node") != terminal.node:
                raise Refused("bad_request", f"{name} is a terminal of another node.")
            else:
                terminal.resize(rows, columns)
            if terminal.crowded or link.full:
                raise Refused("too_many", "Too many readers of one terminal.")
        except Refused as error:
            if link.connection == connection:
                Peer(link, number).end(255, error=error.code)
            return
        if link.connection == connection:
            reader = Reader(link, number, terminal)
            link.attach(number, reader)
            terminal.attach(reader, after, opened)

    def close(self, name: str) -> None:
        terminal = self._terminals.pop(name, None)
        if terminal is None:
            raise Refused("not_found", "There is no such terminal.")
        terminal.hang_up()

    def _make_room_for(self, name: str, node: str) -> Terminal:
        if node not in self._nodes:
            raise Refused("no_such_node", "There is no such node.")
        if len(self._terminals) >= MAX_TERMINALS:
            over = [t for t in self._terminals.values() if t.ended is not None]
            if not over:
                raise Refused("too_many", f"At most {MAX_TERMINALS} terminals.")
            del self._terminals[over[0].name]
        terminal = Terminal(self._loop, name, node, self._ended)
        self._terminals[name] = terminal
        return terminal

    async def _open(self, terminal: Terminal, rows: int, columns: int) -> None:
        size = (str(rows), str(columns))
        fields = ["terminal", *size, "/root", str(len(SHELL)), *SHELL]
        try:
            channel = await self._nodes[terminal.node].open(fields)
        except Refused as error:
            self._terminals.pop(terminal.name, None)
            terminal.fail(error.code)  # Others may have attached meanwhile.
            raise
        terminal.connect(channel)

    def _ended(self, terminal: Terminal) -> None:
        error = terminal.ended.error if terminal.ended is not None else ""
        self._events.add(
            "terminal.ended", terminal.node, terminal=terminal.name, detail=error
        )
