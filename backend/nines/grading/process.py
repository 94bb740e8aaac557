"""One checker's process, and our end of its socket.

The process may hang, exit, be killed, print, or send nonsense: each is CheckerDied with
a report for the instructor, and the process is gone. Time it spends waiting for a
machine's answer is not its own.
"""

import asyncio
import json
import secrets
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from labkit.child import CLEAN_ENVIRONMENT, MAX_LINE, arguments, prepare_cwd

PRINTED_LIMIT = 8192

Ask = dict[str, Any]
Answer = Callable[[Ask], Awaitable[dict[str, Any]]]


class CheckerDied(Exception):
    """The checker failed, not the student. The message is the report."""


class CheckerProcess:
    def __init__(
        self,
        *,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        printed: IO[bytes],
        cwd: tempfile.TemporaryDirectory[str],
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._printed = printed
        self._cwd = cwd

    @classmethod
    async def start(
        cls, folder: Path, *, nodes: tuple[str, ...], values: Mapping[str, str]
    ) -> "CheckerProcess":
        cwd = tempfile.TemporaryDirectory(prefix="nines-checks-")
        printed = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *arguments(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                env=CLEAN_ENVIRONMENT,
                cwd="/",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours, limit=MAX_LINE)
        started = cls(
            process=process, reader=reader, writer=writer, printed=printed, cwd=cwd
        )
        started._send(
            {
                "folder": str(folder),
                "cwd": cwd.name,
                "uid": prepare_cwd(cwd.name),
                "nodes": list(nodes),
                "values": dict(values),
            }
        )
        return started

    async def job(
        self, job: Mapping[str, Any], *, answer: Answer, own_seconds: float
    ) -> dict[str, Any]:
        """What the checker says is done. `answer` serves its questions meanwhile."""
        number = secrets.token_hex(8)
        self._send({**job, "job": number})
        left = own_seconds
        while True:
            begun = time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, left)):
                    message = await self._receive()
            except TimeoutError:
                raise await self._died(
                    f"It did not finish in {own_seconds:.0f} seconds of its own time."
                ) from None
            left -= time.monotonic() - begun
            match message:
                case {"done": dict() as done, "job": said} if said == number:
                    return done
                case {"ask": str(), "job": said} if said == number:
                    await self._serve(message, answer)
                case _:
                    raise await self._died("It sent something that is no message.")

    async def _serve(self, ask: Ask, answer: Answer) -> None:
        try:
            reply = await answer(ask)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"It asked something that makes no sense ({error!r}): {ask}"
            raise await self._died(reason[:2000]) from error
        self._send(reply)

    def printed(self) -> str:
        """The end of what the checker printed, which disturbs nobody."""
        size = self._printed.seek(0, 2)
        self._printed.seek(max(0, size - PRINTED_LIMIT))
        return self._printed.read(PRINTED_LIMIT).decode(errors="backslashreplace")

    async def end(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
        self._printed.close()
        await asyncio.to_thread(self._cwd.cleanup)

    def _send(self, message: Mapping[str, Any]) -> None:
        # The other end reads before it writes again, so this cannot pile up.
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def _receive(self) -> Any:
        try:
            line = await self._reader.readline()
            return json.loads(line) if line else await self._ended()
        except (ValueError, RecursionError):  # Too long a line is a ValueError too.
            raise await self._died("It sent something that is no message.") from None
        except OSError:
            return await self._ended()

    async def _ended(self) -> Any:
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._process.wait()
        code = self._process.returncode
        how = (
            "It closed its socket"
            if code is None
            else f"It was killed by signal {-code}"
            if code < 0
            else f"It exited with {code}"
        )
        raise await self._died(f"{how} before it was done.")

    async def _died(self, reason: str) -> CheckerDied:
        with suppress(ProcessLookupError):
            self._process.kill()
        printed = await asyncio.to_thread(self.printed)
        return CheckerDied(f"{reason}\n\nIt printed:\n{printed}" if printed else reason)
