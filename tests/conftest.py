"""What every test may ask for. People go by name: ada learns, grace teaches."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from hypothesis import settings
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from nines.accounts.attempts import SignInAttempts
from nines.accounts.cookie import NAME as COOKIE
from nines.accounts.cookie import SignInCookie
from nines.accounts.models import Person, Role
from nines.accounts.passwords import Passwords
from nines.accounts.service import Accounts
from nines.app import create_app, look
from nines.catalog.content import Content, read_content
from nines.catalog.service import Catalog
from nines.db import Database, open_database
from nines.deps import Services
from nines.grading.service import Grading
from nines.meter.service import Meters
from nines.practice.service import Practice
from nines.progress.service import Progress
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.service import Sessions
from nines.tables import all_tables
from nines.web.pages import Pages
from tests.fakes.driver import FakeDriver
from tests.fakes.labs import write_labs

settings.register_profile("nines", deadline=None)  # A busy host proves nothing.
settings.load_profile("nines")

ORIGIN = "http://nines.test"
PASSWORD = "many nines in a row"
Client = Callable[[Person | None], Awaitable[AsyncClient]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def db(tmp_path: Path) -> Database:
    """A fresh database per test. No pool, so any event loop may use it."""
    file = tmp_path / "test.db"
    engine = create_engine(f"sqlite:///{file}")
    all_tables().create_all(engine)
    with engine.begin() as connection:  # What `alembic upgrade` leaves behind.
        connection.exec_driver_sql("create table alembic_version (version_num text)")
    engine.dispose()
    return open_database(
        create_async_engine(f"sqlite+aiosqlite:///{file}", poolclass=NullPool)
    )


@pytest.fixture
async def driver() -> AsyncIterator[FakeDriver]:
    driver = FakeDriver()
    yield driver
    await driver.end()


@pytest.fixture(scope="session")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small labs/; see tests/fakes/labs.py."""
    return write_labs(tmp_path_factory.mktemp("labs"))


@pytest.fixture(scope="session")
def content(labs: Path) -> Content:
    return read_content(labs)


@pytest.fixture
def catalog(labs: Path, content: Content) -> Catalog:
    return Catalog(labs, content)


@pytest.fixture
def accounts(db: Database) -> Accounts:
    """With a hash that takes a millisecond."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    return Accounts(db=db, passwords=Passwords(hasher), attempts=SignInAttempts())


@pytest.fixture
def practice(db: Database, catalog: Catalog) -> Practice:
    return Practice(db=db, catalog=catalog)


@pytest.fixture
def sessions(db: Database, driver: FakeDriver, catalog: Catalog) -> Sessions:
    """Nothing starts without a keeper: see `keeper`."""
    return Sessions(db=db, driver=driver, lab=catalog.lab)


@pytest.fixture
async def keeper(sessions: Sessions) -> AsyncIterator[Keeper]:
    """Starts and ends what the sessions ask for, as the server does."""
    keeper = Keeper(sessions=sessions, at_once=2)
    async with keeper.running():
        yield keeper


@pytest.fixture
async def grading(
    db: Database, driver: FakeDriver, sessions: Sessions, catalog: Catalog
) -> AsyncIterator[Grading]:
    grading = Grading(
        db=db,
        driver=driver,
        sessions=sessions,
        lab=catalog.lab,
        publish=sessions.hub.publish,
    )
    async with grading.running():
        yield grading


@pytest.fixture
def meters(db: Database, sessions: Sessions, catalog: Catalog) -> Meters:
    """Nothing is read before it is `running()`."""
    publish = sessions.hub.publish
    return Meters(db=db, sessions=sessions, lab=catalog.lab, publish=publish)


@pytest.fixture
def services(
    accounts: Accounts,
    catalog: Catalog,
    practice: Practice,
    sessions: Sessions,
    grading: Grading,
    meters: Meters,
) -> Services:
    return Services(
        accounts=accounts,
        cookie=SignInCookie(),
        catalog=catalog,
        practice=practice,
        progress=Progress(catalog=catalog, sources=[sessions, grading, practice]),
        sessions=sessions,
        grading=grading,
        meters=meters,
    )


@pytest.fixture
def app(services: Services, db: Database, tmp_path: Path) -> FastAPI:
    return create_app(
        services=services,
        pages=Pages(tmp_path / "pages"),
        ready={"database": lambda: look(db)},
    )


@pytest.fixture
async def ada(accounts: Accounts) -> Person:
    return await settled(accounts, "ada", Role.STUDENT)


@pytest.fixture
async def bob(accounts: Accounts) -> Person:
    """Another student, whose things ada must not see."""
    return await settled(accounts, "bob", Role.STUDENT)


@pytest.fixture
async def grace(accounts: Accounts) -> Person:
    return await settled(accounts, "grace", Role.INSTRUCTOR)


@pytest.fixture
async def client_of(app: FastAPI, accounts: Accounts) -> AsyncIterator[Client]:
    """A browser with our page open, signed in as somebody or (None) nobody."""
    opened = []

    async def open_client(person: Person | None) -> AsyncClient:
        client = AsyncClient(
            transport=ASGITransport(app),
            base_url=f"{ORIGIN}/api/v1",
            headers={"origin": ORIGIN},
        )
        if person is not None:
            _, token = await accounts.sign_in(
                name=person.name, password=PASSWORD, address="127.0.0.1"
            )
            client.cookies.set(COOKIE, token, domain="nines.test")
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        await client.aclose()


@pytest.fixture
async def client(client_of: Client, ada: Person) -> AsyncClient:
    """Ada's browser."""
    return await client_of(ada)


async def settled(accounts: Accounts, name: str, role: Role) -> Person:
    """Somebody who has already chosen a password: PASSWORD."""
    person, one_time = await accounts.add(name, role=role, display_name=name.title())
    await accounts.change_password(
        person, current=one_time, new=PASSWORD, address="127.0.0.1", token=None
    )
    return await accounts.named(name)
