"""Who is looking at which session, and what they are told.

Nothing is kept for a listener that does not keep up: it is let go, and its browser
comes back and asks for what it has missed.
"""

import asyncio
import signal
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any
from uuid import UUID

LONGEST_QUEUE = 256


@dataclass(frozen=True)
class Told:
    kind: str  # session, happened, grading
    data: dict[str, Any]


class Listener:
    """Iterate over it; it ends when the listener fell behind or the server stops."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Told | None] = asyncio.Queue(LONGEST_QUEUE)
        self._over = False

    def tell(self, told: Told) -> None:
        if self._over:
            return
        # One place is kept for the word that it is over.
        if self._queue.qsize() >= LONGEST_QUEUE - 1:
            self.end()
        else:
            self._queue.put_nowait(told)

    def end(self) -> None:
        if not self._over:
            self._over = True
            self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Told]:
        while (told := await self._queue.get()) is not None:
            yield told


class Hub:
    def __init__(self) -> None:
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._closed = False

    def publish(
        self, session_id: UUID, kind: str, data: dict[str, Any] | None = None
    ) -> None:
        """Tell everyone who looks at this session. Call it from the event loop."""
        told = Told(kind, data or {})
        for listener in list(self._listeners.get(session_id, ())):
            listener.tell(told)

    @contextmanager
    def listen(self, session_id: UUID) -> Iterator[Listener]:
        listener = Listener()
        self._listeners[session_id].add(listener)
        if self._closed:
            listener.end()
        try:
            yield listener
        finally:
            self._listeners[session_id].discard(listener)
            if not self._listeners[session_id]:
                del self._listeners[session_id]

    def close(self) -> None:
        """Let everyone go: the server stops."""
        self._closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    @asynccontextmanager
    async def closing_on_signals(self) -> AsyncIterator[None]:
        """Event streams never end by themselves, and a server that is told to stop
        would wait for them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {
            each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)
        }

        def stop(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.close)
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)

        # Only in front of a handler that somebody has set: there is something to stop.
        ours = [each for each, handler in before.items() if callable(handler)]
        for each in ours:
            signal.signal(each, stop)
        try:
            yield
        finally:
            for each in ours:
                signal.signal(each, before[each])
