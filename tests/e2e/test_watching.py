"""The tests' own eyes: whatever a page does wrong is noticed."""

import pytest

from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e

WRONGS = {
    "console error: it hurts": "console.error('it hurts')",
    "page error: unheard of": "setTimeout(() => { throw Error('unheard of') })",
    "CSP violation connect-src": "fetch('http://127.0.0.2:9/').catch(() => {})",
    "request to a foreign host": "location.href = 'http://127.0.0.2:9/'",
    "request failed": "location.href = 'http://127.0.0.2:9/'",
    "CSP violation script-src": "document.head.append(Object.assign("
    "document.createElement('script'), {textContent: '0'}))",
    "status of 404": "fetch('/api/v1/no-such-thing')",
}


@pytest.mark.parametrize("noticed", WRONGS)
def test_a_wrong_is_noticed(noticed: str, visit: Visit) -> None:
    visitor = visit("ja")
    visitor.watch.expect(r"status of 401 .*/api/v1/me\)")
    visitor.go("/sign-in")
    visitor.page.locator("#name").wait_for()
    assert visitor.watch.problems == []
    visitor.page.evaluate(f"() => {{ {WRONGS[noticed]} }}")
    visitor.page.wait_for_timeout(300)
    problems = visitor.watch.problems
    assert [each for each in problems if noticed in each], problems
    visitor.watch.problems.clear()
