"""Whole conversations with an agent: run this, read that, write this."""

from __future__ import annotations

import os
import time

from .errors import Refused
from .loop import Future

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .agent import Agent, Channel, End

WINDOW = 262144
MAX_FILE = 262144
NO_SUCH_FILE = (2, 20)  # ENOENT, ENOTDIR


class Outcome:
    def __init__(self, end: End, stdout: bytes, stderr: bytes) -> None:
        self.code = end.code
        self.error = end.error
        self.stdout = stdout
        self.stderr = stderr


async def converse(
    channel: Channel, stdin: bytes = b"", limit: int = WINDOW
) -> Outcome:
    """Give a channel all its input, take `limit` bytes of output, wait for its end."""
    ended = Future()
    parts: tuple[list[bytes], list[bytes]] = ([], [])
    left = limit

    def keep(which: int, data: bytes) -> None:
        nonlocal left
        parts[which - 1].append(data[:left])
        left = max(0, left - len(data))
        channel.grant(len(data))

    channel.on_output = keep
    channel.on_end = ended.set
    channel.grant(WINDOW)
    if stdin:
        channel.write(stdin)
    channel.end_input()
    end = await ended
    return Outcome(end, b"".join(parts[0]), b"".join(parts[1]))


async def run(
    agent: Agent, argv: list[str], timeout: float = 60, stdin: bytes = b""
) -> Outcome:
    milliseconds = str(int(timeout * 1000))
    fields = ["command", milliseconds, "/root", str(len(argv)), *argv]
    return await converse(agent.open(fields), stdin)


async def read_file(agent: Agent, path: str, limit: int) -> bytes:
    limit = min(limit, MAX_FILE)
    outcome = await converse(agent.open(["read", path, str(limit)]), limit=limit)
    _check_file(outcome, path)
    return outcome.stdout


async def write_file(agent: Agent, path: str, content: bytes, mode: int) -> None:
    channel = agent.open(["write", path, str(mode)])
    _check_file(await converse(channel, content), path)


async def flush_disk(agent: Agent) -> None:
    await converse(agent.open(["sync"]))


async def personalise(agent: Agent, name: str, machine_id: str) -> None:
    """Give a machine its own name, clock and randomness."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    fields = (str(seconds), str(nanoseconds), os.urandom(64).hex(), name, machine_id)
    outcome = await converse(agent.personalise(fields))
    if outcome.code:
        raise Refused("internal", f"The machine was not named: {outcome.error}")


def _check_file(outcome: Outcome, path: str) -> None:
    if outcome.error in ("agent_gone", "not_running", "too_many"):
        raise Refused(outcome.error, "The machine has gone.")
    if outcome.code in NO_SUCH_FILE:
        raise Refused("not_found", f"There is no {path}.")
    if outcome.code:
        raise Refused("bad_request", f"{path}: {os.strerror(outcome.code)}")
