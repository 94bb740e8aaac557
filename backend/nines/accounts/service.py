"""Who people are and which browsers are signed in."""

import hashlib
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from nines.accounts.attempts import SignInAttempts
from nines.accounts.models import Person, Role, SignIn
from nines.accounts.passwords import Passwords, check_strength, one_time_password
from nines.db import Database, utc_now
from nines.errors import Conflict, Forbidden, Invalid, NotFound
from nines.errors import NotSignedIn as Unknown

logger = logging.getLogger(__name__)
_REFRESH = timedelta(minutes=10)  # How stale `used_at` may be: not a write a request.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class NotSignedIn(Unknown):
    pass


class WrongCredentials(Unknown):
    pass


class InstructorsOnly(Forbidden):
    pass


class MustChangePassword(Forbidden):
    pass


class BadName(Invalid):
    pass


class NameTaken(Conflict):
    pass


class PersonNotFound(NotFound):
    pass


@dataclass(frozen=True, kw_only=True)
class Accounts:
    db: Database
    passwords: Passwords
    attempts: SignInAttempts
    sign_in_length: timedelta = timedelta(days=14)
    now: Callable[[], datetime] = utc_now

    async def sign_in(
        self, *, name: str, password: str, address: str
    ) -> tuple[Person, str]:
        """The person and the token for their cookie. Nobody learns which of the two
        was wrong, neither from the words nor from the time it took."""
        name = name.strip().lower()
        self.attempts.count(name=name, address=address)
        async with self.db() as session:
            person = await session.scalar(select(Person).where(Person.name == name))
        hashed = person.password if person else None
        right = await self.passwords.matches(hashed, password)
        if person is None or not right or person.disabled:
            logger.info("sign-in refused", extra={"address": address})
            raise WrongCredentials("The name or the password is wrong.")
        self.attempts.forgive(name=name, address=address)
        if self.passwords.is_outdated(person.password):
            hashed = await self.passwords.hash(password)
            await self._change(person.id, password=hashed)
        logger.info("signed in", extra={"person": str(person.id)})
        return person, await self._remember(person)

    async def sign_out(self, token: str | None) -> None:
        """Signing out twice is fine."""
        if token:
            async with self.db.begin() as session:
                await session.execute(
                    delete(SignIn).where(SignIn.token_hash == _hashed(token))
                )

    async def signed_in(self, token: str | None) -> Person:
        """Whose browser this is. Using a sign-in makes it last."""
        now = self.now()
        found = None
        if token:
            look = (
                select(SignIn, Person)
                .join(Person, Person.id == SignIn.person_id)
                .where(SignIn.token_hash == _hashed(token), SignIn.expires_at > now)
            )
            async with self.db() as session:
                found = (await session.execute(look)).first()
        if found is None or found.Person.disabled:
            raise NotSignedIn("Sign in first.")
        if found.SignIn.used_at < now - _REFRESH:
            await self._prolong(found.SignIn.id)
        person: Person = found.Person
        return person

    async def settle(self, person: Person, **changes: str | None) -> Person:
        """Store what a person decides about themselves: language, theme, name shown."""
        return await self._change(person.id, **changes) if changes else person

    async def change_password(
        self, person: Person, *, current: str, new: str, address: str, token: str | None
    ) -> None:
        """Other browsers of this person are signed out; this one stays."""
        self.attempts.count(name=person.name, address=address)
        if not await self.passwords.matches(person.password, current):
            raise WrongCredentials("The current password is wrong.")
        self.attempts.forgive(name=person.name, address=address)
        check_strength(new, name=person.name)
        hashed = await self.passwords.hash(new)
        await self._change(person.id, password=hashed, must_change_password=False)
        await self._forget(person.id, but=token)

    async def add(
        self, name: str, *, role: Role, display_name: str | None = None
    ) -> tuple[Person, str]:
        """The person and a one-time password, which is not kept anywhere."""
        name = name.strip().lower()
        if not _NAME.fullmatch(name):
            raise BadName(
                "A name has 1 to 64 letters a-z, digits, dots, dashes and underscores."
            )
        password = one_time_password()
        person = Person(
            name=name,
            display_name=display_name or name,
            role=role,
            password=await self.passwords.hash(password),
        )
        try:
            async with self.db.begin() as session:
                session.add(person)
        except IntegrityError as error:  # The one constraint a new row can break.
            raise NameTaken(f"There is somebody named {name} already.") from error
        return person, password

    async def reset(self, name: str) -> str:
        """A new one-time password; whoever is signed in with the old one is out."""
        person = await self.named(name)
        password = one_time_password()
        hashed = await self.passwords.hash(password)
        await self._change(
            person.id, password=hashed, must_change_password=True, disabled=False
        )
        await self._forget(person.id)
        return password

    async def disable(self, name: str) -> Person:
        """Sign the person out and in no more; what they did stays."""
        person = await self.named(name)
        await self._forget(person.id)
        return await self._change(person.id, disabled=True)

    async def named(self, name: str) -> Person:
        async with self.db() as session:
            person = await session.scalar(
                select(Person).where(Person.name == name.strip().lower())
            )
        if person is None:
            raise PersonNotFound(f"There is nobody named {name}.")
        return person

    async def everyone(self) -> list[Person]:
        async with self.db() as session:
            return list(await session.scalars(select(Person).order_by(Person.name)))

    async def drop_expired(self) -> None:
        async with self.db.begin() as session:
            await session.execute(delete(SignIn).where(SignIn.expires_at <= self.now()))

    async def _remember(self, person: Person) -> str:
        token = secrets.token_urlsafe(32)
        now = self.now()
        async with self.db.begin() as session:
            session.add(
                SignIn(
                    person_id=person.id,
                    token_hash=_hashed(token),
                    created_at=now,
                    used_at=now,
                    expires_at=now + self.sign_in_length,
                )
            )
        return token

    async def _prolong(self, sign_in: UUID) -> None:
        now = self.now()
        change = update(SignIn).where(SignIn.id == sign_in)
        async with self.db.begin() as session:
            await session.execute(
                change.values(used_at=now, expires_at=now + self.sign_in_length)
            )

    async def _change(self, person_id: UUID, **values: object) -> Person:
        async with self.db.begin() as session:
            person = await session.get_one(Person, person_id)
            for key, value in values.items():
                setattr(person, key, value)
        return person

    async def _forget(self, person_id: UUID, *, but: str | None = None) -> None:
        ended = delete(SignIn).where(SignIn.person_id == person_id)
        if but:
            ended = ended.where(SignIn.token_hash != _hashed(but))
        async with self.db.begin() as session:
            await session.execute(ended)


def _hashed(token: str) -> str:
    """A token has 256 random bits, so one round of SHA-256 hides it well enough."""
    return hashlib.sha256(token.encode()).hexdigest()
