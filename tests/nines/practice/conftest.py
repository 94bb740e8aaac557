import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from labkit.calculations import find_generators
from nines.accounts.models import Person
from nines.catalog.content import Content
from nines.catalog.service import Catalog
from nines.db import Database
from nines.practice.service import Practice
from nines.tables import all_tables

LABS = Path(__file__).parents[3] / "labs"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def db(tmp_path: Path) -> Database:
    file = tmp_path / "test.db"
    engine = create_engine(f"sqlite:///{file}")
    all_tables().create_all(engine)
    engine.dispose()
    async_engine = create_async_engine(
        f"sqlite+aiosqlite:///{file}", poolclass=NullPool
    )

    @event.listens_for(async_engine.sync_engine, "connect")
    def keep_foreign_keys(connection: object, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]

    return async_sessionmaker(async_engine, expire_on_commit=False)


async def newcomer(db: Database, name: str) -> Person:
    person = Person(
        name=name, display_name=name, password="-", must_change_password=False
    )
    async with db.begin() as session:
        session.add(person)
    return person


@pytest.fixture
async def ada(db: Database) -> UUID:
    return (await newcomer(db, "ada")).id


@pytest.fixture
async def grace(db: Database) -> UUID:
    return (await newcomer(db, "grace")).id


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(LABS, Content(calculations=find_generators(LABS)))


@pytest.fixture
def practice(db: Database, catalog: Catalog) -> Practice:
    """Seeds count up from 1; each look at the clock is a minute later."""
    start, minutes = datetime(2026, 4, 1, tzinfo=UTC), itertools.count()
    return Practice(
        db=db,
        catalog=catalog,
        new_seed=itertools.count(1).__next__,
        now=lambda: start + timedelta(minutes=next(minutes)),
    )
