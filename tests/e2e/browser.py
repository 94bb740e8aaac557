"""Chromium, windows in it, and people who are signed in without the form."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.e2e.server import RunningServer
from tests.e2e.visitor import Language, Visitor
from tests.e2e.watching import Watch

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",  # So that terminals are drawn as text, which can be read.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "three quiet harbours"


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS)
        )
        try:
            yield browser
        finally:
            browser.close()


class SignIns:
    """Signs people in once each, adding who is not there yet."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._tokens: dict[str, str] = {}

    def give(self, context: BrowserContext, name: str, url: str) -> None:
        if name not in self._tokens:
            self._tokens[name] = self._sign_in(context, name)
        context.add_cookies(
            [{"name": "nines_session", "value": self._tokens[name], "url": url}]
        )

    def _sign_in(self, context: BrowserContext, name: str) -> str:
        server, api = self._server, f"{self._server.url}/api/v1"
        first = server.passwords.get(name) or server.add_person(name)
        headers = {"Origin": server.url}
        for path, body in (
            ("/sign-in", {"name": name, "password": first}),
            ("/me/password", {"current": first, "new": PASSWORD}),
        ):
            answer = context.request.post(api + path, data=body, headers=headers)
            assert answer.ok, f"{path}: {answer.status} {answer.text()}"
        return next(
            each["value"]
            for each in context.cookies()
            if each["name"] == "nines_session"
        )


class Windows:
    """Each with cookies and storage of its own, as of another browser."""

    def __init__(self, browser: Browser, server: RunningServer, sign_ins: SignIns):
        self._browser = browser
        self._server = server
        self._sign_ins = sign_ins
        self.visitors: list[Visitor] = []

    def open(
        self,
        language: Language = "ja",
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        url: str | None = None,
        signed_in: str | None = None,
    ) -> Visitor:
        """`url` is where the visitor finds the server, when that is not its own."""
        url = url or self._server.url
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="ja-JP" if language == "ja" else "en-GB",
            timezone_id="Asia/Tokyo",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(15_000)
        if signed_in:
            self._sign_ins.give(context, signed_in, url)
        watch = Watch(url)
        page = context.new_page()
        watch.follow(page)
        visitor = Visitor(page, url=url, language=language, watch=watch)
        self.visitors.append(visitor)
        return visitor

    def problems(self) -> list[str]:
        return [each for visitor in self.visitors for each in visitor.watch.problems]

    def close(self) -> None:
        for visitor in self.visitors:
            visitor.page.context.close()
