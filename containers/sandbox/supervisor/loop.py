"""A small event loop: epoll, timers and coroutines.

Everything runs in one thread; a callback that raises is reported and the loop goes on.
"""

from __future__ import annotations

import heapq
import select
import sys
import time
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator
    from typing import Any

READ = select.EPOLLIN
WRITE = select.EPOLLOUT


class Future:
    """A result that is not there yet; awaited by coroutines of the same loop."""

    __slots__ = ("_callbacks", "_done", "_error", "_value")

    def __init__(self) -> None:
        self._done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[], None]] = []

    def done(self) -> bool:
        return self._done

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value

    def set(self, value: Any = None) -> None:
        """Has no effect on a future that is already done."""
        if not self._done:
            self._done, self._value = True, value
            self._wake()

    def fail(self, error: BaseException) -> None:
        if not self._done:
            self._done, self._error = True, error
            self._wake()

    def when_done(self, call: Callable[[], None]) -> None:
        if self._done:
            call()
        else:
            self._callbacks.append(call)

    def _wake(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for call in callbacks:
            call()

    def __await__(self) -> Generator[Future, None, Any]:
        if not self._done:
            yield self
        return self.result()


class Task(Future):
    """A coroutine on its way; failing with nobody waiting is reported."""

    __slots__ = ("_coroutine", "_loop")

    def __init__(self, loop: Loop, coroutine: Coroutine[Any, Any, Any]) -> None:
        super().__init__()
        self._loop = loop
        self._coroutine = coroutine
        loop.soon(self._step)

    def _step(self) -> None:
        try:
            future = self._coroutine.send(None)
        except StopIteration as end:
            self.set(end.value)
        except Exception as error:
            if not self._callbacks:
                report(error)
            self.fail(error)
        else:
            future.when_done(lambda: self._loop.soon(self._step))


class Timer:
    __slots__ = ("call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None

    def __lt__(self, other: Timer) -> bool:
        return self.when < other.when


class Loop:
    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._timers: list[Timer] = []
        self._soon: deque[Callable[[], None]] = deque()
        self._running = False

    def watch(self, fd: int, events: int, handler: Callable[[int], None]) -> None:
        self._epoll.register(fd, events)
        self._handlers[fd] = handler

    def change(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def forget(self, fd: int) -> None:
        del self._handlers[fd]
        self._epoll.unregister(fd)

    def soon(self, call: Callable[[], None]) -> None:
        self._soon.append(call)

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = Timer(time.monotonic() + seconds, call)
        heapq.heappush(self._timers, timer)
        return timer

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> Task:
        return Task(self, coroutine)

    async def sleep(self, seconds: float) -> None:
        future = Future()
        self.later(seconds, future.set)
        await future

    async def within(self, seconds: float, future: Future) -> Any:
        """The future's result, or TimeoutError; the future itself goes on."""
        waiter = Future()
        timer = self.later(seconds, lambda: waiter.fail(TimeoutError()))
        future.when_done(waiter.set)
        try:
            await waiter
        finally:
            timer.cancel()
        return future.result()

    def complete(self, awaitable: Awaitable[Any]) -> Any:
        """Run until one coroutine has its result."""

        async def body() -> Any:
            return await awaitable

        task = self.spawn(body())
        task.when_done(self.stop)
        self.run()
        return task.result()

    def run(self) -> None:
        self._running = True
        while self._running:
            self._turn()

    def stop(self) -> None:
        self._running = False

    def close(self) -> None:
        self._epoll.close()

    def _turn(self) -> None:
        for fd, events in self._epoll.poll(self._timeout()):
            # An earlier handler of this turn may have closed it.
            handler = self._handlers.get(fd)
            if handler is not None:
                self._guard(handler, events)
        now = time.monotonic()
        while self._timers and self._timers[0].when <= now:
            call = heapq.heappop(self._timers).call
            if call is not None:
                self._guard(call)
        for _ in range(len(self._soon)):
            self._guard(self._soon.popleft())

    def _timeout(self) -> float:
        if self._soon:
            return 0
        while self._timers and self._timers[0].call is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return -1
        return max(0.0, self._timers[0].when - time.monotonic())

    def _guard(self, call: Callable[..., None], *arguments: int) -> None:
        try:
            call(*arguments)
        except Exception as error:
            report(error)


def report(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error, file=sys.stderr)
    sys.stderr.flush()
