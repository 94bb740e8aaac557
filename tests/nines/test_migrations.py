import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.types import TypeEngine

from nines import migrations
from nines.config import ROOT
from nines.db import UtcDateTime
from nines.tables import all_tables


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/nines.db"


def test_migrations_make_exactly_the_tables_the_models_say(
    url: str, tmp_path: Path
) -> None:
    migrations.upgrade(url)

    with create_engine(f"sqlite:///{tmp_path}/nines.db").connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": _same_type}
        )
        assert compare_metadata(context, all_tables()) == []
    connection.engine.dispose()


def test_every_migration_can_be_taken_back(url: str, tmp_path: Path) -> None:
    migrations.upgrade(url)
    command.downgrade(migrations._config(url), "base")

    engine = create_engine(f"sqlite:///{tmp_path}/nines.db")
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_migrations_form_one_line() -> None:
    script = ScriptDirectory.from_config(migrations._config("sqlite://"))

    assert len(script.get_heads()) == 1


def test_migrations_import_nothing_of_ours() -> None:
    for file in (ROOT / "alembic/versions").glob("*.py"):
        assert re.match(r"\d{4}-\d\d-\d\d-\d{4}_[a-z0-9_]+\.py$", file.name), file.name
        assert not re.search(r"^\s*(from|import) nines", file.read_text(), re.M)
    assert not (ROOT / "alembic/__init__.py").exists()  # It would hide the library.


@pytest.mark.anyio
async def test_it_is_known_what_a_database_has_still_to_take(url: str) -> None:
    assert "accounts" in await migrations.missing(url)


def _same_type(
    _context: MigrationContext,
    _inspected_column: object,
    _column: object,
    _inspected: TypeEngine[object],
    declared: TypeEngine[object],
) -> bool | None:
    return False if isinstance(declared, UtcDateTime) else None
