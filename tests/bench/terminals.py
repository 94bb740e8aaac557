"""Terminals: echo, throughput, back-pressure, memory, reconnecting."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import psutil

from tests.bench.client import Student, Terminal
from tests.bench.figures import Figure, percentile
from tests.e2e.server import RunningServer

KEYS = 200
KEY_EVERY = 0.05


async def measure(server: RunningServer) -> AsyncIterator[Figure]:
    student = await Student.sign_in(server, "student")
    session = await student.start()
    await asyncio.sleep(15)  # A machine fresh from its template is still settling.
    yield Figure("Keystroke echo, quiet, p95", await echo(student, session), "ms", 20)
    async with flood(server, student, session, "flood"):
        yield Figure(
            "Keystroke echo, a terminal of the same machine floods, p95",
            await echo(student, session),
            "ms",
            50,
        )
    yield Figure(
        "Terminal throughput, seq 1 2000000",
        await throughput(student, session),
        "MB/s",
        4,
        at_least=True,
    )
    yield Figure(
        "Server memory grows, reader stopped in a flood for 3 s",
        await stalled(server, student, session),
        "MB",
        1,
    )
    yield Figure(
        "Reconnect with 256 KiB of scrollback, p95",
        await reconnect(student, session),
        "s",
        1,
    )
    await student.end(session)


async def idle(server: RunningServer) -> AsyncIterator[Figure]:
    """100 open terminals: 7 sessions of 15 (a session keeps 16 at most)."""
    student = await Student.sign_in(server, "student")
    sessions = [await student.start() for _ in range(7)]
    places = [(s, f"idle-{n}") for s in sessions for n in range(15)]
    async with AsyncExitStack() as stack:

        async def open_some(some: list[tuple[str, str]]) -> None:
            for session, name in some:
                terminal = await stack.enter_async_context(
                    student.terminal(session, name)
                )
                await terminal.until(b"# ", within=60)

        await open_some(places[:5])  # What the first ones cost is not theirs alone.
        before = memory(server)
        await open_some(places[5:105])
        await asyncio.sleep(2)
        grown = memory(server) - before
        yield Figure(
            "Server memory per idle open terminal (100 open)", grown / 100, "MB", 0.2
        )
    for session in sessions:
        await student.end(session)


async def echo(student: Student, session: str) -> float:
    """p95 in ms of 200 keys at 20 a second, each through a process in the machine."""
    async with student.terminal(session, "echo") as terminal:
        await terminal.until(b"# ")
        await terminal.type("stty raw -echo; printf rea''dy; exec cat\n")
        await terminal.until(b"ready")
        sent: list[float] = []
        took: list[float] = []

        async def listen() -> None:
            while len(took) < KEYS:
                for _ in await terminal.read():
                    took.append(1000 * (time.monotonic() - sent[len(took)]))
                await terminal.acknowledge()

        listening = asyncio.create_task(listen())
        for _ in range(KEYS):
            sent.append(time.monotonic())
            await terminal.type("x")
            await asyncio.sleep(KEY_EVERY)
        async with asyncio.timeout(20):
            await listening
    (await student.http.delete(f"sessions/{session}/terminals/echo")).raise_for_status()
    return percentile(took, 95)


@asynccontextmanager
async def flood(
    server: RunningServer, student: Student, session: str, name: str
) -> AsyncIterator[None]:
    """A neighbour terminal that prints without end, read in another process."""
    cookies = json.dumps(dict(student.http.cookies))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.flooding"),
        *(server.url, cookies, session, name),
    )
    try:
        await asyncio.sleep(2)
        yield
    finally:
        process.terminate()
        await process.wait()
        await student.http.delete(f"sessions/{session}/terminals/{name}")


async def throughput(student: Student, session: str) -> float:
    """MB/s of 16.9 MB from the Enter key to the last byte; the median of three."""
    figures = []
    async with student.terminal(session, "fast") as terminal:
        await terminal.until(b"# ")
        for _ in range(3):
            started = time.monotonic()
            await terminal.type("seq 1 2000000; echo fin''ished\n")
            tail = b""
            size = 0
            while b"finished\r\n" not in tail:
                data = await terminal.read()
                size += len(data)
                tail = (tail + data)[-2000:]
            figures.append(size / 1e6 / (time.monotonic() - started))
    return percentile(figures, 50)


async def stalled(server: RunningServer, student: Student, session: str) -> float:
    async with student.terminal(session, "stalled") as terminal:
        await terminal.until(b"# ")
        before = memory(server)
        await terminal.type("yes\n")
        most = before
        for _ in range(30):  # Nobody reads and nobody acknowledges.
            await asyncio.sleep(0.1)
            most = max(most, memory(server))
    await student.http.delete(f"sessions/{session}/terminals/stalled")
    return most - before


async def reconnect(student: Student, session: str) -> float:
    async with student.terminal(session, "kept") as terminal:
        await terminal.run("seq 1 60000")
        await terminal.type("echo la''st\n")
        await terminal.until(b"last\r\n")
    took = []
    for _ in range(20):
        started = time.monotonic()
        async with student.terminal(session, "kept") as terminal:
            await until_last(terminal)
            took.append(time.monotonic() - started)
            assert terminal.received > 200_000, terminal.received
            terminal.socket.transport.abort()
    return percentile(took, 95)


async def until_last(terminal: Terminal) -> None:
    await terminal.until(lambda seen: b"last\r\n" in seen[-200:])


def memory(server: RunningServer) -> float:
    """Resident MB of the server process."""
    return float(psutil.Process(server.pid).memory_info().rss) / 1e6
