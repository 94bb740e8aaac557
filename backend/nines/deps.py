"""What a route may ask for. Routes import names from here and nothing from `app`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends
from fastapi.requests import HTTPConnection

from nines.accounts.cookie import SignInCookie
from nines.accounts.models import Person
from nines.accounts.service import Accounts, InstructorsOnly, MustChangePassword
from nines.catalog.service import Catalog
from nines.grading.service import Grading
from nines.meter.service import Meters
from nines.practice.service import Practice
from nines.progress.service import Progress
from nines.sandboxes.service import Sessions

S = TypeVar("S")


@dataclass(frozen=True, kw_only=True)
class Services:
    """The service of each domain; `app.from_settings` builds them, tests too."""

    accounts: Accounts
    cookie: SignInCookie
    catalog: Catalog
    progress: Progress
    practice: Practice
    sessions: Sessions
    grading: Grading
    meters: Meters


def from_services(pick: Callable[[Services], S]) -> Callable[..., Awaitable[S]]:
    async def provide(connection: HTTPConnection) -> S:
        services: Services = connection.app.state.services
        return pick(services)

    return provide


AccountsDep = Annotated[Accounts, Depends(from_services(lambda s: s.accounts))]
CookieDep = Annotated[SignInCookie, Depends(from_services(lambda s: s.cookie))]
CatalogDep = Annotated[Catalog, Depends(from_services(lambda s: s.catalog))]
GradingDep = Annotated[Grading, Depends(from_services(lambda s: s.grading))]
MetersDep = Annotated[Meters, Depends(from_services(lambda s: s.meters))]
PracticeDep = Annotated[Practice, Depends(from_services(lambda s: s.practice))]
ProgressDep = Annotated[Progress, Depends(from_services(lambda s: s.progress))]
SessionsDep = Annotated[Sessions, Depends(from_services(lambda s: s.sessions))]


async def sign_in_token(connection: HTTPConnection, cookie: CookieDep) -> str | None:
    return cookie.read(connection)


TokenDep = Annotated[str | None, Depends(sign_in_token)]


async def newcomer(token: TokenDep, accounts: AccountsDep) -> Person:
    return await accounts.signed_in(token)


NewcomerDep = Annotated[Person, Depends(newcomer)]
"""Who is signed in, perhaps still with a one-time password: for /me alone."""


async def current_person(person: NewcomerDep) -> Person:
    if person.must_change_password:
        raise MustChangePassword("Choose a password of your own first.")
    return person


UserDep = Annotated[Person, Depends(current_person)]
"""Who is signed in; on a WebSocket too."""


async def current_instructor(person: UserDep) -> Person:
    if not person.teaches:
        raise InstructorsOnly("Only instructors may see this.")
    return person


InstructorDep = Annotated[Person, Depends(current_instructor)]
