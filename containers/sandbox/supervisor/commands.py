"""A command the server runs in a machine: an agent's channel joined to a link's."""

from __future__ import annotations

from collections import deque

from .errors import Refused
from .link import WINDOW, Link, Peer, seconds, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agent import Channel, End
    from .node import Node

KILLED = 9
MAX_TIMEOUT = 86400.0
MAX_WORDS = 400
MAX_VARIABLES = 64


class Command(Peer):
    """Its output is taken from the machine only as the server gives credit for it."""

    def __init__(self, link: Link, number: int) -> None:
        super().__init__(link, number)
        self._channel: Channel | None = None
        self._early: list[bytes] = []  # Input that came before the machine took it.
        self._early_end = False
        self._queue: deque[tuple[int, bytes]] = deque()
        self._owed = 0
        self._ended: End | None = None
        self._lost = False

    async def start(self, node: Node, data: dict[str, Any]) -> None:
        try:
            channel = await node.open(_fields(data))
        except Refused as error:
            if not self._lost:
                self.end(255, error=error.code)
            return
        if self._lost:
            channel.kill(KILLED)
            return
        self._channel = channel
        channel.on_output = self._output
        channel.on_end = self._end
        channel.grant(WINDOW)
        for part in self._early:
            channel.write(part, self.return_input)
        self._early.clear()
        if self._early_end:
            channel.end_input()

    def input(self, data: bytes) -> None:
        if self._channel is None:
            self._early.append(data)
        else:
            self._channel.write(data, self.return_input)

    def end_input(self) -> None:
        if self._channel is None:
            self._early_end = True
        else:
            self._channel.end_input()

    def kill(self, signal: int) -> None:
        if self._channel is not None:
            self._channel.kill(signal)

    def lost(self) -> None:
        self._lost = True
        self._early.clear()
        self._queue.clear()
        if self._channel is not None:
            self._channel.on_output = lambda which, data: None
            self._channel.on_end = lambda end: None
            self._channel.kill(KILLED)
            self._channel.grant(WINDOW)  # So that its end is not held up.

    def pump(self) -> None:
        while self._queue and self.room > 0:
            which, data = self._queue.popleft()
            part = data[: self.room]
            if len(part) < len(data):
                self._queue.appendleft((which, data[len(part) :]))
            self.send_output(which, part)
            self._owed += len(part)
        if self._owed >= WINDOW // 4 and self._channel is not None:
            self._channel.grant(self._owed)
            self._owed = 0
        if self._ended is not None and not self._queue:
            ended, self._ended = self._ended, None
            self.end(ended.code, ended.timed_out, ended.error)

    def _output(self, which: int, data: bytes) -> None:
        self._queue.append((which, data))
        self.pump()

    def _end(self, end: End) -> None:
        self._ended = end
        self.pump()


def _fields(data: dict[str, Any]) -> list[str]:
    argv = _texts(data.get("argv"), MAX_WORDS)
    if not argv or not argv[0]:
        raise Refused("bad_request", "argv: what to run.")
    environment = data.get("env") or {}
    if not isinstance(environment, dict):
        raise Refused("bad_request", "env: an object.")
    pairs = [f"{name}={value}" for name, value in environment.items()]
    timeout = seconds(data, "timeout", MAX_TIMEOUT) if data.get("timeout") else 0.0
    cwd = text(data, "cwd") if data.get("cwd") else "/root"
    milliseconds = str(int(timeout * 1000) or int(timeout > 0))
    count = str(len(argv))
    return ["command", milliseconds, cwd, count, *argv, *_texts(pairs, MAX_VARIABLES)]


def _texts(value: Any, limit: int) -> list[str]:
    """Without NUL and lone surrogates, which no program could be given."""
    if not isinstance(value, list) or len(value) > limit:
        raise Refused("bad_request", f"At most {limit} words.")
    for word in value:
        if not isinstance(word, str) or "\0" in word:
            raise Refused("bad_request", "A word that no program could be given.")
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise Refused("bad_request", "A word that is not Unicode.") from error
    return value
