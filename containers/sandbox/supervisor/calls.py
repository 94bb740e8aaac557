"""Whole conversations with an agent: run this, read that, write this."""

from __future__ import annotations

import os
import time

from .errors import Refused
from .loop import Future

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .agent import Agent, Channel, End
    from .loop import Loop
    from .network import Port

WINDOW = 262144
MAX_FILE = 262144
NO_SUCH_FILE = (2, 20)  # ENOENT, ENOTDIR
IP = ["ip", "-batch", "-"]
INTERFACES_UP = "/run/network/ifstate"  # Where ifup and ifdown keep what is up.
CRASH = ["/bin/sh", "-c", "echo c >/proc/sysrq-trigger"]
NO_SUCH_PROCESS = 3
# The shell alone, for a student may have replaced any other program; kernel threads
# and zombies, which no signal reaches, have no executable file.
SIGNAL = f"""
found=
for process in /proc/[0-9]*; do
    [ "$process" = "/proc/$$" ] && continue
    IFS= read -r name <"$process/comm" && [ "$name" = "$2" ] || continue
    [ -e "$process/exe" ] && kill "-$1" "${{process#/proc/}}" && found=yes
done 2>/dev/null
[ "$found" ] || exit {NO_SUCH_PROCESS}
"""


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


async def join_network(agent: Agent, ports: list[Port]) -> Outcome:
    """What networking.service does at a boot, for a machine that was not booted."""
    lines, state = [], ["lo"]
    for port in ports:
        link = f"link set dev {port.name}"
        lines.append(f"{link} address {port.mac} mtu {port.mtu}")
        if port.address:
            lines.append(f"address replace {port.address} brd + dev {port.name}")
            lines.append(f"{link} up")
            state.append(port.name)
    batch = "".join(f"{line}\n" for line in lines)
    outcome = await run(agent, IP, stdin=batch.encode())
    files = {"": "".join(f"{name}={name}\n" for name in state)}
    files |= {f".{name}": f"{name}\n" for name in state}  # It is these that decide.
    for suffix, content in files.items():
        await write_file(agent, INTERFACES_UP + suffix, content.encode(), 0o644)
    return outcome


async def panic(loop: Loop, agent: Agent, seconds: float) -> None:
    """Crash the kernel; one that still answers after that has not crashed."""
    crash = loop.spawn(run(agent, CRASH))
    try:
        outcome = await loop.within(seconds, crash)
    except TimeoutError:
        return
    if outcome.error not in ("agent_gone", "not_running"):
        raise Refused("internal", "The kernel did not panic.")


async def signal_processes(agent: Agent, number: int, name: str) -> None:
    argv = ["/bin/sh", "-c", SIGNAL, "sh", str(number), name]
    outcome = await run(agent, argv)
    if outcome.code == NO_SUCH_PROCESS:
        raise Refused("no_such_process", f"No process is called {name}.")
    if outcome.code:
        raise Refused(outcome.error or "internal", "The processes were not reached.")


def _check_file(outcome: Outcome, path: str) -> None:
    if outcome.error in ("agent_gone", "not_running", "too_many"):
        raise Refused(outcome.error, "The machine has gone.")
    if outcome.code in NO_SUCH_FILE:
        raise Refused("not_found", f"There is no {path}.")
    if outcome.code:
        raise Refused("bad_request", f"{path}: {os.strerror(outcome.code)}")
