"""A browser and a server for the tests that need both, and what to keep of a failure.

`visit` opens a window for somebody; whatever goes wrong on its pages, unseen or not,
fails the test. What there was to see is kept in var/e2e/.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser

from nines.config import ROOT
from tests.e2e.browser import SignIns, Windows, chromium
from tests.e2e.server import RunningServer
from tests.e2e.visitor import Language, Visitor, slug_of

KEPT = ROOT / "var" / "e2e"

_report = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if call.when == "call":
        item.stash[_report] = report
    return report


# Of the package, not of the session: while Playwright's synchronous API is open, no
# asynchronous test can run in this process.
@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("e2e") / "state") as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def sign_ins(server: RunningServer) -> SignIns:
    return SignIns(server)


class Visit(Protocol):
    def __call__(
        self,
        language: Language = "ja",
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        url: str | None = None,
        signed_in: str | None = None,
    ) -> Visitor: ...


@pytest.fixture
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    server: RunningServer,
    sign_ins: SignIns,
) -> Iterator[Visit]:
    windows = Windows(browser, server, sign_ins)
    yield windows.open
    problems = windows.problems()
    report = request.node.stash.get(_report, None)
    if problems or report is None or report.failed:
        keep(request.node.name, windows, server, problems)
    windows.close()
    if problems and report and report.passed:
        pytest.fail("The pages complained:\n" + "\n".join(problems), pytrace=False)


def keep(
    name: str, windows: Windows, server: RunningServer, problems: list[str]
) -> None:
    """Screenshots, what the pages complained of, and the end of the server's log."""
    folder = KEPT / slug_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    for number, visitor in enumerate(windows.visitors, start=1):
        visitor.picture(folder / f"window-{number}.png")
    told = "\n".join([*problems, "", server.log_tail(200)])
    (folder / "log.txt").write_text(told)
    kept = sorted(str(each.relative_to(ROOT)) for each in folder.iterdir())
    print(f"\nKept: {', '.join(kept)}")
    print(told[-3000:])
