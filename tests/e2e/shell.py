"""A terminal of the lab page, used as a person does: keys in, what is drawn out."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page

PROMPT = re.compile(r"^root@[\w-]+:\S*# ?$")
PATIENCE = 60.0  # Two cores may be shared with other tests.

_ROWS = """
(panel) => [...panel.querySelectorAll('.xterm-rows > div')].map((r) => r.textContent)
"""


class NotOnScreen(AssertionError):
    """What was waited for did not come; the message has the screen as it is."""


class Shell:
    """The terminal whose tab is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel: Locator = page.locator(
            "[data-terminal]", has=page.locator("[data-state]:not(.hidden)")
        )

    # ---- seeing

    def rows(self) -> list[str]:
        """What is drawn, line by line, without what fills the lines up."""
        self.panel.locator(".xterm-rows").wait_for(state="attached", timeout=20_000)
        drawn: list[str] = self.panel.evaluate(_ROWS)
        return [row.replace("\u00a0", " ").rstrip() for row in drawn]

    def screen(self) -> str:
        return "\n".join(self.rows()).rstrip()

    def last_line(self) -> str:
        return self.screen().rpartition("\n")[2]

    def wait_until(
        self, seen: Callable[[], bool], what: str, *, within: float = PATIENCE
    ) -> None:
        deadline = time.monotonic() + within
        while not seen():
            if time.monotonic() > deadline:
                raise NotOnScreen(f"{what} within {within:.0f} s:\n{self.screen()}")
            self.page.wait_for_timeout(20)

    def wait_for(self, pattern: str, *, within: float = PATIENCE) -> re.Match[str]:
        """Until the pattern is on the screen; lines are separated by \\n."""
        found: list[re.Match[str]] = []

        def look() -> bool:
            match = re.search(pattern, self.screen(), re.M)
            found.extend([match] if match else [])
            return match is not None

        self.wait_until(look, f"{pattern!r} did not appear", within=within)
        return found[0]

    def wait_prompt(self, *, within: float = PATIENCE) -> None:
        self.wait_until(
            lambda: bool(PROMPT.match(self.last_line())),
            "No prompt came",
            within=within,
        )

    def everything(self) -> list[str]:
        """The whole scrollback, page by page; ends at the bottom again."""
        while self._turn("Shift+PageUp"):
            pass
        lines = self.rows()
        while pages := self._turn("Shift+PageDown"):
            lines += _beyond(*pages)
        return lines

    def _turn(self, key: str) -> tuple[list[str], list[str]] | None:
        """The rows before and after, or None where there is no further page."""
        before = self.rows()
        self.press(key)
        self.page.wait_for_timeout(60)  # It is drawn in the next frame.
        after = self.rows()
        return None if after == before else (before, after)

    # ---- doing

    def focus(self) -> None:
        self.panel.locator(".xterm-screen").click()

    def type(self, text: str) -> None:
        """Key by key."""
        self.panel.locator(".xterm-helper-textarea").focus()
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        self.panel.locator(".xterm-helper-textarea").focus()
        self.page.keyboard.press(key)

    def start(self, command: str) -> None:
        """Type a command at the prompt and press Enter, without waiting for its end."""
        self.wait_prompt()
        self.type(command)
        tail = re.sub(r"\s", "", command)[-20:]
        self.wait_until(
            lambda: tail in re.sub(r"\s", "", self.screen()),
            f"{command!r} was not echoed",
        )
        self.press("Enter")

    def run(self, command: str, *, within: float = PATIENCE) -> str:
        """Type a command, wait for the prompt after it, and return the screen."""
        self.start(command)
        self.wait_prompt(within=within)
        return self.screen()

    def output(self, command: str, *, within: float = PATIENCE) -> str:
        """What a command prints, if that and the command fit on the screen."""
        self.run("clear")
        screen = self.run(command, within=within)
        return "\n".join(screen.split("\n")[1:-1])


def _beyond(before: list[str], after: list[str]) -> list[str]:
    """The lines of `after` that come below those of `before`."""
    for shift in range(1, len(before)):
        if before[shift:] == after[: len(before) - shift]:
            return after[len(before) - shift :]
    raise AssertionError("The screen jumped further than it is high.")
