"""A student without a browser: the API over HTTP, a terminal over its WebSocket."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.server import RunningServer

LAB = "ch02-raid1-mdadm"
NODE = "st1"
PASSWORD = "measure twice, cut once"
READY_WITHIN = 120.0


class Student:
    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.http = http
        self.url = url

    @classmethod
    async def sign_in(cls, server: RunningServer, name: str) -> Self:
        http = httpx.AsyncClient(
            base_url=f"{server.url}/api/v1/",
            headers={"origin": server.url},
            timeout=30,
        )
        student = cls(http, server.url)
        password = server.passwords[name]
        if not (await student.post("sign-in", name=name, password=password)).json()[
            "must_change_password"
        ]:
            return student
        await student.post("me/password", current=password, new=PASSWORD)
        server.passwords[name] = PASSWORD
        return student

    async def post(self, path: str, **body: object) -> httpx.Response:
        answer = await self.http.post(path, json=body)
        answer.raise_for_status()
        return answer

    async def get(self, path: str) -> Any:
        answer = await self.http.get(path)
        answer.raise_for_status()
        return answer.json()

    async def start(self, lab: str = LAB) -> str:
        """Start the lab and return the session's id once it can be used."""
        session: str = (await self.post("sessions", lab=lab)).json()["id"]
        deadline = time.monotonic() + READY_WITHIN
        while (found := await self.get(f"sessions/{session}"))["state"] != "ready":
            if found["state"] == "failed" or time.monotonic() > deadline:
                raise RuntimeError(f"The lab did not start: {found}")
            await asyncio.sleep(0.02)
        return session

    async def end(self, session: str) -> None:
        (await self.http.delete(f"sessions/{session}")).raise_for_status()

    async def check(self, session: str, **what: str) -> tuple[float, dict[str, Any]]:
        """Press "check"; the seconds until every result is there, and the attempt."""
        started = time.monotonic()
        attempt = (await self.post(f"sessions/{session}/attempts", **what)).json()
        while attempt["state"] == "running":
            await asyncio.sleep(0.02)
            attempt = await self.get(f"attempts/{attempt['id']}")
        return time.monotonic() - started, attempt

    @asynccontextmanager
    async def terminal(
        self, session: str, name: str = "1", *, after: int | None = None
    ) -> AsyncIterator["Terminal"]:
        query = f"rows=24&columns=80{'' if after is None else f'&after={after}'}"
        cookie = "; ".join(f"{k}={v}" for k, v in self.http.cookies.items())
        async with connect(
            f"{self.url.replace('http', 'ws')}/api/v1/sessions/{session}"
            f"/nodes/{NODE}/terminals/{name}?{query}",
            additional_headers={"cookie": cookie},
            origin=self.url,  # type: ignore[arg-type] # a NewType of str
            compression=None,
            max_queue=4,
        ) as socket:
            yield Terminal(socket)


class Terminal:
    """One attachment; acknowledges what it reads, as a page does."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.received = 0
        self._unacknowledged = 0

    async def type(self, keys: str) -> None:
        await self.socket.send(keys.encode())

    async def read(self) -> bytes:
        """The next bytes; control frames are passed over."""
        while True:
            frame = await self.socket.recv()
            if isinstance(frame, str):
                if json.loads(frame)["type"] in ("ended", "error"):
                    raise EOFError(frame)
                continue
            self.received += len(frame)
            self._unacknowledged += len(frame)
            if self._unacknowledged >= 32 * 1024:
                await self.acknowledge()
            return frame

    async def acknowledge(self) -> None:
        acknowledgement = {"type": "ack", "bytes": self._unacknowledged}
        self._unacknowledged = 0
        await self.socket.send(json.dumps(acknowledgement))

    async def until(
        self, wanted: bytes | Callable[[bytes], bool], *, within: float = 60
    ) -> bytes:
        """Read until the output holds `wanted` (or satisfies it), and return it all."""
        seen = b""
        async with asyncio.timeout(within):
            while not (wanted in seen if isinstance(wanted, bytes) else wanted(seen)):
                seen += await self.read()
        if self._unacknowledged:
            await self.acknowledge()
        return seen

    async def run(self, command: str, *, within: float = 60) -> bytes:
        """Type a command and wait until the shell says it has ended."""
        await self.type(f"{command}; echo fin''ished\n")
        return await self.until(b"finished\r\n", within=within)
