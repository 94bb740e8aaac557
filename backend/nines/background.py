"""Work that goes on while the server runs, and ends with it."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Loop:
    """`turn` is called at start-up and then `seconds` after each turn's end."""

    name: str
    seconds: float
    turn: Callable[[], Awaitable[object]]


@asynccontextmanager
async def running(loops: Sequence[Loop]) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        for loop in loops:
            tasks.start_soon(_run, loop, name=loop.name)
        yield
        tasks.cancel_scope.cancel()


async def _run(loop: Loop) -> None:
    while True:
        try:
            await loop.turn()
        except Exception:  # One bad turn must not end the loop.
            logger.exception("background turn failed", extra={"loop": loop.name})
        await anyio.sleep(loop.seconds)
