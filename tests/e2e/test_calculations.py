"""A calculation answered right, with a known slip, and with something unreadable."""

from typing import Any

import pytest
from playwright.sync_api import expect

from labkit.calculations import Exercise
from tests.e2e.conftest import Visit
from tests.e2e.drawn import drawn, typed
from tests.e2e.server import RunningServer
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

STUDENT = "reckoner"


def problem(visitor: Visitor, server: RunningServer, slug: str) -> Exercise[Any]:
    """Open a calculation and know what it asks."""
    visitor.go(f"/calculations/{slug}")
    visitor.page.wait_for_url("**/calculations/*?draw=*")
    return asked(visitor, server)


def asked(visitor: Visitor, server: RunningServer) -> Exercise[Any]:
    return drawn(server, visitor.page.url.partition("draw=")[2])


def fill(visitor: Visitor, exercise: Exercise[Any], **other: float) -> None:
    """The right values, but for those that are given."""
    for ask in exercise.asks:
        value = other.get(ask.key, exercise.solution[ask.key])
        visitor.page.locator(f"#ask-{ask.key}").fill(typed(ask, value))


@pytest.mark.parametrize(
    "slug",
    ["ch01-record", "ch01-availability", "ch01-downtime", "ch01-series"],
)
def test_a_right_answer_counts_and_is_explained(
    slug: str, visit: Visit, server: RunningServer
) -> None:
    visitor = visit("en", signed_in=STUDENT)
    exercise = problem(visitor, server, slug)
    fill(visitor, exercise)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".result.up")).to_be_visible()
    expect(visitor.page.locator(".explanation li").first).to_be_visible()
    expect(visitor.page.locator(".streak b")).to_have_text("1 / 3")

    first = visitor.page.url
    visitor.page.keyboard.press("Enter")  # The focus is on what comes next.
    visitor.page.wait_for_url(lambda url: "draw=" in url and url != first)
    expect(visitor.page.locator(".result")).to_have_count(0)


def test_a_known_slip_is_called_by_its_name_and_the_row_begins_again(
    visit: Visit, server: RunningServer
) -> None:
    visitor = visit("ja", signed_in="slipper")
    exercise = problem(visitor, server, "ch01-series")
    fill(visitor, exercise)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".streak b")).to_have_text("1 / 3")
    first = visitor.page.url
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(lambda url: "draw=" in url and url != first)

    exercise = asked(visitor, server)
    ask = exercise.asks[0]
    mistake, value = exercise.slips(ask.key)[0]
    fill(visitor, exercise, **{ask.key: value})
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".result.down")).to_be_visible()
    said = exercise.diagnosis(mistake)
    expect(visitor.page.locator(".message")).to_have_text(said.ja)
    expect(visitor.page.locator(".streak b")).to_have_text("0 / 3")


def test_what_cannot_be_read_is_kept_and_costs_nothing(
    visit: Visit, server: RunningServer
) -> None:
    visitor = visit("ja", signed_in=STUDENT)
    visitor.watch.expect(r"status of 422 .*/answer\)")
    exercise = problem(visitor, server, "ch01-availability")
    field = visitor.page.locator(f"#ask-{exercise.asks[0].key}")
    field.fill("だいたい9割")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    expect(field).to_have_value("だいたい9割")
    expect(field).to_be_focused()

    visitor.page.reload()
    expect(field).to_have_value("だいたい9割")
    fill(visitor, exercise)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".result.up")).to_be_visible()


def test_switching_the_language_keeps_what_was_typed(visit: Visit) -> None:
    visitor = visit("ja", signed_in="switcher")
    page = visitor.page
    visitor.go("/calculations/ch01-series")
    page.wait_for_url("**/calculations/*?draw=*")
    title = page.locator("h1").inner_text()
    field = page.locator("input.num").first
    field.fill("0.98")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).not_to_have_text(title)
    expect(field).to_have_value("0.98")

    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(field).to_have_value("0.98")
