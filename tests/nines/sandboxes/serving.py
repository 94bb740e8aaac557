"""Our app on a real port, as `nines serve` would have it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from nines.cli.serve import server_config
from nines.config import Settings
from tests.nines.sandboxes.boxes import until


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """The port."""
    wanted = server_config(Settings(port=0))
    config = uvicorn.Config(
        app,
        ws=wanted.ws,
        ws_max_size=wanted.ws_max_size,
        ws_per_message_deflate=wanted.ws_per_message_deflate,
        timeout_graceful_shutdown=1,
        log_config=None,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listener.close()
