"""What axe-core finds on a page, of the kinds that keep people out."""

from functools import cache
from typing import Any

from playwright.sync_api import Page

from nines.config import ROOT

AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
KEEPS_OUT = ("serious", "critical")


@cache
def axe() -> str:
    return AXE.read_text()


def violations(page: Page) -> list[str]:
    """One line for each serious violation: the rule, and where."""
    page.evaluate(axe())
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes'][:3]]}"
        for each in found["violations"]
        if each["impact"] in KEEPS_OUT
    ]
