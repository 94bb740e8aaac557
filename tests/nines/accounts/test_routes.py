import logging

import pytest
from httpx import AsyncClient

from nines.accounts.models import Person, Role
from nines.accounts.service import Accounts
from tests.conftest import ORIGIN, PASSWORD, Client

pytestmark = pytest.mark.anyio
RIGHT = {"name": "ada", "password": PASSWORD}


async def test_signing_in_tells_who_you_are(client_of: Client, ada: Person) -> None:
    nobody = await client_of(None)

    signed_in = await nobody.post("/sign-in", json=RIGHT)

    assert signed_in.json() == {
        "id": str(ada.id),
        "name": "ada",
        "display_name": "Ada",
        "role": "student",
        "language": None,
        "theme": None,
        "must_change_password": False,
    }
    assert (await nobody.get("/me")).json() == signed_in.json()


async def test_the_cookie_is_out_of_reach_of_scripts_and_foreign_pages(
    client_of: Client, ada: Person
) -> None:
    nobody = await client_of(None)

    answer = await nobody.post("/sign-in", json=RIGHT)

    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("nines_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    client_of: Client, ada: Person
) -> None:
    nobody = await client_of(None)

    wrong = await nobody.post("/sign-in", json=RIGHT | {"password": "guess"})
    unknown = await nobody.post("/sign-in", json=RIGHT | {"name": "nobody"})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["error"] == "wrong_credentials"
    assert "set-cookie" not in wrong.headers


async def test_guessing_is_slowed_down_and_says_for_how_long(
    client_of: Client, ada: Person
) -> None:
    nobody = await client_of(None)
    for _ in range(5):
        await nobody.post("/sign-in", json=RIGHT | {"password": "guess"})

    refused = await nobody.post("/sign-in", json=RIGHT)

    assert refused.status_code == 429
    assert refused.json()["error"] == "too_many_attempts"
    assert 0 < refused.json()["params"]["seconds"] <= 301
    assert refused.headers["retry-after"] == str(refused.json()["params"]["seconds"])


async def test_signing_out_ends_the_sign_in_on_the_server(client: AsyncClient) -> None:
    cookies = dict(client.cookies)

    assert (await client.post("/sign-out")).status_code == 204
    client.cookies.update(cookies)  # A copy of the old cookie is worth nothing.
    again = await client.get("/me")

    assert again.status_code == 401
    assert again.json()["error"] == "not_signed_in"


async def test_signing_in_again_ends_the_sign_in_before(
    client: AsyncClient, client_of: Client
) -> None:
    before = dict(client.cookies)
    await client.post("/sign-in", json=RIGHT)

    thief = await client_of(None)
    thief.cookies.update(before)

    assert (await thief.get("/me")).status_code == 401


@pytest.mark.parametrize(
    "path", ["/me", "/home", "/chapters", "/chapters/1", "/labs/ch02-mirror"]
)
async def test_nothing_is_shown_to_nobody(client_of: Client, path: str) -> None:
    answer = await (await client_of(None)).get(path)

    assert answer.status_code == 401
    assert answer.json()["error"] == "not_signed_in"


async def test_language_and_theme_are_kept_and_can_follow_the_browser_again(
    client: AsyncClient,
) -> None:
    await client.patch("/me", json={"language": "en", "theme": "dark"})
    changed = await client.patch("/me", json={"theme": None, "display_name": " A. L. "})

    assert changed.json()["language"] == "en"
    assert changed.json()["theme"] is None
    assert changed.json()["display_name"] == "A. L."
    assert (await client.get("/me")).json() == changed.json()


@pytest.mark.parametrize(
    "wish", [{"role": "admin"}, {"language": "fr"}, {"display_name": "  "}]
)
async def test_nobody_promotes_themselves(
    client: AsyncClient, wish: dict[str, str]
) -> None:
    answer = await client.patch("/me", json=wish)

    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid_input"
    assert answer.json()["params"]["fields"][0]["field"] == next(iter(wish))
    assert (await client.get("/me")).json()["role"] == "student"


async def test_changing_the_password_signs_other_browsers_out(
    client: AsyncClient, client_of: Client, ada: Person
) -> None:
    other = await client_of(ada)
    change = {"current": PASSWORD, "new": "a better set of words"}

    assert (await client.post("/me/password", json=change)).status_code == 204

    assert (await client.get("/me")).status_code == 200
    assert (await other.get("/me")).status_code == 401
    signing_in = {"name": "ada", "password": "a better set of words"}
    assert (await other.post("/sign-in", json=signing_in)).status_code == 200


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaaa", "ada-12345", "x" * 300])
async def test_a_weak_password_is_refused(client: AsyncClient, weak: str) -> None:
    answer = await client.post("/me/password", json={"current": PASSWORD, "new": weak})

    assert answer.status_code == 422
    assert answer.json()["error"] == "weak_password"


async def test_the_current_password_is_needed_for_a_new_one(
    client: AsyncClient,
) -> None:
    change = {"current": "guess", "new": "a better set of words"}

    answer = await client.post("/me/password", json=change)

    assert answer.status_code == 401
    assert answer.json()["error"] == "wrong_credentials"


async def test_a_one_time_password_opens_nothing_but_its_own_change(
    client_of: Client, accounts: Accounts
) -> None:
    _, one_time = await accounts.add("eve", role=Role.STUDENT)
    eve = await client_of(None)

    signed_in = await eve.post("/sign-in", json={"name": "eve", "password": one_time})
    refused = await eve.get("/home")

    assert signed_in.json()["must_change_password"] is True
    assert refused.status_code == 403
    assert refused.json()["error"] == "must_change_password"
    change = {"current": one_time, "new": "words of my own"}
    assert (await eve.post("/me/password", json=change)).status_code == 204
    assert (await eve.get("/home")).status_code == 200


async def test_somebody_disabled_is_out_at_once(
    client: AsyncClient, accounts: Accounts
) -> None:
    await accounts.disable("ada")

    assert (await client.get("/me")).status_code == 401
    assert (await client.post("/sign-in", json=RIGHT)).status_code == 401


async def test_only_those_who_teach_see_what_is_wrong_with_the_content(
    client: AsyncClient, client_of: Client, grace: Person
) -> None:
    refused = await client.get("/catalog/problems")
    shown = await (await client_of(grace)).get("/catalog/problems")

    assert refused.status_code == 403
    assert refused.json()["error"] == "instructors_only"
    assert shown.json() == []


async def test_no_password_and_no_token_reaches_the_log(
    client_of: Client, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "nines")
    browser = await client_of(None)

    answer = await browser.post("/sign-in", json=RIGHT)
    await browser.post("/sign-in", json=RIGHT | {"password": "a wrong guess"})
    broken = await browser.post("/sign-in", json={"name": 7, "password": PASSWORD})
    await browser.post("/me/password", json={"current": PASSWORD, "new": PASSWORD})

    said = " ".join(str(vars(record)) for record in caplog.records)
    token = answer.cookies["nines_session"]
    assert "/api/v1/sign-in" in said
    assert not any(each in said for each in (PASSWORD, token, "a wrong guess"))
    assert PASSWORD not in broken.text


async def test_a_foreign_page_cannot_sign_anybody_in_or_out(
    client: AsyncClient,
) -> None:
    for origin in ("http://evil.test", f"{ORIGIN}.evil.test", "null", ""):
        answer = await client.post("/sign-out", headers={"origin": origin})
        assert answer.status_code == 403
        assert answer.json()["error"] == "foreign_origin"

    assert (await client.get("/me")).status_code == 200
