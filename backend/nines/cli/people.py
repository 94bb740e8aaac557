"""Accounts as a command line reaches them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nines import migrations
from nines.accounts.service import Accounts
from nines.app import build_accounts
from nines.config import Settings
from nines.db import open_database, open_engine
from nines.errors import Unavailable

T = TypeVar("T")


class DatabaseOutdated(Unavailable):
    pass


def with_accounts(work: Callable[[Accounts], Awaitable[T]]) -> T:
    settings = Settings.read()

    async def run() -> T:
        if await migrations.missing(settings.database):
            raise DatabaseOutdated(
                "The database is not up to date. Run `nines db upgrade` first."
            )
        engine = open_engine(settings.database)
        try:
            return await work(build_accounts(open_database(engine), settings))
        finally:
            await engine.dispose()

    return asyncio.run(run())
