"""Pages: from the click to the first prompt in a browser, and what a visit loads."""

import os
import re
import subprocess
import time
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from nines.config import ROOT
from tests.bench.client import LAB
from tests.bench.figures import Figure, percentile
from tests.e2e.browser import chromium
from tests.e2e.server import RunningServer

STARTS = 10


def measure(server: RunningServer) -> Iterator[Figure]:
    took = starts(server)
    yield Figure(
        "Click “start” to the first prompt in the browser, p50 of 10",
        percentile(took, 50),
        "s",
        2,
    )


def starts(server: RunningServer) -> list[float]:
    took = []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        sign_in(page, server)
        for _ in range(STARTS + 1):
            page.goto(f"{server.url}/labs/{LAB}")
            button = page.locator(".panel .btn.primary")
            expect(button).to_be_enabled()
            started = time.monotonic()
            button.click()
            page.wait_for_function(
                "() => /# *$/m.test("
                "document.querySelector('.xterm-rows')?.textContent ?? '')",
                polling=20,
            )
            took.append(time.monotonic() - started)
            end(page, server)
    return took[1:]  # The first one fills the browser's cache.


def sign_in(page: Page, server: RunningServer) -> None:
    page.goto(f"{server.url}/sign-in")
    page.locator("#name").fill("student")
    page.locator("#password").fill(server.passwords["student"])
    page.locator("#password").press("Enter")
    page.wait_for_url(re.compile(r"/$"))


def end(page: Page, server: RunningServer) -> None:
    """End the session, and let its machine go before the next one is timed."""
    live = page.request.get(f"{server.url}/api/v1/sessions/live").json()
    session = f"{server.url}/api/v1/sessions/{live['id']}"
    page.request.delete(session, headers={"origin": server.url})
    while page.request.get(session).json()["state"] != "stopped":
        time.sleep(0.1)
    time.sleep(1)


def sizes() -> Iterator[Figure]:
    environment = dict(os.environ)
    environment["PATH"] = f"{ROOT / '.venv/bin'}:{environment['PATH']}"
    shown = subprocess.run(
        ["npm", "run", "--silent", "size"],
        cwd=ROOT / "frontend",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for what, route, bar in (
        ("chapter", "/(app)/chapters/[number]", 60),
        ("lab", "/(app)/labs/[slug]", 220),
    ):
        (line,) = [line for line in shown.splitlines() if line.startswith(route)]
        kilobytes = [float(each) for each in re.findall(r"([\d.]+) KB", line)]
        yield Figure(f"JavaScript of the {what} page, gzip", kilobytes[1], "KB", bar)
