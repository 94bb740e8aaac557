"""Several machines on segments, as the lab page shows and breaks them, without any."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.accessibility import violations
from tests.e2e.faked import Fake, machine, segment

pytestmark = pytest.mark.e2e

EVERYTHING = [
    *("disk.pull", "disk.insert", "cable.cut", "cable.plug"),
    *("power.off", "power.on", "power.reset", "node.freeze", "node.thaw"),
    *("segment.off", "segment.on", "net.partition", "net.heal"),
    *("net.shape", "net.clear", "process.kill", "process.stop"),
]

Show = Callable[..., Page]


@pytest.fixture
def fake() -> Fake:
    """Two servers that watch each other on a line of their own, and a client."""
    return Fake(
        [
            machine("ha1", ("lan", "192.168.1.11/24"), ("hb", "10.0.0.1/24")),
            machine(
                "ha2",
                ("lan", "192.168.1.12/24"),
                ("hb", "10.0.0.2/24"),
                disks=("vdb",),
            ),
            machine("client", ("lan", "192.168.1.100/24")),
        ],
        [segment("lan", "192.168.1.0/24"), segment("hb", "10.0.0.0/24")],
        EVERYTHING,
    )


@pytest.fixture
def show(browser: Browser, fake: Fake) -> Iterator[Show]:
    contexts = []
    complaints: list[str] = []

    def show(*, width: int = 1440, dark: bool = False, locale: str = "ja-JP") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale=locale,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        fake.show(page)
        return page

    yield show
    for context in contexts:
        context.close()
    assert complaints == []


def fault(page: Page, kind: str, target: str) -> Locator:
    return page.locator(f"[data-fault='{kind}'][data-target='{target}']")


def nic(page: Page, node: str, name: str) -> Locator:
    return page.locator(f"[data-node='{node}'] [data-nic='{name}']")


@pytest.mark.parametrize(
    ("width", "dark"), [(390, False), (390, True), (820, False), (1440, True)]
)
def test_the_drawing_and_the_table_keep_nobody_out(
    width: int, dark: bool, show: Show, fake: Fake
) -> None:
    fake.node("ha1").update(power="off", ready=False)
    fake.node("client")["frozen"] = True
    fake.node("ha2")["nics"][1]["plugged"] = False
    fake.segment("hb")["up"] = False
    fake.segment("lan")["partitions"].append(
        {"node": "ha1", "peer": "client", "one_way": True}
    )
    page = show(width=width, dark=dark)
    expect(nic(page, "ha2", "eth1")).to_have_attribute("data-plugged", "false")
    expect(page.locator("[data-node='client']")).to_contain_text("フリーズ中")
    expect(page.locator("[data-segment='hb']")).to_contain_text("停止中")
    expect(page.locator("[data-segment='lan']")).to_contain_text("ha1 → client 不通")
    assert violations(page) == []
    assert overflow(page) == 0

    page.locator("[data-action='table']").click()
    table = page.locator(".topology table")
    expect(table.first).to_contain_text("192.168.1.100/24")
    expect(table.first).to_contain_text("抜けています")
    expect(table.last).to_contain_text("停止中")
    assert violations(page) == []
    assert overflow(page) == 0


def overflow(page: Page) -> int:
    wider: int = page.evaluate(
        "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)"
        "(document.documentElement)"
    )
    return wider


def test_a_cable_is_cut_and_plugged_in_by_keyboard(show: Show, fake: Fake) -> None:
    page = show()
    nic(page, "ha1", "eth1").get_by_role("button").press("Enter")
    cut = fault(page, "cable.cut", "eth1")
    expect(cut).to_be_focused()
    page.keyboard.press("Enter")
    expect(nic(page, "ha1", "eth1")).to_have_attribute("data-plugged", "false")
    expect(page.locator("g.cut")).to_have_count(1)
    fault(page, "cable.plug", "eth1").press("Enter")
    expect(nic(page, "ha1", "eth1")).to_have_attribute("data-plugged", "true")
    assert fake.faults == [
        {"kind": "cable.cut", "node": "ha1", "nic": "eth1"},
        {"kind": "cable.plug", "node": "ha1", "nic": "eth1"},
    ]


def test_two_machines_are_parted_one_way_and_healed(show: Show, fake: Fake) -> None:
    page = show(locale="en-GB")
    page.locator("[data-segment='lan'] button").click()
    fault(page, "net.partition", "lan").click()
    selects = page.get_by_role("dialog").get_by_role("combobox")
    selects.first.select_option("client")
    selects.last.select_option("ha2")
    page.locator("[data-direction='back']").check()
    page.locator("[data-action='inject']").click()
    expect(page.locator("[data-segment='lan']")).to_contain_text("ha2 → client cut off")
    page.locator("[data-fault='net.heal']").click()
    expect(page.locator("[data-segment='lan']")).not_to_contain_text("cut off")
    parted = {"node": "ha2", "peer": "client", "segment": "lan", "one_way": True}
    assert fake.faults == [
        {"kind": "net.partition"} | parted,
        {"kind": "net.heal"} | parted,
    ]


def test_a_line_is_made_worse_by_figures_or_by_a_preset(show: Show, fake: Fake) -> None:
    page = show()
    page.locator("[data-segment='hb'] button").click()
    fault(page, "net.shape", "hb").click()
    figures = page.get_by_role("spinbutton")
    for field in range(3):
        figures.nth(field).fill("0")
    expect(page.locator("[data-action='inject']")).to_be_disabled()
    page.locator("[data-preset='lossy']").click()
    figures.first.fill("20")
    page.locator("[data-action='inject']").click()
    expect(page.locator("[data-segment='hb']")).to_contain_text("遅延 20 ms・損失 5 %")
    line = {"delay_ms": 20, "loss_percent": 5, "rate_kbit": 0}
    assert fake.faults == [{"kind": "net.shape", "segment": "hb"} | line]
    fault(page, "net.clear", "hb").click()
    expect(page.locator("[data-segment='hb']")).not_to_contain_text("遅延")


def test_a_refused_fault_says_why_and_keeps_what_was_typed(
    show: Show, fake: Fake
) -> None:
    page = show()
    fault(page, "process.kill", "ha1").click()
    name = page.get_by_role("dialog").get_by_role("textbox")
    name.fill("heartbeat")
    page.locator("[data-kind='process.stop']").check()
    fake.refuse = "no_such_process"
    page.locator("[data-action='inject']").click()
    expect(page.get_by_role("alert")).to_contain_text("その名前のプロセス")
    expect(name).to_have_value("heartbeat")
    page.locator("[data-action='inject']").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    stop = {"kind": "process.stop", "node": "ha1", "process": "heartbeat"}
    assert fake.faults == [stop]

    fake.refuse = "not_running"
    fault(page, "power.off", "ha1").click()
    expect(page.get_by_role("alert")).to_contain_text("電源が切れています")


def test_a_disk_that_is_back_may_have_another_name(show: Show) -> None:
    page = show()
    page.locator("[data-disk='vdb'] button").click()
    fault(page, "disk.pull", "vdb").click()
    fault(page, "disk.insert", "vdb").click()
    expect(page.locator(".faults [role='status']")).to_contain_text("別の名前")


def test_every_fault_is_explained(show: Show) -> None:
    page = show()
    for button in page.locator("[data-fault]").all():
        help_of = button.get_attribute("aria-describedby")
        expect(page.locator(f"[id='{help_of}']")).not_to_be_empty()
    page.get_by_role("button", name="故障の説明").click()
    expect(page.get_by_role("dialog").locator("dt")).to_have_count(len(EVERYTHING))
    assert violations(page) == []


def test_terminals_stand_by_their_machines_and_side_by_side(show: Show) -> None:
    page = show()
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(3)
    page.locator("[data-group='ha2'] .tool").click()
    expect(page.locator("[data-group='ha2']").get_by_role("tab")).to_have_count(2)
    assert on_screen(page) == ["ha2-2"]

    page.keyboard.press("Control+Shift+E")
    assert on_screen(page) == ["client-1", "ha2-2"]
    page.keyboard.press("Control+Shift+ArrowDown")
    page.keyboard.press("Control+Shift+ArrowRight")
    assert on_screen(page) == ["ha1-1", "ha2-2"]
    assert violations(page) == []

    page.reload()  # What was on the screen stays with the browser.
    expect(tabs).to_have_count(3)  # The made-up server forgets terminals.
    assert on_screen(page) == ["ha1-1"]
    page.keyboard.press("Control+Shift+ArrowUp")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Ctrl+Shift+E")


def on_screen(page: Page) -> list[str]:
    page.wait_for_timeout(200)
    shown = page.locator("[data-terminal]:has([data-state]:not(.hidden))")
    return sorted(each.get_attribute("data-terminal") or "" for each in shown.all())


def test_the_end_is_announced_and_put_off_with_one_click(
    show: Show, fake: Fake
) -> None:
    fake.seconds_left = 540
    page = show()
    warning = page.locator("[data-urgency]")
    expect(warning).to_have_attribute("data-urgency", "soon")
    expect(warning).to_have_attribute("role", "status")
    assert violations(page) == []
    fake.seconds_left = 100
    fake.tell()
    expect(page.get_by_role("alert")).to_contain_text("残り2分")
    warning.locator("[data-action='extend']").click()
    expect(warning).to_have_count(0)
