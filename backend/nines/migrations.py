"""Bring a database to the shape this version expects. Blocking: for command lines."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from nines.config import ROOT
from nines.db import open_engine


def upgrade(url: str) -> None:
    command.upgrade(_config(url), "heads")


async def missing(url: str) -> set[str]:
    """The migrations a database has still to take; empty when it is as we expect."""
    script = ScriptDirectory.from_config(_config(url))
    wanted = {each.revision for each in script.walk_revisions()}
    engine = open_engine(url)
    async with engine.connect() as connection:
        taken = await connection.run_sync(_taken)
    await engine.dispose()
    done = {
        each.revision
        for head in taken
        for each in script.iterate_revisions(head, "base")
    }
    return wanted - done


def _taken(connection: Connection) -> list[str]:
    if not inspect(connection).has_table("alembic_version"):
        return []
    return list(connection.scalars(text("select version_num from alembic_version")))


def _config(url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config
