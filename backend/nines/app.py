"""Wiring. The only module that knows which driver and which database we run on.

A domain appears here in four places: its router, its service, and where it has them
its background loops and its `running()`.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from nines import background
from nines.accounts.attempts import SignInAttempts
from nines.accounts.cookie import SignInCookie
from nines.accounts.models import Person
from nines.accounts.passwords import Passwords
from nines.accounts.routes import router as accounts_router
from nines.accounts.service import Accounts
from nines.background import Loop
from nines.catalog.routes import router as catalog_router
from nines.catalog.service import Catalog
from nines.config import Settings
from nines.db import Database, open_database, open_engine
from nines.deps import Services
from nines.grading.routes import router as grading_router
from nines.grading.service import Grading
from nines.meter.routes import router as meter_router
from nines.meter.service import Meters
from nines.practice.routes import router as practice_router
from nines.practice.service import Practice
from nines.progress.routes import router as progress_router
from nines.progress.service import Progress
from nines.sandboxes.drivers.container import DockerDriver
from nines.sandboxes.keeper import Keeper
from nines.sandboxes.routes import router as sandboxes_router
from nines.sandboxes.service import Sessions
from nines.terminals.routes import router as terminals_router
from nines.version import installed_version
from nines.web.guards import BodyLimit, OwnOriginOnly, SecurityHeaders
from nines.web.logs import Requests, set_up_logs
from nines.web.operation import Readiness, operation_router
from nines.web.pages import Pages
from nines.web.problems import show_errors

Running = Callable[[], AbstractAsyncContextManager[object]]

ROUTERS: Sequence[APIRouter] = (
    accounts_router,
    catalog_router,
    progress_router,
    practice_router,
    sandboxes_router,
    terminals_router,
    grading_router,
    meter_router,
)


def create_app(
    *,
    services: Services,
    pages: Pages,
    ready: Mapping[str, Readiness],
    loops: Sequence[Loop] = (),
    running: Sequence[Running] = (),
    https_only: bool = False,
    metrics_token: str | None = None,
) -> FastAPI:
    """`running` are entered at start-up, in this order, and left in the other one;
    `loops` turn in between."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for each in running:
                await stack.enter_async_context(each())
            await stack.enter_async_context(background.running(loops))
            yield

    app = FastAPI(
        title="Nines",
        version=installed_version(),
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # It would load its scripts from somebody else's host.
        redoc_url=None,
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1")
    app.include_router(operation_router(ready=ready, metrics_token=metrics_token))
    app.mount("/", pages)
    show_errors(app)
    # The last one added is the first to see a request.
    app.add_middleware(BodyLimit)
    app.add_middleware(OwnOriginOnly)
    app.add_middleware(SecurityHeaders, https_only=https_only)
    app.add_middleware(Requests)
    return app


def from_settings() -> FastAPI:
    """What `uvicorn --factory` calls: the server as the environment describes it."""
    return create_from(Settings.read())


def create_from(settings: Settings) -> FastAPI:
    set_up_logs(settings.log_format, settings.log_level)
    engine = open_engine(settings.database)
    db = open_database(engine)
    catalog = Catalog(settings.labs_dir)
    accounts = build_accounts(db, settings)
    practice = Practice(db=db, catalog=catalog)
    sessions = Sessions(
        db=db,
        driver=DockerDriver(
            settings.state_dir,
            profiles=settings.profiles_dir,
            capacity_mb=settings.capacity_mb,
        ),
        lab=catalog.lab,
        length=settings.session_length,
        extension=settings.extension_length,
        max_extensions=settings.max_extensions,
        per_student=settings.live_sessions_per_student,
    )
    grading = Grading(
        db=db,
        driver=sessions.driver,
        sessions=sessions,
        lab=catalog.lab,
        publish=sessions.hub.publish,
    )
    sessions.points = grading.points
    meters = Meters(
        db=db, sessions=sessions, lab=catalog.lab, publish=sessions.hub.publish
    )
    services = Services(
        accounts=accounts,
        cookie=SignInCookie(secure=settings.cookie_secure),
        catalog=catalog,
        progress=Progress(catalog=catalog, sources=[sessions, grading, practice]),
        practice=practice,
        sessions=sessions,
        grading=grading,
        meters=meters,
    )
    loops = [
        Loop(name="drop expired sign-ins", seconds=3600, turn=accounts.drop_expired)
    ]
    if settings.reload_content:
        turn = catalog.reload_if_changed
        loops.append(Loop(name="reload content", seconds=2, turn=turn))
    return create_app(
        services=services,
        pages=Pages(settings.frontend_dir),
        ready={"database": lambda: look(db), "engine": sessions.driver.names},
        loops=loops,
        running=[
            lambda: disposing(engine),
            lambda: reloading(catalog),
            Keeper(sessions=sessions).running,
            meters.running,
            grading.running,  # Left first: it mends with the driver still there.
        ],
        https_only=settings.cookie_secure,
        metrics_token=(
            settings.metrics_token.get_secret_value()
            if settings.metrics_token
            else None
        ),
    )


def build_accounts(db: Database, settings: Settings) -> Accounts:
    return Accounts(
        db=db,
        passwords=Passwords(),
        attempts=SignInAttempts(),
        sign_in_length=settings.sign_in_length,
    )


async def look(db: Database) -> None:
    """Raise unless the database answers and has our tables."""
    async with db() as session:
        await session.execute(select(Person.id).limit(1))
        await session.execute(text("select version_num from alembic_version"))


@asynccontextmanager
async def disposing(engine: AsyncEngine) -> AsyncIterator[None]:
    yield
    await engine.dispose()


@asynccontextmanager
async def reloading(catalog: Catalog) -> AsyncIterator[None]:
    """Read the content again at SIGHUP, unless that means that a terminal closed."""
    if sys.stdin is not None and sys.stdin.isatty():
        yield
        return
    wanted = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, wanted.set)

    async def turn() -> None:
        await wanted.wait()
        wanted.clear()
        await catalog.reload()

    try:
        async with background.running([Loop(name="SIGHUP", seconds=0, turn=turn)]):
            yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
