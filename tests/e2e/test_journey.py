"""The whole story: from a handed-out password to full points, there tomorrow too."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e import building
from tests.e2e.browser import PASSWORD
from tests.e2e.conftest import Visit
from tests.e2e.server import RunningServer
from tests.e2e.visitor import LAB, Language, Visitor

pytestmark = pytest.mark.e2e

DEGRADED = {
    "ja": "2台中 1 台だけが動いている縮退状態です。vdb がマシンに入っていません。",
    "en": "Degraded: 1 of 2 members active. Not in the machine: vdb.",
}
FULL = {"ja": "10 / 10 点", "en": "10 / 10 points"}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_student_loses_a_disk_mends_it_and_finds_the_result_tomorrow(
    language: Language, visit: Visit, server: RunningServer
) -> None:
    name = f"journey-{language}"
    one_time = server.add_person(name)
    visitor = visit(language)
    page = visitor.page

    visitor.type_credentials(name, one_time)
    visitor.choose_password(PASSWORD)
    walk_to_the_lab(visitor)

    expect(visitor.button("start the lab")).to_be_enabled()
    visitor.button("start the lab").click()
    expect(page.locator(".starting li")).to_have_count(4)
    shell = visitor.machines()

    visitor.check("create")
    assert visitor.outcome("array_is_raid1") == "failed"
    assert visitor.outcome("resync_finished") == "skipped"
    assert visitor.points() == 0

    building.create_mirror(shell)
    visitor.check("create")
    assert visitor.outcome("array_is_raid1") == "passed"
    assert visitor.outcome("resync_finished") == "passed"
    assert visitor.points() == 3

    building.mount(shell)
    building.record(shell)
    visitor.pull("vdb")
    building.notice_loss(shell)
    visitor.check("create")
    assert visitor.outcome("array_is_raid1") == "failed"
    assert DEGRADED[language] in visitor.message("array_is_raid1")

    building.forget_lost_disk(shell)
    visitor.insert("vdb")
    building.take_back(shell)

    visitor.open_step("lose")
    page.locator("[data-action='check-all']").click()
    wait_for_a_result_among_running_checks(visitor)
    visitor.checked()
    assert visitor.points() == 10
    expect(page.locator(".finish .chip.up")).to_be_visible()

    visitor.sign_out()
    with visitor.watch.network_gone():  # The sign-in page asks whether it is back.
        server.stop()
        server.start()
        visitor.sign_in(name, PASSWORD)
    page.goto(visitor.url + "/chapters/2")
    expect(row_of_the_lab(visitor)).to_contain_text(FULL[language])
    row_of_the_lab(visitor).locator("a.title").click()
    shell = visitor.machines()
    assert visitor.points() == 10
    assert visitor.outcome("survives_disk_loss") == "passed"
    assert "[UU]" in shell.output("cat /proc/mdstat")

    visitor.end_lab()
    page.reload()
    page.locator("h1").wait_for()
    expect(page.locator("[data-points='10']")).to_be_visible()


def walk_to_the_lab(visitor: Visitor) -> None:
    """Home, chapter 2, its lab: by links alone."""
    page = visitor.page
    page.locator("a[href='/chapters/2']").first.click()
    page.wait_for_url(visitor.url + "/chapters/2")
    row_of_the_lab(visitor).locator("a.title").click()
    page.wait_for_url(f"{visitor.url}/labs/{LAB}")
    page.locator("h1").wait_for()


def row_of_the_lab(visitor: Visitor) -> Locator:
    title = visitor.page.locator(f"a.title[href='/labs/{LAB}']")
    return visitor.page.locator(".ex", has=title).first


def wait_for_a_result_among_running_checks(visitor: Visitor) -> None:
    """Results come one by one: one is there while others are being looked at."""
    for _ in range(600):
        shown = visitor.page.locator("[data-check]").evaluate_all(
            "(all) => all.map((each) => each.dataset.outcome)"
        )
        if "running" in shown and "passed" in shown:
            return
        visitor.page.wait_for_timeout(100)
    raise AssertionError("All results came at once.")
