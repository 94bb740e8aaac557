"""What must outlive a dead server, a lost network and a closed window: the shell."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e import building
from tests.e2e.conftest import Visit
from tests.e2e.server import RunningServer
from tests.e2e.shell import Shell
from tests.e2e.visitor import Visitor
from tests.e2e.wire import Wire

pytestmark = pytest.mark.e2e

STUDENT = "survivor"
# Prints for about ten seconds, so that something is printed while nobody is there.
COUNT = 'for i in $(seq 1 200); do echo "line $i."; sleep 0.05; done'


@pytest.fixture
def wire(server: RunningServer) -> Iterator[Wire]:
    with Wire(server.port) as wire:
        yield wire


def lab(visit: Visit, url: str | None = None) -> tuple[Visitor, Shell]:
    """The student's lab, started by whichever test comes first; a fresh screen."""
    visitor = visit(signed_in=STUDENT, url=url)
    visitor.open_lab()
    shell = visitor.start_or_return()
    shell.run("clear")
    return visitor, shell


def identity(shell: Shell) -> str:
    """Which shell this is, by its process and a variable of its own."""
    return shell.output('echo "$$ ${mark:=$RANDOM$RANDOM}"')


def counted(shell: Shell) -> list[int]:
    """The numbers that COUNT has printed, as far as the scrollback goes."""
    found = [re.fullmatch(r"line (\d+)\.", line) for line in shell.everything()]
    return [int(match[1]) for match in found if match]


def test_a_killed_server_takes_neither_shell_nor_lab_nor_attempt_with_it(
    visit: Visit, server: RunningServer
) -> None:
    visitor, shell = lab(visit)
    building.create_mirror(shell)
    building.mount(shell)
    before = identity(shell)
    shell.start(COUNT)
    shell.wait_for(r"^line 20\.")
    visitor.open_step("lose").locator("[data-action='check']").click()
    check = visitor.page.locator("[data-check='survives_disk_loss']")
    expect(check).to_have_attribute("data-outcome", "running", timeout=30_000)

    with visitor.watch.network_gone():
        server.kill()
        visitor.page.wait_for_timeout(2000)
        server.start()
        shell.wait_for(r"^line 200\.")
        shell.wait_prompt()
        visitor.checked()

    assert counted(shell) == list(range(1, 201))
    assert identity(shell) == before
    assert visitor.outcome("survives_disk_loss") in ("none", "passed", "failed")
    visitor.check("lose")
    assert visitor.outcome("survives_disk_loss") == "passed"
    assert "[UU]" in shell.output("cat /proc/mdstat")


def test_a_broken_connection_leads_back_to_the_same_shell(
    visit: Visit, wire: Wire
) -> None:
    visitor, shell = lab(visit, wire.url)
    before = identity(shell)
    shell.start(COUNT)
    shell.wait_for(r"^line 10\.")
    with visitor.watch.network_gone():
        assert wire.cut()
        shell.wait_for(r"^line 60\.")
        wire.unplug()
        notice = shell.panel.locator(".notice")
        expect(notice).to_be_visible()
        visitor.page.wait_for_timeout(2000)
        wire.plug()
        shell.wait_for(r"^line 200\.")
        expect(notice).to_be_hidden()
    assert counted(shell) == list(range(1, 201))
    assert identity(shell) == before


def test_a_page_that_is_loaded_again_shows_the_same_shell(visit: Visit) -> None:
    visitor, shell = lab(visit)
    before = identity(shell)
    shell.run("echo still-here")
    visitor.page.reload()
    shell.wait_for(r"^still-here$")
    shell.wait_prompt()
    assert identity(shell) == before


def test_two_windows_show_the_same_shell(visit: Visit) -> None:
    _, here = lab(visit)
    _, there = lab(visit)
    here.run("echo typed-$((40 + 2))-here")
    there.wait_for(r"^typed-42-here$")
    there.run("echo typed-$((40 + 3))-there")
    here.wait_for(r"^typed-43-there$")
    assert identity(here) == identity(there)


def test_a_shell_that_went_down_with_its_machine_is_followed_by_another(
    visit: Visit,
) -> None:
    visitor, shell = lab(visit)
    shell.run("echo before-the-reset")
    visitor.page.locator("[data-fault='power.reset']").click()
    shell.wait_for(r"(ここから新しいシェル|a new shell)", within=90)
    shell.wait_prompt()
    assert "before-the-reset" in shell.screen()
    shell.run("echo after-$((1 + 1))")
    assert "after-2" in shell.screen()
    visitor.end_lab()
