"""The meter below the terminals, as a student reads it and answers it."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import violations
from tests.e2e.metered import (
    NEVER_UP,
    VIP,
    Metered,
    line,
    outage,
    power_off,
    show,
    span,
)

pytestmark = pytest.mark.e2e

Open = Callable[..., Page]


@pytest.fixture
def fake() -> Metered:
    return Metered()


@pytest.fixture
def visit_meter(browser: Browser, fake: Metered) -> Iterator[Open]:
    contexts = []
    complaints: list[str] = []

    def visit(*, width: int = 1440, dark: bool = False, locale: str = "ja-JP") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale=locale,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        show(fake, page)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def details(page: Page) -> None:
    page.locator("[data-action=meter-details]").click()


def test_the_last_gap_and_the_figures_are_there(
    fake: Metered, visit_meter: Open
) -> None:
    power_off(fake, 39.8)
    page = visit_meter()
    expect(page.locator(".figs .gap dd")).to_have_text("31.4秒")
    ribbon = page.locator(".meter").get_by_role("img")
    expect(ribbon).to_contain_text("ha1 電源を落としました")
    vip = "代表IP：いま稼働、停止1回、稼働率 68.6 %"
    web = "代表IPのWeb：いま稼働、停止0回、稼働率 100 %"
    expect(ribbon).to_have_accessible_name(f"稼働の帯。{vip}。{web}")


def test_chapter_1s_formula_has_the_students_own_figures(visit_meter: Open) -> None:
    page = visit_meter()
    details(page)
    expect(page.locator(".formula")).to_contain_text("68.6 + 31.4")
    expect(page.locator(".formula b")).to_have_text("68.6 %")


def test_it_moves_with_every_event(fake: Metered, visit_meter: Open) -> None:
    page = visit_meter()
    expect(page.locator(".figs .gap dd")).to_have_text("31.4秒")
    down = span(False, 100, 100.5)
    fake.tick(line(VIP, span(True, 71.4, 100), down, last=outage(100, None, 0.5)))
    expect(page.locator(".figs .isDown dt")).to_have_text("停止中")
    expect(page.locator(".meter [role=status]")).to_have_text("代表IP：停止しました")
    fake.tick(
        line(VIP, span(False, 100, 101), span(True, 101, 102), last=outage(100, 101, 1))
    )
    expect(page.locator(".meter [role=status]")).to_contain_text("復旧しました")


def test_what_was_missed_is_asked_for(fake: Metered, visit_meter: Open) -> None:
    page = visit_meter()
    expect(page.locator(".figs .gap dd")).to_have_text("31.4秒")
    fake.lines = NEVER_UP
    fake.tick(seconds=60)
    expect(page.locator(".figs .gap dd")).to_have_text("なし")
    expect(page.locator(".meter")).to_contain_text("まだ一度も応答がありません")


def test_a_prediction_is_the_sum_of_its_timers(
    fake: Metered, visit_meter: Open
) -> None:
    page = visit_meter()
    details(page)
    page.get_by_role("checkbox", name="引き継ぎ").check()
    page.get_by_role("spinbutton", name="引き継ぎ (秒)").fill("2")
    page.locator("[data-action=predict]").click()

    expect(page.locator(".meter li")).to_contain_text("予想 2.0秒")
    expect(page.locator(".meter li")).to_contain_text("「deadtime」（30.0秒）")
    assert fake.asked == [{"probe": "vip", "seconds": 2, "parts": {"takeover": 2}}]


def test_counting_anew_asks_first(fake: Metered, visit_meter: Open) -> None:
    page = visit_meter()
    details(page)
    page.get_by_role("button", name="数え直す").click()
    assert fake.resets == 0
    page.locator("[data-action=meter-reset]").click()
    expect(page.locator(".figs .gap dd")).to_have_text("なし")
    assert fake.resets == 1


def test_the_ribbon_can_be_kept(visit_meter: Open, tmp_path: Path) -> None:
    page = visit_meter()
    details(page)
    for name in ("SVG", "PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        download.value.save_as(tmp_path / name)
    drawing = (tmp_path / "SVG").read_text()
    assert "var(" not in drawing
    assert drawing.startswith("<svg")
    width, height = struct.unpack(">II", (tmp_path / "PNG").read_bytes()[16:24])
    assert width > 500
    assert height > 100
    table = page.get_by_role("link", name="CSV").get_attribute("href")
    assert table is not None
    assert table.endswith("/meter.csv")


def test_a_meter_that_cannot_be_read_says_so_and_can_be_tried_again(
    fake: Metered, visit_meter: Open
) -> None:
    fake.away = True
    page = visit_meter()
    expect(page.locator(".meter [role=alert]")).to_be_visible()
    fake.away = False
    page.locator(".meter [role=alert] button").click()
    expect(page.locator(".figs .gap dd")).to_have_text("31.4秒")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
@pytest.mark.parametrize("locale", ["ja-JP", "en-GB"])
def test_nobody_is_kept_out(
    visit_meter: Open, width: int, dark: bool, locale: str
) -> None:
    page = visit_meter(width=width, dark=dark, locale=locale)
    details(page)
    expect(page.locator(".terminal").first).to_contain_text("root@ha1")
    assert violations(page) == []
    for part in (".meter", ".meter .details"):
        hidden = "(part) => part.scrollWidth - part.clientWidth"
        assert page.locator(part).evaluate(hidden) <= 1
