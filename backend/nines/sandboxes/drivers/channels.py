"""The conversations on a link: a request, a command, an attachment to a terminal.

Each keeps at most what its credit lets the sandbox send, so a reader that stops makes
the program in the machine wait and never the server grow.
"""

import asyncio
from collections import deque
from typing import Any, Protocol

from nines.sandboxes.driver import MAX_OUTPUT, CommandResult, NodeUnreachable
from nines.sandboxes.drivers.frames import CREDIT, ProtocolBroken, unpack_json

INPUT_PIECE = 32 * 1024
READ_AT_MOST = 64 * 1024
GRANT = 64 * 1024
LOST = "The connection to the machine was lost."


class Refused(Exception):
    """The supervisor said no, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Wire(Protocol):
    """What a channel needs of its connection."""

    def send(
        self, kind: bytes, channel: int, payload: bytes | memoryview = b""
    ) -> None: ...
    def send_json(self, kind: bytes, channel: int, body: dict[str, Any]) -> None: ...
    async def writable(self) -> None: ...
    def forget(self, channel: int) -> None: ...


class Channel:
    """One conversation; `received` and `lost` are called by the connection."""

    def __init__(self, wire: Wire, number: int) -> None:
        self.wire = wire
        self.number = number

    def received(self, kind: bytes, payload: bytes) -> None:
        raise NotImplementedError

    def lost(self) -> None:
        raise NotImplementedError


class Answer(Channel):
    """Waits for the one `R` of a request."""

    def __init__(self, wire: Wire, number: int) -> None:
        super().__init__(wire, number)
        self.result: asyncio.Future[dict[str, Any]] = (
            asyncio.get_running_loop().create_future()
        )

    def received(self, kind: bytes, payload: bytes) -> None:
        if kind != b"R":
            raise ProtocolBroken("A request was answered with something else.")
        self.wire.forget(self.number)
        if self.result.done():
            return
        body = unpack_json(payload)
        if "error" in body:
            self.result.set_exception(refusal(body["error"]))
        else:
            ok = body.get("ok")
            self.result.set_result(ok if isinstance(ok, dict) else {})

    def lost(self) -> None:
        if not self.result.done():
            self.result.set_exception(NodeUnreachable(LOST))


class Stream(Channel):
    """Bytes both ways, each under its credit."""

    def __init__(self, wire: Wire, number: int) -> None:
        super().__init__(wire, number)
        self._may_send = CREDIT
        self._may_come = CREDIT
        self._changed = asyncio.Event()
        self.gone = False  # The connection was lost.
        self.ending: dict[str, Any] | None = None  # What `x` said.

    def received(self, kind: bytes, payload: bytes) -> None:
        if kind in (b"1", b"2"):
            self._may_come -= len(payload)
            if self._may_come < 0:
                raise ProtocolBroken("A channel sent more than it was granted.")
            self.output(kind, payload)
        elif kind == b"A":
            if len(payload) != 4:
                raise ProtocolBroken("A credit has four bytes.")
            # More than the window can only be a mistake; it must not add up.
            self._may_send = min(
                self._may_send + int.from_bytes(payload, "big"), CREDIT
            )
        elif kind == b"x":
            self.ending = unpack_json(payload)
            self.wire.forget(self.number)
        elif kind == b"R":
            self.ending = {"code": 127, **unpack_json(payload)}
            self.wire.forget(self.number)
        else:
            raise ProtocolBroken("A frame does not belong on this channel.")
        self._changed.set()

    def output(self, kind: bytes, payload: bytes) -> None:
        raise NotImplementedError

    def lost(self) -> None:
        self.gone = True
        self._changed.set()

    @property
    def over(self) -> bool:
        return self.gone or self.ending is not None

    def grant(self, count: int) -> None:
        if count and not self.over:
            self._may_come += count
            self.wire.send(b"A", self.number, count.to_bytes(4, "big"))

    async def change(self) -> None:
        """Return when something has come since the last look."""
        await self._changed.wait()
        self._changed.clear()

    async def send_input(self, data: bytes) -> None:
        """Write as fast as the other side takes it; what comes too late is dropped."""
        rest = memoryview(data)
        while rest and not self.over:
            if not self._may_send:
                await self.input_granted()
                continue
            await self.wire.writable()
            piece = rest[: min(self._may_send, INPUT_PIECE)]
            self._may_send -= len(piece)
            self.wire.send(b"I", self.number, piece)
            rest = rest[len(piece) :]

    async def input_granted(self) -> None:
        raise NotImplementedError


class Command(Stream):
    """A command: collects its output up to MAX_OUTPUT of each kind."""

    def __init__(self, wire: Wire, number: int) -> None:
        super().__init__(wire, number)
        self._kept = {b"1": bytearray(), b"2": bytearray()}
        self._truncated = False
        self._to_grant = 0
        self._input = asyncio.Event()
        self.done = asyncio.Event()

    def received(self, kind: bytes, payload: bytes) -> None:
        super().received(kind, payload)
        if kind == b"A" or self.over:
            self._input.set()
        if self.over:
            self.done.set()

    def output(self, kind: bytes, payload: bytes) -> None:
        kept = self._kept[kind]
        room = MAX_OUTPUT - len(kept)
        kept += payload[:room]
        self._truncated |= len(payload) > room
        self._to_grant += len(payload)
        if self._to_grant >= GRANT:
            self.grant(self._to_grant)
            self._to_grant = 0

    def lost(self) -> None:
        super().lost()
        self._input.set()
        self.done.set()

    async def input_granted(self) -> None:
        self._input.clear()
        await self._input.wait()

    async def feed(self, data: bytes) -> None:
        await self.send_input(data)
        if not self.over:
            self.wire.send(b"E", self.number)

    def result(self) -> CommandResult:
        if self.ending is None:
            raise NodeUnreachable(LOST)
        if error := self.ending.get("error"):
            raise refusal(error)
        code = self.ending.get("code")
        if not isinstance(code, int):
            raise ProtocolBroken("An ended command has no exit code.")
        return CommandResult(
            124 if self.ending.get("timed_out") else code,
            bytes(self._kept[b"1"]),
            bytes(self._kept[b"2"]),
            self._truncated,
        )


class Attachment(Stream):
    """One attachment to a terminal; `driver.Terminal` says what it promises."""

    def __init__(self, wire: Wire, number: int) -> None:
        super().__init__(wire, number)
        self.offset = 0
        self.opened = False
        self.gap = False
        self.attached = False
        self._output: deque[bytes] = deque()
        self._unacknowledged = 0
        self._input = asyncio.Event()

    def received(self, kind: bytes, payload: bytes) -> None:
        if kind == b"t":
            body = unpack_json(payload)
            offset = body.get("offset")
            if self.attached or not isinstance(offset, int):
                raise ProtocolBroken("An answer to an attachment makes no sense.")
            self.offset = offset
            self.opened = bool(body.get("opened"))
            self.gap = bool(body.get("gap"))
            self.attached = True
            self._changed.set()
            return
        super().received(kind, payload)
        if kind == b"A" or self.over:
            self._input.set()

    def output(self, kind: bytes, payload: bytes) -> None:
        if not self.attached:
            raise ProtocolBroken("Output came before the attachment was answered.")
        if payload:
            self._output.append(payload)

    def lost(self) -> None:
        super().lost()
        self._input.set()

    async def input_granted(self) -> None:
        self._input.clear()
        await self._input.wait()

    async def until_attached(self) -> None:
        while not self.attached:
            if self.gone:
                raise NodeUnreachable(LOST)
            if self.ending is not None:
                raise refusal(self.ending.get("error"))
            await self.change()

    async def read(self) -> bytes:
        while not self._output:
            if self.ending is not None:
                return b""
            if self.gone:
                raise NodeUnreachable(LOST)
            await self.change()
        pieces = [self._output.popleft()]
        size = len(pieces[0])
        while self._output and size + len(self._output[0]) <= READ_AT_MOST:
            pieces.append(self._output.popleft())
            size += len(pieces[-1])
        data = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        self.offset += size
        self._unacknowledged += size
        return data

    async def acknowledge(self, count: int) -> None:
        # What was never read cannot be acknowledged: a browser that says so gains
        # nothing.
        count = max(0, min(count, self._unacknowledged))
        self._unacknowledged -= count
        self.grant(count)

    async def write(self, data: bytes) -> None:
        await self.send_input(data)

    async def resize(self, *, rows: int, columns: int) -> None:
        if not self.over:
            size = {"rows": rows, "columns": columns}
            self.wire.send_json(b"W", self.number, size)

    def detach(self) -> None:
        if not self.over:
            self.wire.send(b"D", self.number)
        self.wire.forget(self.number)


def refusal(error: object) -> Refused:
    """The supervisor's reason, cut to length: it is shown to people."""
    if isinstance(error, dict):
        code, message = error.get("code"), error.get("message")
    else:
        code, message = error, None
    return Refused(str(code)[:40], str(message or code)[:300])
