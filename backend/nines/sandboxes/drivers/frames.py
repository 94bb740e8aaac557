"""The link's frames: a 9-byte header `>cII` (type, channel, length) and the payload.

What comes from a sandbox is a stranger's: anything but well-formed frames ends the
connection.
"""

import json
import struct
from collections.abc import Iterator
from typing import Any

HEADER = struct.Struct(">cII")
MAX_PAYLOAD = 1024 * 1024
CREDIT = 256 * 1024
"""Bytes a channel may send in each direction before it is granted more."""

FROM_SUPERVISOR = frozenset((b"H", b"R", b"V", b"t", b"1", b"2", b"A", b"x"))

Frame = tuple[bytes, int, bytes]


class ProtocolBroken(Exception):
    """The other side does not speak the link's protocol."""


def pack(kind: bytes, channel: int, payload: bytes | memoryview = b"") -> bytes:
    return HEADER.pack(kind, channel, len(payload)) + payload


def pack_json(kind: bytes, channel: int, body: dict[str, Any]) -> bytes:
    return pack(kind, channel, json.dumps(body, separators=(",", ":")).encode())


def unpack_json(payload: bytes) -> dict[str, Any]:
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ProtocolBroken("A payload is not JSON.") from error
    if not isinstance(body, dict):
        raise ProtocolBroken("A payload is not a JSON object.")
    return body


class FrameReader:
    """Cuts a stream into frames. Keeps at most one unfinished frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        buffer = self._buffer
        buffer += data
        start, size = 0, len(buffer)
        try:
            while size - start >= HEADER.size:
                kind, channel, length = HEADER.unpack_from(buffer, start)
                if kind not in FROM_SUPERVISOR or length > MAX_PAYLOAD:
                    raise ProtocolBroken("A frame has an impossible header.")
                end = start + HEADER.size + length
                if end > size:
                    break
                payload = bytes(memoryview(buffer)[start + HEADER.size : end])
                start = end
                yield kind, channel, payload
        finally:
            del buffer[:start]
