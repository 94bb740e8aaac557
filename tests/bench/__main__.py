"""`python -m tests.bench [terminals idle sessions pages sizes up fresh]`.

All but `fresh` when none is named. Prints a table and writes tests/bench/latest.json.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from tests.bench import pages, sessions, setting_up, terminals
from tests.bench.client import Student
from tests.bench.figures import Figure, keep, show
from tests.e2e.server import RunningServer

ALONE: dict[str, Callable[[], Iterator[Figure]]] = {
    "sizes": pages.sizes,
    "up": setting_up.second_run,
    "fresh": setting_up.fresh,
}
ON_A_SERVER: dict[str, Callable[[RunningServer], AsyncIterator[Figure]]] = {
    "terminals": terminals.measure,
    "sessions": sessions.measure,
    "idle": terminals.idle,
}
IN_A_BROWSER = "pages"
USUAL = ("sizes", "pages", "terminals", "sessions", "idle", "up")


def main(names: list[str]) -> int:
    if unknown := set(names) - {*ALONE, *ON_A_SERVER, IN_A_BROWSER}:
        print(f"There is no section {', '.join(unknown)}.\n{__doc__}", file=sys.stderr)
        return 2
    figures = []
    for name in names or USUAL:
        print(name, flush=True)
        for figure in section(name):
            show(figure)
            figures.append(figure)
            keep([figure])
    missed = [figure for figure in figures if not figure.met]
    print(f"\n{len(figures) - len(missed)} of {len(figures)} bars met.")
    return 0


def section(name: str) -> Iterator[Figure]:
    if name in ALONE:
        yield from ALONE[name]()
        return
    settings = {"NINES_LIVE_SESSIONS_PER_STUDENT": "8"}
    with (
        tempfile.TemporaryDirectory(prefix="nines-bench-") as folder,
        RunningServer(Path(folder), settings=settings) as server,
    ):
        asyncio.run(warm(server))
        if name == IN_A_BROWSER:
            yield from pages.measure(server)
        else:
            with asyncio.Runner() as runner:
                measuring = ON_A_SERVER[name](server)
                while figure := runner.run(anext(measuring, None)):
                    yield figure


async def warm(server: RunningServer) -> None:
    """Bake the template if there is none, and take the first start out of the way."""
    student = await Student.sign_in(server, "student")
    session = await student.start()
    await student.end(session)
    await asyncio.sleep(2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
