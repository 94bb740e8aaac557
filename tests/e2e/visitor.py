"""Somebody who uses the site in a browser, and knows what its buttons are called."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from tests.e2e.shell import Shell
from tests.e2e.watching import Watch

Language = Literal["ja", "en"]
LAB = "ch02-raid1-mdadm"
STARTS_WITHIN = 90_000  # The first start on a machine bakes the template.
CHECKED_WITHIN = 180_000

WORDS = {
    "sign in": ("サインイン", "Sign in"),
    "sign out": ("サインアウト", "Sign out"),
    "change and begin": ("パスワードを変えて始める", "Change it and begin"),
    "start the lab": ("演習を始める", "Start the lab"),
    "start again": ("もう一度始める", "Start again"),
    "extend": ("延長", "Extend"),
    "actions": ("演習の操作", "Actions of this lab"),
    "reset": ("最初の状態に戻す", "Back to the beginning"),
    "stop": ("終了する", "End the lab"),
    "cancel": ("やめる", "Cancel"),
    "hint": ("ヒント", "Hint"),
    "pull vdb": ("vdb を抜く", "Pull vdb"),
    "insert vdb": ("vdb を挿し直す", "Put vdb back"),
    "new terminal": ("新しいターミナル (st1)", "New terminal (st1)"),
    "larger text": ("文字を大きく", "Larger text"),
    "open a new one": ("新しく開く", "Open a new one"),
}


class Visitor:
    def __init__(self, page: Page, *, url: str, language: Language, watch: Watch):
        self.page = page
        self.url = url
        self.language = language
        self.watch = watch

    def word(self, name: str) -> str:
        ja, en = WORDS[name]
        return ja if self.language == "ja" else en

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=self.word(name), exact=True)

    # ---- the site

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def type_credentials(self, name: str, password: str) -> None:
        # The page asks who we are before it knows that we are nobody yet.
        self.watch.expect(r"status of 401 .*/api/v1/(me|sign-in)\)")
        self.go("/sign-in")
        self.page.locator("#name").fill(name)
        self.page.locator("#password").fill(password)
        self.button("sign in").click()

    def sign_in(self, name: str, password: str) -> None:
        self.type_credentials(name, password)
        self.page.wait_for_url(self.url + "/")

    def choose_password(self, new: str) -> None:
        """What the first sign-in with a handed-out password asks for."""
        self.page.locator("#next").fill(new)
        self.button("change and begin").click()
        self.page.wait_for_url(self.url + "/")

    def sign_out(self) -> None:
        self.page.locator("[popovertarget='person-menu']").click()
        self.page.get_by_role("button", name=self.word("sign out")).click()
        self.page.wait_for_url(self.url + "/sign-in")

    # ---- the lab page

    def open_lab(self) -> None:
        self.go(f"/labs/{LAB}")
        self.page.locator("h1").wait_for()

    def start_lab(self) -> Shell:
        """Press start, wait for the machines, and return the first terminal."""
        start = self.button("start the lab").or_(self.button("start again"))
        expect(start).to_be_enabled()
        start.click()
        return self.machines()

    def start_or_return(self) -> Shell:
        """The machines that run already, or new ones."""
        self.page.locator(".panel[aria-busy='false'], .topology").wait_for()
        start = self.button("start the lab").or_(self.button("start again"))
        return self.start_lab() if start.count() else self.machines()

    def machines(self) -> Shell:
        self.page.locator(".topology").wait_for(timeout=STARTS_WITHIN)
        shell = Shell(self.page)
        shell.wait_prompt(within=30)
        return shell

    def end_lab(self) -> None:
        self.button_in_menu("stop")
        self.dialog_button("stop").click()
        expect(self.button("start again")).to_be_enabled(timeout=20_000)

    def button_in_menu(self, name: str) -> None:
        self.page.locator(f"summary[aria-label='{self.word('actions')}']").click()
        self.page.locator(".menu").get_by_role("button", name=self.word(name)).click()

    def dialog_button(self, name: str) -> Locator:
        return self.page.get_by_role("dialog").get_by_role(
            "button", name=self.word(name)
        )

    def step(self, step: str) -> Locator:
        return self.page.locator(f"[data-step='{step}']")

    def open_step(self, step: str) -> Locator:
        opener = self.step(step).locator("h2 button")
        if opener.get_attribute("aria-expanded") == "false":
            opener.click()
        return self.step(step)

    def check(self, step: str) -> None:
        """Press the step's button and wait until all of it is judged."""
        self.open_step(step).locator("[data-action='check']").click()
        self.checked()

    def check_all(self) -> None:
        self.page.locator("[data-action='check-all']").click()
        self.checked()

    def checked(self) -> None:
        """Until nothing is being checked: the server has said the attempt's end."""
        self.page.wait_for_timeout(150)
        button = self.page.locator("[data-action='check-all']")
        expect(button).to_be_enabled(timeout=CHECKED_WITHIN)

    def outcome(self, check: str) -> str:
        """`passed`, `failed`, …; a finished step has to be opened to be seen."""
        line = self.page.locator(f"[data-check='{check}']")
        folded = self.page.locator("[data-step] button[aria-expanded='false']")
        while not line.count() and folded.count():
            folded.first.click()
        return line.get_attribute("data-outcome") or ""

    def message(self, check: str) -> str:
        return self.page.locator(f"[data-check='{check}'] small").first.inner_text()

    def points(self) -> int:
        shown = self.page.locator("[data-points]").get_attribute("data-points")
        return int(shown or 0)

    def pull(self, disk: str) -> None:
        self._fault("disk.pull", disk, present=False)

    def insert(self, disk: str) -> None:
        self._fault("disk.insert", disk, present=True)

    def _fault(self, kind: str, disk: str, *, present: bool) -> None:
        button = f"[data-fault='{kind}'][data-target='{disk}']"
        self.page.locator(button).click()
        shown = self.page.locator(f".topology [data-disk='{disk}']")
        expect(shown).to_have_attribute("data-present", str(present).lower())

    # ---- looking

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        wider: int = self.page.evaluate(
            "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)"
            "(document.documentElement)"
        )
        return wider

    def picture(self, file: Path, *, whole: bool = False) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(Exception):  # The page may be gone, which is what we report on.
            self.page.screenshot(path=file, full_page=whole)


def slug_of(text: str) -> str:
    """A name for files."""
    return re.sub(r"[^\w-]+", "-", text).strip("-")
