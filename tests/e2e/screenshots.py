"""`python -m tests.e2e.screenshots`: the README's pictures, of real machines."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e import building
from tests.e2e.browser import SignIns, Windows, chromium
from tests.e2e.drawn import drawn, typed
from tests.e2e.server import RunningServer
from tests.e2e.shell import Shell
from tests.e2e.visitor import LAB, Visitor

FOLDER = Path(__file__).parent / "screenshots"
LARGEST = 250_000
STUDENT = "hanako"


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningServer(Path(folder) / "state") as server,
        chromium() as browser,
    ):
        windows = Windows(browser, server, SignIns(server))
        calculation(windows, server)
        lab(windows)
        chapter(windows)
        if problems := windows.problems():
            print("The pages complained:", *problems, sep="\n", file=sys.stderr)
            return 1
    too_large = [each for each in FOLDER.glob("*.png") if each.stat().st_size > LARGEST]
    for each in too_large:
        print(f"{each.name} is larger than {LARGEST // 1000} KB.", file=sys.stderr)
    return 1 if too_large else 0


def calculation(windows: Windows, server: RunningServer) -> None:
    """One answered right, with its worked solution."""
    visitor = windows.open("ja", signed_in=STUDENT)
    visitor.go("/calculations/ch01-series")
    visitor.page.wait_for_url("**/calculations/*?draw=*")
    exercise = drawn(server, visitor.page.url.partition("draw=")[2])
    for ask in exercise.asks:
        value = exercise.solution[ask.key]
        shown = f"{float(typed(ask, value)):.5f}"
        visitor.page.locator(f"#ask-{ask.key}").fill(shown)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".result.up")).to_be_visible()
    take(visitor, "calculation-ja")


def lab(windows: Windows) -> None:
    """A mirror that has just lost a disk."""
    visitor = windows.open("ja", signed_in=STUDENT)
    visitor.open_lab()
    shell = visitor.start_lab()
    building.everything(shell)
    shell.run("clear")
    visitor.check("create")
    visitor.check("mount")
    visitor.pull("vdb")
    degrade(shell)
    visitor.check("create")
    step = visitor.step("create")
    step.locator(".hint").first.click()
    step.locator(".checks").evaluate("(e) => e.scrollIntoView({block: 'center'})")
    shell.focus()
    take(visitor, "lab-ja")

    reader = windows.open("ja", width=390, height=844, signed_in=STUDENT)
    reader.open_lab()
    reader.machines()
    reader.open_step("lose").evaluate("(e) => e.scrollIntoView()")
    reader.page.mouse.wheel(0, -90)
    take(reader, "lab-ja-390")

    other = windows.open("en", dark=True, signed_in=STUDENT)
    other.open_lab()
    other.machines().focus()
    lose = other.open_step("lose")
    lose.evaluate("(e) => e.scrollIntoView({block: 'start'})")
    take(other, "lab-en-dark")
    visitor.end_lab()


def degrade(shell: Shell) -> None:
    shell.run("lsblk -o NAME,SIZE,TYPE,MOUNTPOINTS")
    shell.run("date >> /data/diary && sync && cat /proc/mdstat")
    shell.wait_for(r"\[2/1\] \[_U\]")
    shell.run("cd /data/tokens && sha256sum -c SHA256SUMS; cd")


def chapter(windows: Windows) -> None:
    visitor = windows.open("ja", signed_in=STUDENT)
    visitor.go("/chapters/2")
    visitor.page.locator(f"a.title[href='/labs/{LAB}']").first.wait_for()
    take(visitor, "chapter-ja")


def take(visitor: Visitor, name: str) -> None:
    visitor.page.wait_for_timeout(600)  # Nothing is on the move any more.
    file = FOLDER / f"{name}.png"
    visitor.picture(file)
    print(f"{file.name}: {file.stat().st_size // 1000} KB")


if __name__ == "__main__":
    sys.exit(main())
