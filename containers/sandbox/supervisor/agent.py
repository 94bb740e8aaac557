"""Our end of the agent's protocol, which is written down in containers/guest/agent.c.

The guest may be hostile: whatever it sends, we keep a bounded amount of it, and a frame
that makes no sense ends that machine's channels and starts again by synchronising.
"""

from __future__ import annotations

import os
import time
from collections import deque
from struct import pack as pack_struct

from .errors import Refused
from .frames import HEADER, FrameError, FrameReader, pack
from .stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from .frames import Frame
    from .loop import Loop, Timer

MAGIC = b"nines-agent-sync"
TOKEN_SIZE = 8
MAX_HELLO = 256
MAX_FRAME = 65536
MAX_CHANNELS = 64
INPUT_WINDOW = 65536
INPUT_PART = 16384  # A keystroke never waits behind more than this in one frame.
RETRY_SECONDS = 2.0
# A guest that greets all the time is answered this often, then once a second.
GREETINGS, GREETINGS_SECONDS = 8, 8.0


class End:
    """How a channel ended; `error` is a code of ARCHITECTURE.md, or what was said."""

    def __init__(self, code: int, timed_out: bool = False, error: str = "") -> None:
        self.code = code
        self.timed_out = timed_out
        self.error = error


class Channel:
    """A command, a terminal or a file in a machine; the owner sets the two handlers."""

    def __init__(self, agent: Agent, number: int) -> None:
        self.on_output: Callable[[int, bytes], None] = lambda which, data: None
        self.on_end: Callable[[End], None] = lambda end: None
        self.ended = False
        self.number = number
        self.granted = 0
        self.received = 0
        self.window = INPUT_WINDOW
        self._agent = agent
        self._waiting: deque[tuple[bytes, Callable[[int], None] | None]] = deque()
        self._eof = False

    def grant(self, count: int) -> None:
        """Let that many more bytes of output come."""
        self.granted += count
        self._send(b"A", pack_struct(">I", count))

    def write(self, data: bytes, taken: Callable[[int], None] | None = None) -> None:
        """Queue input; `taken` hears of each part as it leaves for the machine."""
        if not self.ended:
            self._waiting.append((data, taken))
            self.flush()

    def end_input(self) -> None:
        self._eof = True
        self.flush()

    def resize(self, rows: int, columns: int) -> None:
        self._send(b"W", pack_struct(">HH", rows, columns))

    def kill(self, signal: int) -> None:
        self._send(b"K", bytes([signal]))

    def flush(self) -> None:
        while self._waiting and self.window:
            data, taken = self._waiting.popleft()
            part = data[: min(self.window, INPUT_PART)]
            self.window -= len(part)
            self._send(b"I", part)
            if len(part) < len(data):
                self._waiting.appendleft((data[len(part) :], taken))
            if taken is not None:
                taken(len(part))
        if self._eof and not self._waiting:
            self._eof = False
            self._send(b"E", b"")

    def finish(self, end: End) -> None:
        if not self.ended:
            self.ended = True
            self._waiting.clear()
            self.on_end(end)

    def _send(self, kind: bytes, payload: bytes) -> None:
        if not self.ended:
            self._agent.send(kind, self.number, payload)


class Agent:
    """One machine's agent. `on_hello` gets its boot id each time we are in step."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        on_hello: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.in_step = False
        self._loop = loop
        self._on_hello = on_hello
        self._on_lost = on_lost
        self._stream = Stream(loop, sock, self._receive, lambda: self.close())
        self._reader = FrameReader(MAX_FRAME)
        self._tail = b""
        self._token = b""
        self._asked: deque[float] = deque(maxlen=GREETINGS)
        self._timer: Timer | None = None
        self._channels: dict[int, Channel] = {}
        self._outgoing: list[bytes] = []
        self._last = 0

    def open(self, fields: Sequence[str]) -> Channel:
        """Open a channel; the protocol's kinds and their fields are in agent.c."""
        if not self.in_step:
            raise Refused("agent_gone", "The machine does not take commands.")
        if any("\0" in field for field in fields):
            raise Refused("bad_request", "A NUL cannot be passed to a program.")
        payload = b"".join(f.encode(errors="surrogateescape") + b"\0" for f in fields)
        if len(payload) > MAX_FRAME:
            raise Refused("bad_request", "The command is too long.")
        channel = self._new_channel()
        self.send(b"O", channel.number, payload)
        return channel

    def personalise(self, fields: Sequence[str]) -> Channel:
        channel = self._new_channel()
        payload = b"".join(field.encode() + b"\0" for field in fields)
        self.send(b"P", channel.number, payload)
        return channel

    def send(self, kind: bytes, number: int, payload: bytes) -> None:
        """Frames of one turn leave together: the machine is woken once."""
        if not self._outgoing:
            self._loop.soon(self._flush)
        self._outgoing.append(pack(kind, number, payload))

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        self._stream.send(b"".join(outgoing))

    def synchronise(self) -> None:
        """Forget all channels and find the start of a frame, on both sides."""
        self._fall_out("agent_gone")
        self._ask()

    def port_opened(self) -> None:
        if not self.in_step and not self._token:
            self._ask()

    def port_closed(self) -> None:
        self._fall_out("agent_gone")

    def reset(self) -> None:
        """The machine starts again: wait until its agent says hello by itself."""
        self._fall_out("not_running")

    def close(self) -> None:
        self._stream.close()
        self._fall_out("not_running")

    def _new_channel(self) -> Channel:
        if len(self._channels) >= MAX_CHANNELS:
            raise Refused("too_many", "Too many commands and terminals at once.")
        self._last = self._last % 0xFFFFFFF0 + 1
        channel = Channel(self, self._last)
        self._channels[self._last] = channel
        return channel

    def _fall_out(self, error: str) -> None:
        self._token = b""
        self._tail = b""
        self._reader = FrameReader(MAX_FRAME)
        self._stop_asking()
        was, self.in_step = self.in_step, False
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.finish(End(255, error=error))
        if was:
            self._on_lost()

    def _ask(self) -> None:
        """Send Z, and again while nobody answers; at most so often."""
        if self._stream.closed:
            return
        now = time.monotonic()
        often = len(self._asked) == GREETINGS
        often = often and now - self._asked[0] < GREETINGS_SECONDS
        if often and now - self._asked[-1] < 1.0:
            self._token = b"later"  # No hello has this one.
            self._ask_in(1.0 - (now - self._asked[-1]))
            return
        self._asked.append(now)
        self._token = os.urandom(TOKEN_SIZE)
        if self._stream.backlog < MAX_FRAME:
            self.send(b"Z", 0, MAGIC + self._token)
        self._ask_in(RETRY_SECONDS)

    def _ask_in(self, seconds: float) -> None:
        self._stop_asking()
        self._timer = self._loop.later(seconds, self._ask)

    def _stop_asking(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _receive(self, data: bytes) -> None:
        try:
            if not self.in_step:
                data = self._search(data)
            if self.in_step and data:
                for frame in self._reader.feed(data):
                    self._handle(frame)
                    if not self.in_step:
                        return  # What follows belonged to before.
        except FrameError:
            self.synchronise()

    def _search(self, data: bytes) -> bytes:
        """Throw away all before the H with our token; what follows it is returned."""
        data = self._tail + data
        at = HEADER.size
        while (at := data.find(MAGIC, at)) >= 0:
            start = at - HEADER.size
            kind, _, length = HEADER.unpack_from(data, start)
            end = at + length
            if kind == b"H" and len(MAGIC) + TOKEN_SIZE < length <= MAX_HELLO:
                if end > len(data):
                    self._tail = data[start:]
                    return b""
                if self._greet(data[at:end]):
                    self._tail = b""
                    return data[end:]
            at += 1
        self._tail = data[-(HEADER.size + len(MAGIC)) :]
        return b""

    def _greet(self, hello: bytes) -> bool:
        token = hello[len(MAGIC) : len(MAGIC) + TOKEN_SIZE]
        if token != self._token:
            if token == bytes(TOKEN_SIZE):
                self._ask()
            return False
        self._stop_asking()
        boot_id = hello[len(MAGIC) + TOKEN_SIZE :].split(b"\0")[0]
        self.in_step = True
        self._on_hello(boot_id.decode("ascii", "replace"))
        return True

    def _handle(self, frame: Frame) -> None:
        kind, number, payload = frame
        if kind == b"H":
            self.synchronise()
            return
        channel = self._channels.get(number)
        if channel is None:
            return
        if kind in (b"1", b"2"):
            channel.received += len(payload)
            if channel.received > channel.granted:
                raise FrameError("more output than there was credit for")
            channel.on_output(1 if kind == b"1" else 2, payload)
        elif kind == b"A":
            if len(payload) != 4:
                raise FrameError("a credit that is no number")
            channel.window += int.from_bytes(payload, "big")
            if channel.window > INPUT_WINDOW:
                raise FrameError("more credit than there is window")
            channel.flush()
        elif kind == b"x":
            end = _parse_end(payload)
            del self._channels[number]
            channel.finish(end)


def _parse_end(payload: bytes) -> End:
    try:
        code, timed_out, error, _ = payload.split(b"\0")
        return End(int(code), timed_out == b"1", error.decode("utf-8", "replace"))
    except ValueError as wrong:
        raise FrameError("an end that makes no sense") from wrong
