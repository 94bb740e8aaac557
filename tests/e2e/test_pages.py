"""Every page, for everybody: narrow, dark, by keyboard, with a screen reader."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import violations
from tests.e2e.browser import PASSWORD
from tests.e2e.conftest import Visit
from tests.e2e.server import RunningServer
from tests.e2e.visitor import LAB, Language

pytestmark = pytest.mark.e2e

READER = "reader"
PAGES = (
    "/",
    "/chapters/1",
    "/chapters/2",
    "/chapters/5",
    "/calculations/ch01-record",
    "/calculations/ch01-series",
    f"/labs/{LAB}",
    "/settings",
    "/about",
    "/nowhere",
)


def settle(page: Page) -> None:
    """Until the page has what it asked for."""
    page.locator("h1").first.wait_for()
    expect(page.locator("[aria-busy='true']")).to_have_count(0)
    page.wait_for_timeout(200)


@pytest.mark.parametrize(
    ("language", "dark"), [("ja", False), ("en", True)], ids=["ja-light", "en-dark"]
)
def test_no_page_keeps_anybody_out_or_is_wider_than_a_telephone(
    language: Language, dark: bool, visit: Visit
) -> None:
    visitor = visit(language, width=390, height=844, dark=dark, signed_in=READER)
    faults = []
    for path in PAGES:
        visitor.go(path)
        settle(visitor.page)
        unfold(visitor.page)
        if wider := visitor.overflow():
            faults.append(f"{path} is {wider} px too wide")
        faults += [f"{path} {each}" for each in violations(visitor.page)]
    assert faults == []


def unfold(page: Page) -> None:
    """Open what can be opened to read."""
    page.evaluate(
        "document.querySelectorAll('main details').forEach((each) => each.open = true)"
    )
    folded = page.locator("[data-step] button[aria-expanded='false']")
    while folded.count():
        folded.first.click()


def test_signing_in_keeps_nobody_out_and_says_what_was_wrong(
    visit: Visit, server: RunningServer
) -> None:
    visitor = visit("ja", width=390, height=844)
    visitor.type_credentials("newcomer", "not the password")
    expect(visitor.page.locator("#sign-in-error")).to_contain_text("違います")
    assert violations(visitor.page) == []
    assert visitor.overflow() == 0

    visitor.type_credentials("newcomer", server.add_person("newcomer"))
    visitor.page.locator("#next").wait_for()
    assert violations(visitor.page) == []
    assert visitor.overflow() == 0
    visitor.choose_password(PASSWORD)


def test_a_page_that_was_asked_for_comes_after_signing_in(visit: Visit) -> None:
    visitor = visit("ja", signed_in=READER)
    visitor.page.context.clear_cookies()
    visitor.watch.expect(r"status of 401 .*/api/v1/")
    visitor.go("/chapters/2")
    visitor.page.wait_for_url("**/sign-in?next=*")
    visitor.page.locator("#name").fill(READER)
    visitor.page.locator("#password").fill(PASSWORD)
    visitor.button("sign in").click()
    visitor.page.wait_for_url(visitor.url + "/chapters/2")


def test_the_colours_follow_the_system_until_somebody_chooses(visit: Visit) -> None:
    visitor = visit("ja", dark=True, signed_in="painter")
    page = visitor.page

    def paper() -> str:
        colour = "getComputedStyle(document.body).backgroundColor"
        return str(page.evaluate(colour))

    visitor.go("/")
    settle(page)
    night = paper()
    page.get_by_role("button", name=re.compile("^配色")).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    day = paper()
    assert day != night
    page.reload()
    settle(page)
    assert paper() == day
    page.get_by_role("button", name=re.compile("^配色")).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert paper() == night


def test_a_lab_can_be_done_by_keyboard_alone(visit: Visit) -> None:
    visitor = visit("en", signed_in="keyboarder")
    page = visitor.page
    visitor.go("/")
    settle(page)
    page.keyboard.press("g")
    page.keyboard.press("2")
    page.wait_for_url(visitor.url + "/chapters/2")
    settle(page)
    tab_to(page, f"a.title[href='/labs/{LAB}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitor.url}/labs/{LAB}")
    settle(page)
    tab_to(page, ".panel .btn.primary")
    page.keyboard.press("Enter")

    shell = visitor.machines()
    page.keyboard.type("echo the-focus-is-here\n")
    shell.wait_for(r"^the-focus-is-here$")
    page.keyboard.press("Control+Shift+ArrowUp")
    expect(page.get_by_role("tab")).to_be_focused()
    tab_to(page, "[data-fault='disk.pull'][data-target='vdb']", backwards=True)
    page.keyboard.press("Enter")
    disk = page.locator(".topology [data-disk='vdb']")
    expect(disk).to_have_attribute("data-present", "false")
    tab_to(page, "[data-action='next']", backwards=True)
    page.keyboard.press("Enter")
    expect(page.locator("[data-step='create'] h2 button")).to_be_focused()
    tab_to(page, "[data-step='create'] [data-action='check']")
    page.keyboard.press("Enter")
    visitor.checked()
    assert visitor.outcome("array_is_raid1") == "failed"
    assert "/dev/md0" in visitor.message("array_is_raid1")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_running_machines_keep_nobody_out_and_fit_a_telephone(
    dark: bool, visit: Visit
) -> None:
    visitor = visit("ja", width=390, height=844, dark=dark, signed_in="keyboarder")
    visitor.open_lab()
    shell = visitor.start_or_return()
    shell.run("ls --color=always /")
    settle(visitor.page)
    unfold(visitor.page)
    assert visitor.overflow() == 0
    assert violations(visitor.page) == []
    visitor.page.set_viewport_size({"width": 1440, "height": 900})
    assert violations(visitor.page) == []


def test_time_can_be_added_and_the_beginning_be_had_again(visit: Visit) -> None:
    visitor = visit("ja", signed_in="keyboarder")
    page = visitor.page
    visitor.open_lab()
    shell = visitor.start_or_return()
    shell.run("touch /root/mine")
    assert 0 < minutes_left(page) <= 60
    visitor.button("extend").click()
    expect(page.locator(".left b")).to_have_text(re.compile(r"^1:2\d:"))

    visitor.button_in_menu("reset")
    visitor.dialog_button("cancel").click()
    assert "mine" in shell.output("ls /root")

    visitor.button_in_menu("reset")
    visitor.dialog_button("reset").click()
    page.locator(".starting").wait_for()
    shell = visitor.machines()
    assert shell.output("ls /root") == "tokens"
    visitor.end_lab()


def minutes_left(page: Page) -> float:
    parts = [int(part) for part in page.locator(".left b").inner_text().split(":")]
    hours, minutes, seconds = [0, 0, *parts][-3:]
    return hours * 60 + minutes + seconds / 60


def tab_to(page: Page, selector: str, *, backwards: bool = False) -> None:
    """Press Tab until the focus is there."""
    for _ in range(120):
        if page.evaluate("(s) => document.activeElement?.matches(s)", selector):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"Tab does not lead to {selector}.")
