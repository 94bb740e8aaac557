"""What a student is told when time runs out or another lab stands in the way."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from nines.config import ROOT
from tests.e2e.browser import PASSWORD
from tests.e2e.conftest import Visit
from tests.e2e.server import RunningServer
from tests.e2e.visitor import LAB, Visitor

pytestmark = pytest.mark.e2e

OTHER = "ch02-second-mirror"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Has a second lab, and sessions that are short from the start."""
    folder = tmp_path_factory.mktemp("strict")
    labs = folder / "labs"
    shutil.copytree(ROOT / "labs", labs)
    shutil.copytree(ROOT / "labs/ch02/raid1-mdadm", labs / "ch02/second-mirror")
    settings = {
        "NINES_LABS_DIR": str(labs),
        "NINES_SESSION_MINUTES": "2",
        "NINES_MAX_EXTENSIONS": "1",
    }
    with RunningServer(folder / "state", settings=settings) as running:
        yield running


def sign_in(visit: Visit, server: RunningServer, name: str) -> Visitor:
    visitor = visit("ja", url=server.url)
    visitor.type_credentials(name, server.add_person(name))
    visitor.choose_password(PASSWORD)
    return visitor


def test_the_last_minutes_are_announced_and_can_be_extended_once(
    visit: Visit, strict: RunningServer
) -> None:
    visitor = sign_in(visit, strict, "latecomer")
    visitor.open_lab()
    visitor.start_lab()
    warning = visitor.page.get_by_role("alert")
    expect(warning).to_contain_text("延長", timeout=70_000)
    visitor.button("extend").click()
    expect(warning).to_have_count(0)
    expect(visitor.button("extend")).to_be_disabled()
    visitor.end_lab()


def test_another_running_lab_is_named_and_can_be_ended_from_here(
    visit: Visit, strict: RunningServer
) -> None:
    visitor = sign_in(visit, strict, "double")
    page = visitor.page
    visitor.open_lab()
    visitor.start_lab()
    visitor.go(f"/labs/{OTHER}")
    back = page.get_by_role("link", name="動いている演習へ")
    back.click()
    page.wait_for_url(f"{visitor.url}/labs/{LAB}")
    visitor.machines()

    visitor.go(f"/labs/{OTHER}")
    page.get_by_role("button", name="そちらを終えて、これを始める").click()
    shell = visitor.machines()
    assert shell.output("ls /root") == "tokens"
    visitor.end_lab()
    assert strict.containers() == []
