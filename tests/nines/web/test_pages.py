import base64
import gzip
import hashlib
import os
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from nines.web.pages import Pages, content_security_policy

pytestmark = pytest.mark.anyio
BOOT = "\n  Promise.all([import('/_app/immutable/start.js')])\n"
INDEX = f'<!doctype html><script src="/early.js"></script><script>{BOOT}</script>'
SCRIPT = b"console.log('hello')" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    (folder / "_app/immutable").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "early.js").write_bytes(SCRIPT)
    for suffix, data in (("", SCRIPT), (".gz", gzip.compress(SCRIPT)), (".br", b"br")):
        (folder / f"_app/immutable/start.js{suffix}").write_bytes(data)
    (tmp_path / "secret.txt").write_text("not for you")
    return folder


def browser(folder: Path, **headers: str) -> AsyncClient:
    return AsyncClient(
        transport=ASGITransport(Pages(folder)),
        base_url="http://nines.test",
        headers={"accept-encoding": "identity"} | headers,
    )


async def test_every_page_of_the_application_is_its_index(built: Path) -> None:
    async with browser(built) as client:
        for path in ("/", "/sign-in", "/chapters/2", "/labs/ch02-raid1-mdadm"):
            answer = await client.get(path)
            assert answer.text == INDEX
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.headers["cache-control"] == "no-cache"


async def test_scripts_written_into_the_page_run_and_no_others(built: Path) -> None:
    async with browser(built) as client:
        policy = (await client.get("/")).headers["content-security-policy"]

    digest = base64.b64encode(hashlib.sha256(BOOT.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert policy.count("sha256-") == 1
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_page_without_scripts_of_its_own_needs_no_exception() -> None:
    assert "sha256" not in content_security_policy(b"<script src='/a.js'></script>")


async def test_what_never_changes_is_kept_for_ever(built: Path) -> None:
    async with browser(built) as client:
        answer = await client.get("/_app/immutable/start.js")

    assert answer.content == SCRIPT
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.9", "br"),
        ("identity", None),
    ],
)
async def test_the_best_encoding_the_browser_knows_is_sent(
    built: Path, accepted: str, encoding: str | None
) -> None:
    path = "/_app/immutable/start.js"
    client = browser(built, **{"accept-encoding": accepted})
    async with client, client.stream("GET", path) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])

    assert answer.headers.get("content-encoding") == encoding
    assert raw in (SCRIPT, b"br") or gzip.decompress(raw) == SCRIPT
    assert (raw == b"br") == (encoding == "br")


async def test_what_the_browser_has_is_not_sent_again(built: Path) -> None:
    async with browser(built) as client:
        etag = (await client.get("/early.js")).headers["etag"]
        again = await client.get("/early.js", headers={"if-none-match": etag})

    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/_app/../../secret.txt",
        "/_app/immutable/gone.js",
        "/_app/immutable/start.js.gz",
        "//etc/passwd.txt",
    ],
)
async def test_no_file_outside_the_build_can_be_named(built: Path, path: str) -> None:
    async with browser(built) as client:
        answer = await client.get(path)

    assert answer.status_code == 404
    assert "not for you" not in answer.text


async def test_pages_are_only_read(built: Path) -> None:
    async with browser(built) as client:
        assert (await client.post("/")).status_code == 405
        assert (await client.head("/")).status_code == 200


async def test_a_new_build_is_noticed(built: Path) -> None:
    async with browser(built) as client:
        before = (await client.get("/")).headers["content-security-policy"]
        (built / "index.html").write_text("<script>new()</script>")
        os.utime(built / "index.html", (1, 1))
        (built / "new.js").write_text("1")
        after = await client.get("/")

        assert after.headers["content-security-policy"] != before
        assert (await client.get("/new.js")).status_code == 200


async def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    async with browser(tmp_path) as client:
        answer = await client.get("/")
        missing = await client.get("/api/v1/nothing")

    assert answer.status_code == 503
    assert "npm run build" in answer.text
    assert "ビルド" in answer.text
    assert missing.json()["error"] == "not_found"
