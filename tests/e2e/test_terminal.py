"""The terminal in the hands of somebody who uses it all day, in Japanese too."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.shell import PROMPT, Shell
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

STUDENT = "typist"


def lab(visit: Visit, *, width: int = 1440) -> tuple[Visitor, Shell]:
    visitor = visit(signed_in=STUDENT, width=width)
    visitor.open_lab()
    shell = visitor.start_or_return()
    shell.run("cd; clear")
    return visitor, shell


def test_a_flood_is_stopped_by_ctrl_c_and_the_page_stays_usable(visit: Visit) -> None:
    visitor, shell = lab(visit)
    shell.start("yes this goes on and on")
    shell.wait_for(r"(this goes on and on\n){20}")
    visitor.page.wait_for_timeout(3000)

    begun = time.monotonic()
    visitor.open_step("create")
    answered = time.monotonic() - begun
    shell.press("Control+c")
    shell.wait_prompt(within=5)
    stopped = time.monotonic() - begun
    assert answered < 2, f"The page took {answered:.1f} s to unfold a step."
    assert stopped < 5, f"It took {stopped:.1f} s to stop the flood."
    assert shell.output("echo fine") == "fine"


def test_japanese_arrives_once_and_is_drawn_right(visit: Visit) -> None:
    visitor, shell = lab(visit)
    keys = visitor.page.context.new_cdp_session(visitor.page)

    def compose(*shown: str) -> None:
        """As an input method does: what it shows while typing, then the choice."""
        for text in shown:
            end = len(text)
            keys.send(
                "Input.imeSetComposition",
                {"text": text, "selectionStart": end, "selectionEnd": end},
            )
        keys.send("Input.insertText", {"text": shown[-1]})

    shell.type("echo '")
    compose("k", "か", "かい", "かいぎ", "会議")
    compose("し", "しりょう", "資料")
    shell.type("' > ")
    visitor.page.keyboard.insert_text("議事録（最終）.txt")
    shell.wait_for(r"echo '会議資料' > 議事録（最終）\.txt")
    shell.press("Enter")
    shell.wait_prompt()

    assert shell.output("ls") == "tokens  議事録（最終）.txt"
    assert shell.output("cat 議*") == "会議資料"
    # Erasing takes a whole character, and its two cells, away.
    shell.type("echo 縮退x")
    shell.press("Backspace")
    shell.press("Backspace")
    shell.type("y")
    shell.press("Enter")
    shell.wait_for(r"^縮y$")
    shell.run("rm 議*")


def test_what_is_selected_can_be_copied_and_pasted(visit: Visit) -> None:
    visitor, shell = lab(visit)
    shell.run("echo mirror-of-two")
    word = shell.panel.locator(".xterm-rows span", has_text=re.compile("^mirror-of"))
    box = word.first.bounding_box()
    assert box
    visitor.page.mouse.dblclick(box["x"] + 20, box["y"] + box["height"] / 2)
    shell.press("Control+Shift+C")
    clipboard = "navigator.clipboard.readText()"
    assert visitor.page.evaluate(clipboard) == "mirror-of-two"

    shell.type("echo pasted: ")
    shell.press("Control+Shift+V")
    shell.press("Enter")
    shell.wait_for(r"^pasted: mirror-of-two$")

    # Several lines wait at the prompt until Enter is pressed.
    two = "echo one\necho two"
    visitor.page.evaluate("(text) => navigator.clipboard.writeText(text)", two)
    shell.wait_prompt()
    shell.press("Control+Shift+V")
    shell.wait_for(r"# echo one\necho two$")
    assert not re.search(r"^one$", shell.screen(), re.M)
    shell.press("Enter")
    shell.wait_for(r"^one\ntwo$")


def test_a_command_of_the_instructions_can_be_copied(visit: Visit) -> None:
    visitor, shell = lab(visit)
    block = visitor.open_step("disks").locator("pre", has_text="PARTTYPENAME")
    block.locator("button").click()
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == "lsblk -o NAME,SIZE,PARTTYPENAME"
    shell.press("Control+Shift+V")
    shell.press("Enter")
    shell.wait_for(r"^vdb\s+256M")


def test_the_machine_knows_how_large_the_screen_is(visit: Visit) -> None:
    visitor, shell = lab(visit)

    def sizes() -> tuple[str, str]:
        rows = len(shell.rows())
        said = shell.output("stty size")
        return said.split()[0], str(rows)

    wide = sizes()
    assert wide[0] == wide[1]
    visitor.page.set_viewport_size({"width": 1100, "height": 620})
    visitor.page.wait_for_timeout(300)
    small = sizes()
    assert small[0] == small[1]
    assert int(small[0]) < int(wide[0])

    bigger = visitor.button("larger text")
    for _ in range(4):
        bigger.click()
    visitor.page.wait_for_timeout(300)
    large = sizes()
    assert large[0] == large[1]
    assert int(large[0]) < int(small[0])
    visitor.page.reload()  # The size of the letters stays with the browser.
    shell.wait_prompt()
    assert sizes() == large


def test_the_scrollback_can_be_searched(visit: Visit) -> None:
    _, shell = lab(visit)
    shell.run("seq 1000 1300")
    assert "1042" not in shell.screen()
    shell.press("Control+Shift+F")
    field = shell.panel.locator(".search input")
    expect(field).to_be_focused()
    field.fill("1042")
    shell.wait_for(r"^1042$")
    field.fill("not in there")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press("Escape")
    expect(field).to_be_hidden()
    shell.type("echo back-at-the-prompt")
    shell.press("Enter")
    shell.wait_for(r"^back-at-the-prompt$")


def test_terminals_open_in_tabs_and_end_one_by_one(visit: Visit) -> None:
    visitor, shell = lab(visit)
    first = shell.output("echo $$")
    visitor.button("new terminal").click()
    tabs = visitor.page.get_by_role("tab")
    expect(tabs).to_have_count(2)
    shell.wait_prompt()
    assert shell.output("echo $$") != first

    # By keyboard: out of the terminal, to the other tab.
    shell.press("Control+Shift+ArrowUp")
    visitor.page.keyboard.press("ArrowLeft")
    visitor.page.keyboard.press("Enter")
    assert shell.output("echo $$") == first

    visitor.page.locator(".close").last.click()
    expect(tabs).to_have_count(1)
    assert shell.output("echo $$") == first


def test_an_ended_shell_offers_a_new_one(visit: Visit) -> None:
    visitor, shell = lab(visit)
    before = shell.output("echo $$")
    shell.start("exit")
    visitor.button("open a new one").click()
    shell.wait_until(
        lambda: bool(PROMPT.match(shell.last_line())) and "exit" in shell.screen(),
        "No new prompt below the old shell",
    )
    assert shell.output("echo $$") != before


def test_full_screen_programs_leave_the_screen_as_it_was(visit: Visit) -> None:
    visitor, shell = lab(visit)
    shell.run("echo before-the-pager")
    shell.start("less /etc/passwd")
    shell.wait_for(r"^root:x:0:0")
    assert "before-the-pager" not in shell.screen()
    shell.type("q")
    shell.wait_for(r"^before-the-pager$")
    shell.wait_prompt()
    visitor.end_lab()
