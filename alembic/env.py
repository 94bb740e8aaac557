"""Runs migrations against the database the settings name, or the one handed over.

A caller that already has the URL (the command line, a test) puts it into
`config.attributes["url"]`.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import TypeEngine

from nines.config import Settings
from nines.db import UtcDateTime, open_engine
from nines.tables import all_tables


def shown_in_migrations(kind: str, item: object, _context: object) -> str | bool:
    """A migration names plain SQLAlchemy types, never ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def same_type(
    _context: object,
    _inspected_column: object,
    _column: object,
    inspected: TypeEngine[object],
    declared: TypeEngine[object],
) -> bool | None:
    """SQLite knows a moment only as DATETIME; that is no difference."""
    return False if isinstance(declared, UtcDateTime) else None


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=shown_in_migrations,
        compare_type=same_type,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    url = context.config.attributes.get("url") or Settings.read().database
    engine = open_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Migrations need a connection: they look before they change.")
asyncio.run(connect_and_migrate())
