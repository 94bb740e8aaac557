"""The frames of both our channels: `>cII` (type, channel, length) and a payload."""

from __future__ import annotations

from struct import Struct

HEADER = Struct(">cII")
Frame = tuple[bytes, int, bytes]


class FrameError(Exception):
    """The other side does not speak our protocol."""


def pack(kind: bytes, channel: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(kind, channel, len(payload)) + payload


class FrameReader:
    """Cuts a stream into frames; keeps at most one frame of `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[Frame]:
        if self._rest:
            data = self._rest + data
        frames: list[Frame] = []
        at, end = 0, len(data)
        while end - at >= HEADER.size:
            kind, channel, length = HEADER.unpack_from(data, at)
            if length > self._limit:
                raise FrameError(f"a frame of {length} bytes")
            start = at + HEADER.size
            if end - start < length:
                break
            at = start + length
            frames.append((kind, channel, data[start:at]))
        self._rest = data[at:]
        return frames
