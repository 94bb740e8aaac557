"""Our end of the link (ARCHITECTURE.md): one Unix stream socket a sandbox.

We listen, the sandbox's supervisor connects, and connects again whenever the socket is
lost. So a server that was killed finds every sandbox again by listening.
"""

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

from nines.sandboxes.driver import CommandResult, Event, NodeUnreachable
from nines.sandboxes.drivers.channels import (
    Answer,
    Attachment,
    Channel,
    Command,
)
from nines.sandboxes.drivers.frames import (
    FrameReader,
    ProtocolBroken,
    pack,
    pack_json,
    unpack_json,
)

logger = logging.getLogger(__name__)

SOCKET = "link.sock"
PROTOCOL = 1
KEPT_EVENTS = 1000
HELLO_WITHIN = 5.0
RECONNECT_WITHIN = 3.0
ANSWER_WITHIN = 15.0
MAX_STRANGERS = 4

C = TypeVar("C", bound=Channel)


class Link:
    """The listener of one sandbox and the connection it has now, if any."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.status: dict[str, Any] = {}  # As the supervisor said when it connected.
        self._folder = folder
        self._listener: socket.socket | None = None
        self._making: set[asyncio.Task[Any]] = set()  # Connections, so they live on.
        self._closed = False
        self._connection: Connection | None = None
        self._strangers: set[Connection] = set()  # Connected, not yet introduced.
        self._connected = asyncio.Event()
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._last_event = 0
        self._news = asyncio.Event()

    def listen(self) -> None:
        self._listener = bind(self._folder)
        self._watch()

    def close(self) -> None:
        """Let go; the sandbox keeps running and waits for the next listener."""
        self._closed = True
        if self._listener:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None
        for connection in [*self._strangers, self._connection]:
            if connection:
                connection.abort()
        self._news.set()

    async def ready(self, timeout: float = RECONNECT_WITHIN) -> "Connection":
        if self._connection is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._connected.wait()
        if self._connection is None:
            raise NodeUnreachable("The sandbox does not answer.")
        return self._connection

    async def request(
        self, op: str, *, within: float = ANSWER_WITHIN, **fields: Any
    ) -> dict[str, Any]:
        """Ask the supervisor; raises Refused with its reason."""
        connection = await self.ready()
        answer = connection.open(Answer)
        connection.send_json(b"Q", answer.number, {"op": op, **fields})
        try:
            async with asyncio.timeout(within):
                return await answer.result
        except TimeoutError as error:
            raise NodeUnreachable("The sandbox did not answer in time.") from error
        finally:
            connection.forget(answer.number)

    async def run(
        self, node: str, argv: Sequence[str], *, stdin: bytes, timeout: float
    ) -> CommandResult:
        connection = await self.ready()
        command = connection.open(Command)
        order = {"node": node, "argv": list(argv), "timeout": timeout}
        connection.send_json(b"X", command.number, order)
        feeder = asyncio.ensure_future(command.feed(stdin))
        try:
            # The machine keeps the time; this is for a machine that cannot.
            async with asyncio.timeout(timeout + ANSWER_WITHIN):
                await command.done.wait()
            return command.result()
        except TimeoutError as error:
            raise NodeUnreachable("The machine did not answer in time.") from error
        finally:
            feeder.cancel()
            if not command.over:
                connection.send_json(b"K", command.number, {"signal": 9})
            connection.forget(command.number)

    @asynccontextmanager
    async def terminal(
        self, node: str, terminal: str, *, rows: int, columns: int, after: int | None
    ) -> AsyncIterator[Attachment]:
        connection = await self.ready()
        attachment = connection.open(Attachment)
        size = {"rows": rows, "columns": columns}
        order = {"terminal": terminal, "node": node, **size}
        if after is not None:
            order["after"] = after
        connection.send_json(b"T", attachment.number, order)
        try:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    await attachment.until_attached()
            except TimeoutError as error:
                raise NodeUnreachable("The terminal did not open in time.") from error
            yield attachment
        finally:
            attachment.detach()

    async def events(self, after: int) -> AsyncIterator[Event]:
        while not self._closed:
            self._news.clear()
            for event in [each for each in self._events if each.n > after]:
                after = event.n
                yield event
            if self._last_event <= after:
                await self._news.wait()

    def _watch(self) -> None:
        if self._listener:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        """Not by asyncio's own server, nor by sock_accept: each loses a socket when it
        is stopped at the wrong moment."""
        assert self._listener
        try:
            accepted, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError as error:  # Out of descriptors. It stays readable: wait a bit.
            facts = {"sandbox": self.name, "error": str(error)}
            logger.warning("link cannot accept", extra=facts)
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._listener.fileno())
            loop.call_later(1, self._watch)
            return
        accepted.setblocking(False)
        loop = asyncio.get_running_loop()
        made = loop.create_task(
            loop.connect_accepted_socket(lambda: Connection(self), accepted)
        )
        self._making.add(made)
        made.add_done_callback(self._making.discard)

    # Called by the connections.

    def came(self, connection: "Connection") -> None:
        self._strangers.add(connection)
        # A connection accepted just before the end is made just after it.
        if self._closed or len(self._strangers) > MAX_STRANGERS:
            connection.abort()

    def introduced(self, connection: "Connection", hello: dict[str, Any]) -> None:
        if hello.get("protocol") != PROTOCOL or hello.get("session") != self.name:
            raise ProtocolBroken("The supervisor speaks for another session.")
        status = hello.get("status")
        self.status = status if isinstance(status, dict) else {}
        self._strangers.discard(connection)
        if previous := self._connection:
            previous.abort()
        self._connection = connection
        self._connected.set()

    def left(self, connection: "Connection") -> None:
        self._strangers.discard(connection)
        if self._connection is connection:
            self._connection = None
            self._connected.clear()

    def happened(self, body: dict[str, Any]) -> None:
        event = read_event(body)
        if event.n > self._last_event:  # The past is sent again after a reconnect.
            self._last_event = event.n
            self._events.append(event)
            self._news.set()


class Connection(asyncio.Protocol):
    """One connected supervisor: frames in, frames out, channels by number."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._reader = FrameReader()
        self._channels: dict[int, Channel] = {}
        self._numbers = count(1)
        self._introduced = False
        self._transport: asyncio.WriteTransport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not an isinstance check: uvloop's transports are not asyncio's in name.
        self._transport = cast(asyncio.WriteTransport, transport)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(HELLO_WITHIN, self._expect_hello)
        self._link.came(self)

    def data_received(self, data: bytes) -> None:
        try:
            for kind, channel, payload in self._reader.feed(data):
                self._dispatch(kind, channel, payload)
        except ProtocolBroken as error:
            facts = {"sandbox": self._link.name, "error": str(error)}
            logger.warning("link protocol broken", extra=facts)
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._link.left(self)
        self._writable.set()
        for channel in list(self._channels.values()):
            channel.lost()
        self._channels.clear()
        self._transport = None

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def writable(self) -> None:
        await self._writable.wait()

    def open(self, kind: type[C]) -> C:
        """A new conversation. A lost connection gives one that is lost already."""
        channel = kind(self, next(self._numbers))
        if self._transport:
            self._channels[channel.number] = channel
        else:
            channel.lost()
        return channel

    def send(
        self, kind: bytes, channel: int, payload: bytes | memoryview = b""
    ) -> None:
        if self._transport:
            self._transport.write(pack(kind, channel, payload))

    def send_json(self, kind: bytes, channel: int, body: dict[str, Any]) -> None:
        if self._transport:
            self._transport.write(pack_json(kind, channel, body))

    def forget(self, channel: int) -> None:
        self._channels.pop(channel, None)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def _expect_hello(self) -> None:
        if not self._introduced:
            self.abort()

    def _dispatch(self, kind: bytes, channel: int, payload: bytes) -> None:
        if not self._introduced:
            if kind != b"H" or channel != 0:
                raise ProtocolBroken("The supervisor did not introduce itself.")
            self._link.introduced(self, unpack_json(payload))
            self._introduced = True
        elif channel == 0:
            if kind != b"V":
                raise ProtocolBroken("Channel 0 carries events only.")
            self._link.happened(unpack_json(payload))
        elif found := self._channels.get(channel):
            found.received(kind, payload)
        # Frames of a channel we have left may still be on their way.


def bind(folder: Path) -> socket.socket:
    """A listening socket in `folder`, reached through a descriptor of the folder: a
    socket's address may have 108 bytes only, a path may have more."""
    directory = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        with suppress(FileNotFoundError):
            os.unlink(SOCKET, dir_fd=directory)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            address = f"/proc/self/fd/{directory}/{SOCKET}"
            listener.bind(address)
            # The sandbox's user is another one; the folder above keeps others out.
            os.chmod(address, 0o666)
            listener.listen(8)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
        return listener
    finally:
        os.close(directory)


def read_event(body: dict[str, Any]) -> Event:
    def text(key: str) -> str | None:
        value = body.get(key)
        return None if value is None else str(value)[:64]

    try:
        return Event(
            n=int(body["n"]),
            at=float(body["at"]),
            time=float(body["time"]),
            kind=str(body["kind"])[:40],
            node=text("node"),
            disk=text("disk"),
            nic=text("nic"),
            segment=text("segment"),
            peer=text("peer"),
            terminal=text("terminal"),
            detail=str(body.get("detail") or "")[:300],
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ProtocolBroken("An event lacks what every event has.") from error
