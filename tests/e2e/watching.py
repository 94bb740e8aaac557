"""Everything a page must not do while somebody uses it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, WebError

# Reported by the browser before any script of ours could hear of it.
_TELL_VIOLATIONS = """
addEventListener('securitypolicyviolation', (e) =>
    console.error('CSP violation', e.violatedDirective, e.blockedURI));
"""
# A fetch that the page itself gave up, as it does when one navigates away.
_GIVEN_UP = "net::ERR_ABORTED"
# What the browser says of every answer that is not a success, and of a dead server.
_NETWORK = re.compile(
    r"Failed to load resource|WebSocket connection to|net::ERR_|ERR_CONNECTION"
)


class Watch:
    """Collects what is wrong on the pages of one browser context."""

    def __init__(self, url: str) -> None:
        self.problems: list[str] = []
        self._host = urlsplit(url).netloc
        self._expected: list[re.Pattern[str]] = []

    def follow(self, page: Page) -> None:
        page.add_init_script(_TELL_VIOLATIONS)
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("websocket", lambda socket: self._address(socket.url))

    def expect(self, pattern: str) -> None:
        """From now on a problem that matches is part of the story."""
        self._expected.append(re.compile(pattern))

    @contextmanager
    def network_gone(self) -> Iterator[None]:
        """Within this block the server cannot be reached, and the browser says so."""
        self._expected.append(_NETWORK)
        try:
            yield
        finally:
            self._expected.remove(_NETWORK)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location
            self._note(f"console {message.type}: {message.text} ({place['url']})")

    def _page_error(self, error: Any) -> None:
        whole = error.error if isinstance(error, WebError) else error
        self._note(f"page error: {whole}")

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self._note(f"request to a foreign host: {url}")

    def _failed(self, request: Request) -> None:
        if request.failure != _GIVEN_UP:
            self._note(f"request failed: {request.failure} ({request.url})")

    def _note(self, problem: str) -> None:
        if not any(pattern.search(problem) for pattern in self._expected):
            self.problems.append(problem)
