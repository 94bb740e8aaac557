"""Children, and the orphans that PID 1 inherits."""

from __future__ import annotations

import os
import signal
import socket

from .loop import READ, Future

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Loop

STDERR_KEPT = 2048


class Process:
    """One child; `ended` holds its exit status, `stderr` the last it said."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = Future()
        self.stderr = b""

    def last_words(self) -> str:
        said = self.stderr.decode("utf-8", "replace").strip()
        status = self.ended.result() if self.ended.done() else "none"
        return f"exit status {status}, {said[-600:]}"

    def kill(self) -> None:
        if not self.ended.done():
            os.kill(self.pid, signal.SIGKILL)


class Processes:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._children: dict[int, Process] = {}
        self._handlers: dict[int, Callable[[], None]] = {}
        woken, self._waker = socket.socketpair()
        woken.setblocking(False)
        self._waker.setblocking(False)
        self._woken = woken
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        loop.watch(woken.fileno(), READ, self._handle_signals)
        self.on_signal(signal.SIGCHLD, self._reap)

    def on_signal(self, number: int, call: Callable[[], None]) -> None:
        self._handlers[number] = call
        signal.signal(number, lambda *_: None)

    def start(self, argv: list[str], inherited: list[socket.socket]) -> Process:
        """Start a program that keeps `inherited` open under the same numbers."""
        said, tell = os.pipe()
        for sock in inherited:
            sock.set_inheritable(True)
        try:
            pid = os.posix_spawnp(
                argv[0],
                argv,
                dict(os.environ),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, tell, 1),
                    (os.POSIX_SPAWN_DUP2, tell, 2),
                ],
                setsigdef=[signal.SIGPIPE],
            )
        except OSError:
            os.close(said)
            raise
        finally:
            os.close(tell)
            for sock in inherited:
                sock.close()
        process = Process(pid)
        self._children[pid] = process
        os.set_blocking(said, False)
        self._loop.watch(said, READ, lambda _: self._listen(process, said))
        return process

    def _listen(self, process: Process, said: int) -> None:
        try:
            data = os.read(said, 65536)
        except BlockingIOError:
            return
        if data:
            process.stderr = (process.stderr + data)[-STDERR_KEPT:]
        else:
            self._loop.forget(said)
            os.close(said)

    def _handle_signals(self, _: int) -> None:
        for number in set(self._woken.recv(4096)):
            self._handlers[number]()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                child.ended.set(os.waitstatus_to_exitcode(status))
