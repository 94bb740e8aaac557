import asyncio
from typing import Annotated

import typer
import uvicorn

from nines import migrations
from nines.app import create_from
from nines.cli.people import DatabaseOutdated
from nines.config import Settings

LARGEST_MESSAGE = 1024 * 1024


def serve(
    reload: Annotated[
        bool, typer.Option(help="Read content again when it changes.")
    ] = False,
) -> None:
    """Serve Nines, in this one process: terminals and event streams live in it."""
    settings = Settings.read()
    if reload:
        settings = settings.model_copy(update={"reload_content": True})
    if asyncio.run(migrations.missing(settings.database)):
        raise DatabaseOutdated(
            "The database is not up to date. Run `nines db upgrade` first."
        )
    uvicorn.Server(server_config(settings)).run()


def server_config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        lambda: create_from(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        # Its send() waits for the transport and it reads one message at a time, so a
        # browser that stops reading stops the machine, and the other way round.
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,  # Event streams do not end by themselves.
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
    )
