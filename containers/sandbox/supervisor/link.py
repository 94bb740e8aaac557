"""The link to the server: connecting, framing, and who is on which channel.

ARCHITECTURE.md is the protocol. Nothing the server sends may end us; what makes no
sense is refused on its channel, and a broken frame ends the connection, not us.
"""

from __future__ import annotations

import json
import socket

from .errors import Refused
from .frames import FrameError, FrameReader, pack
from .stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .frames import Frame
    from .loop import Loop

MAX_FRAME = 1 << 20
WINDOW = 262144
RECONNECT_SECONDS = 0.1
CONGESTED = 1 << 20  # Senders of output pause while this much waits for the server.
MAX_CHANNELS = 256


class Peer:
    """The server's end of one channel. Subclasses say what it is attached to."""

    def __init__(self, link: Link, number: int) -> None:
        self.credit = WINDOW
        self._input_credit = WINDOW
        self._link = link
        self._number = number

    @property
    def room(self) -> int:
        """How many bytes of output may be sent now."""
        return 0 if self._link.congested else self.credit

    def send_output(self, which: int, data: bytes) -> None:
        self.credit -= len(data)
        self._link.send(b"1" if which == 1 else b"2", self._number, data)

    def end(self, code: int, timed_out: bool = False, error: str = "") -> None:
        """The last frame of the channel."""
        message: dict[str, object] = {"code": code, "timed_out": timed_out}
        if error:
            message["error"] = error
        self._link.send_json(b"x", self._number, message)
        self._link.forget(self._number)

    def return_input(self, count: int) -> None:
        self._input_credit += count
        self._link.send(b"A", self._number, count.to_bytes(4, "big"))

    def receive(self, kind: bytes, payload: bytes) -> None:
        if kind == b"I":
            self._input_credit -= len(payload)
            if self._input_credit < 0:
                raise Refused("bad_request", "More input than there is credit for.")
            self.input(payload)
        elif kind == b"A" and len(payload) == 4:
            count = int.from_bytes(payload, "big")
            self.credit = min(self.credit + count, 1 << 30)
            self.pump()
        elif kind == b"E":
            self.end_input()
        elif kind == b"W":
            data = parse(payload)
            rows = integer(data, "rows", 1, 1000)
            self.resize(rows, integer(data, "columns", 1, 1000))
        elif kind == b"K":
            self.kill(integer(parse(payload), "signal", 1, 64))
        elif kind == b"D":
            self.detach()

    def input(self, data: bytes) -> None:
        """Bytes for stdin; `return_input` when they have been taken."""

    def end_input(self) -> None: ...

    def resize(self, rows: int, columns: int) -> None: ...

    def kill(self, signal: int) -> None: ...

    def pump(self) -> None:
        """There is room to send again."""

    def detach(self) -> None: ...

    def refuse(self, error: Refused) -> None:
        """The server broke a rule on this channel."""
        self.end(255, error=error.code)
        self.lost()

    def lost(self) -> None:
        """The connection has gone, and this channel with it."""


class Link:
    def __init__(
        self,
        loop: Loop,
        path: str,
        hello: Callable[[], dict[str, Any]],
        on_connect: Callable[[], None],
        on_open: Callable[[bytes, int, bytes], None],
    ) -> None:
        self._loop = loop
        self._path = path
        self._hello = hello
        self._on_connect = on_connect
        self._on_open = on_open
        self._stream: Stream | None = None
        self._reader = FrameReader(MAX_FRAME)
        self._peers: dict[int, Peer] = {}
        self._last = 0
        # Tells answers to one connection's requests from those of the next.
        self.connection = 0

    @property
    def congested(self) -> bool:
        return self._stream is not None and self._stream.backlog > CONGESTED

    @property
    def full(self) -> bool:
        return len(self._peers) >= MAX_CHANNELS

    def connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(self._path)
        except OSError:
            sock.close()
            self._loop.later(RECONNECT_SECONDS, self.connect)
            return
        self.connection += 1
        self._last = 0
        self._reader = FrameReader(MAX_FRAME)
        self._stream = Stream(
            self._loop, sock, self._receive, self._lost, self._drained
        )
        self.send_json(b"H", 0, self._hello())
        self._on_connect()

    def send(self, kind: bytes, channel: int, payload: bytes = b"") -> None:
        if self._stream is not None:
            self._stream.send(pack(kind, channel, payload))
            if self._stream.backlog > 2 * CONGESTED:
                self._stream.pause()  # No more requests while answers pile up.

    def send_json(self, kind: bytes, channel: int, message: object) -> None:
        payload = json.dumps(message, separators=(",", ":")).encode()
        self.send(kind, channel, payload)

    def attach(self, number: int, peer: Peer) -> None:
        self._peers[number] = peer

    def forget(self, number: int) -> None:
        self._peers.pop(number, None)

    def _receive(self, data: bytes) -> None:
        try:
            frames = self._reader.feed(data)
        except FrameError:
            self._disconnect()
            return
        for frame in frames:
            self._handle(frame)
            if self._stream is None:
                return

    def _handle(self, frame: Frame) -> None:
        kind, number, payload = frame
        if kind in (b"Q", b"X", b"T"):
            if number <= self._last:
                self._disconnect()  # Two things on one channel would mix.
                return
            self._last = number
            self._on_open(kind, number, payload)
            return
        peer = self._peers.get(number)
        if peer is None:
            return  # It has just ended.
        try:
            peer.receive(kind, payload)
        except Refused as error:
            peer.refuse(error)

    def _drained(self) -> None:
        if self._stream is not None:
            self._stream.resume()
        for peer in list(self._peers.values()):
            peer.pump()

    def _disconnect(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._lost()

    def _lost(self) -> None:
        self._stream = None
        peers, self._peers = self._peers, {}
        for peer in peers.values():
            peer.lost()
        self._loop.later(RECONNECT_SECONDS, self.connect)


def parse(payload: bytes) -> dict[str, Any]:
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_request", "Not JSON.") from error
    if not isinstance(data, dict):
        raise Refused("bad_request", "Not a JSON object.")
    return data


def text(data: dict[str, Any], name: str, limit: int = 4096) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise Refused("bad_request", f"{name}: a text of 1 to {limit} characters.")
    return value


def integer(data: dict[str, Any], name: str, low: int, high: int) -> int:
    value = data.get(name)
    if type(value) is not int or not low <= value <= high:
        raise Refused("bad_request", f"{name}: a whole number from {low} to {high}.")
    return value


def number(data: dict[str, Any], name: str, high: float) -> float:
    """From 0, which is also what is not there."""
    value = data.get(name, 0)
    if type(value) is int:
        value = float(value)
    if not isinstance(value, float) or not 0 <= value <= high:
        raise Refused("bad_request", f"{name}: a number from 0 to {high:g}.")
    return value


def seconds(data: dict[str, Any], name: str, high: float) -> float:
    if data.get(name) is None:
        raise Refused("bad_request", f"{name}: from 0 to {high:g} seconds.")
    return number(data, name, high)
