"""A student at a real lab, and how somebody beside them fares meanwhile."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Self

from tests.bench.client import Student, Terminal
from tests.e2e.server import RunningServer

PROMPT = b"# "
UNHARMED_WITHIN = 0.5


class Seat:
    """One student with one session; every terminal it opens is a new shell."""

    def __init__(self, student: Student, session: str) -> None:
        self.student = student
        self.session = session
        self._names = count(1)
        self._seen = 0

    @classmethod
    async def take(cls, server: RunningServer, name: str) -> Self:
        if name not in server.passwords:
            server.add_person(name)
        student = await Student.sign_in(server, name)
        return cls(student, await student.start())

    async def leave(self) -> None:
        await self.student.end(self.session)
        await self.student.http.aclose()

    async def show(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.student.get(f"sessions/{self.session}")
        return found

    async def reset(self) -> None:
        """As the student does who has broken everything."""
        await self.student.post(f"sessions/{self.session}/reset")
        await self.until(lambda now: bool(now["state"] == "ready"))
        self._seen = max((each["n"] for each in await self.log()), default=0)

    async def until(
        self, wanted: Callable[[dict[str, Any]], bool], *, within: float = 90
    ) -> dict[str, Any]:
        """Wait until the session is as wanted."""
        deadline = time.monotonic() + within
        while not wanted(now := await self.show()):
            assert now["state"] != "failed", now["reason"]
            assert time.monotonic() < deadline, f"Still {now} after {within} s."
            await asyncio.sleep(0.05)
        return now

    async def until_node(self, *, power: str, ready: bool, within: float = 90) -> None:
        await self.until(
            lambda now: all(
                (node["power"], node["ready"]) == (power, ready)
                for node in now["nodes"]
            ),
            within=within,
        )

    async def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.student.get(
            f"sessions/{self.session}/log"
        )
        return found

    async def happened(self, *kinds: str, within: float = 60) -> list[dict[str, Any]]:
        """Wait until these have happened, in this order, since we last waited."""
        deadline = time.monotonic() + within
        while True:
            new = [each for each in await self.log() if each["n"] > self._seen]
            found: list[dict[str, Any]] = []
            for each in new:
                if len(found) < len(kinds) and each["kind"] == kinds[len(found)]:
                    found.append(each)
            if len(found) == len(kinds):
                self._seen = found[-1]["n"]
                return found
            told = [each["kind"] for each in new]
            assert time.monotonic() < deadline, f"Only {told} after {within} s."
            await asyncio.sleep(0.1)

    async def until_quiet(self, kind: str, *, seconds: float, within: float) -> None:
        """Wait until `kind` has not happened for so long."""
        deadline = time.monotonic() + within
        before, now = -1, 0
        while before != now:
            assert time.monotonic() < deadline, f"{kind} goes on after {within} s."
            await asyncio.sleep(seconds)
            before, now = now, sum(each["kind"] == kind for each in await self.log())

    @asynccontextmanager
    async def shell(self) -> AsyncIterator[Terminal]:
        """A new shell, at its prompt."""
        name = f"shell-{next(self._names)}"
        async with self.student.terminal(self.session, name) as terminal:
            await terminal.until(PROMPT, within=30)
            yield terminal
        await self.student.http.delete(f"sessions/{self.session}/terminals/{name}")

    async def type(self, command: str, *, within: float = 60) -> str:
        """What a command shows in a shell of its own."""
        async with self.shell() as shell:
            return (await shell.run(command, within=within)).decode(errors="replace")

    async def type_and_lose(self, command: str, *, within: float = 60) -> str:
        """Type what ends the shell; what the page is told of that end."""
        async with self.shell() as shell:
            await shell.type(f"{command}\n")
            try:
                await shell.until(lambda _: False, within=within)
            except EOFError as end:
                return str(json.loads(str(end))["type"])
        raise AssertionError("The shell did not end.")

    async def assert_works(self) -> None:
        """A terminal opens, and a command says what it should."""
        assert "is 42\r\n" in await self.type("echo is $((6 * 7))", within=30)

    async def refused(self) -> dict[str, Any]:
        """Try to open a terminal where none can be; what the page is told."""
        name = f"shell-{next(self._names)}"
        try:
            async with self.student.terminal(self.session, name) as terminal:
                await terminal.until(PROMPT, within=30)
        except EOFError as end:
            told: dict[str, Any] = json.loads(str(end))
            return told
        raise AssertionError("A terminal opened.")

    @asynccontextmanager
    async def unharmed(self) -> AsyncIterator[None]:
        """While the block runs, commands here are answered within half a second."""
        took: list[float] = []

        async def work(shell: Terminal) -> None:
            while True:
                begun = time.monotonic()
                await shell.run("true", within=30)
                took.append(time.monotonic() - begun)
                await asyncio.sleep(0.1)

        async with self.shell() as shell:
            working = asyncio.ensure_future(work(shell))
            try:
                yield
                for _ in range(300):
                    if len(took) >= 10 or working.done():
                        break
                    await asyncio.sleep(0.1)
            finally:
                working.cancel()
                await asyncio.wait([working])
        if not working.cancelled():
            working.result()
        # One of ten may be late: the host is busy with more than these two.
        late = sorted(took)[len(took) * 9 // 10]
        assert late < UNHARMED_WITHIN, [f"{each:.2f}" for each in took]
