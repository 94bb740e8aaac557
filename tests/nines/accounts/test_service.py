from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from nines.accounts.attempts import SignInAttempts, TooManyAttempts
from nines.accounts.models import Person, Role, SignIn
from nines.accounts.service import Accounts, BadName, NameTaken, NotSignedIn
from nines.db import Database, utc_now
from tests.conftest import PASSWORD

pytestmark = pytest.mark.anyio


def later(accounts: Accounts, time: timedelta) -> Accounts:
    return replace(accounts, now=lambda: utc_now() + time)


async def sign_in(accounts: Accounts) -> str:
    _, token = await accounts.sign_in(name="ada", password=PASSWORD, address="::1")
    return token


async def test_a_sign_in_ends_when_it_is_not_used(
    accounts: Accounts, ada: Person
) -> None:
    token = await sign_in(accounts)

    with pytest.raises(NotSignedIn):
        await later(accounts, timedelta(days=15)).signed_in(token)


async def test_a_sign_in_that_is_used_lasts(accounts: Accounts, ada: Person) -> None:
    token = await sign_in(accounts)

    for days in (10, 20, 30):
        person = await later(accounts, timedelta(days=days)).signed_in(token)
        assert person.id == ada.id


async def test_only_a_hash_of_the_token_is_stored(
    accounts: Accounts, ada: Person, db: Database
) -> None:
    token = await sign_in(accounts)

    async with db() as session:
        stored = (await session.scalars(select(SignIn.token_hash))).all()
    assert len(stored) == 1
    assert token not in stored[0]


async def test_expired_sign_ins_are_dropped(
    accounts: Accounts, ada: Person, db: Database
) -> None:
    await sign_in(accounts)
    await later(accounts, timedelta(days=15)).drop_expired()

    async with db() as session:
        assert await session.scalar(select(func.count()).select_from(SignIn)) == 0


async def test_passwords_are_hashed_with_argon2id(ada: Person) -> None:
    assert ada.password.startswith("$argon2id$")
    assert PASSWORD not in ada.password


async def test_an_unknown_name_costs_a_hash_like_a_known_one(
    accounts: Accounts,
) -> None:
    compared: list[str] = []
    verify = accounts.passwords._verify

    def watched(hashed: str, password: str) -> bool:
        compared.append(hashed)
        return verify(hashed, password)

    accounts.passwords._verify = watched  # type: ignore[method-assign]  # to watch it

    assert not await accounts.passwords.matches(None, PASSWORD)
    assert compared[0].startswith("$argon2id$")


async def test_names_are_taken_once_whatever_their_case(
    accounts: Accounts, ada: Person
) -> None:
    with pytest.raises(NameTaken):
        await accounts.add("Ada", role=Role.STUDENT)
    with pytest.raises(BadName):
        await accounts.add("a d a", role=Role.STUDENT)


async def test_a_reset_signs_out_and_lets_in_with_the_new_password_only(
    accounts: Accounts, ada: Person
) -> None:
    token = await sign_in(accounts)
    await accounts.disable("ada")
    one_time = await accounts.reset("ada")

    with pytest.raises(NotSignedIn):
        await accounts.signed_in(token)
    person, _ = await accounts.sign_in(name="ada", password=one_time, address="::1")
    assert person.must_change_password


def test_attempts_count_by_name_and_address_and_are_forgotten_in_time() -> None:
    now = 0.0
    attempts = SignInAttempts(per_name=2, per_address=4, clock=lambda: now)
    for _ in range(2):
        attempts.count(name="ada", address="a")

    with pytest.raises(TooManyAttempts):
        attempts.count(name="ada", address="a")
    attempts.count(name="ada", address="b")  # Nobody locks ada out of her own room.
    for name in ("bob", "eve"):
        attempts.count(name=name, address="a")
    with pytest.raises(TooManyAttempts):
        attempts.count(name="joe", address="a")
    now = 301
    attempts.count(name="ada", address="a")


def test_a_success_takes_its_attempts_back() -> None:
    attempts = SignInAttempts(per_name=2, per_address=3, clock=lambda: 0)
    for _ in range(20):
        attempts.count(name="ada", address="a")
        attempts.forgive(name="ada", address="a")


def test_attempts_take_a_bounded_amount_of_memory() -> None:
    attempts = SignInAttempts(per_address=10**9)
    for number in range(11_000):
        attempts.count(name=str(number), address="a")

    assert len(attempts._made) <= 10_000
