"""axe-core, from disk, on the page that a browser shows."""

import functools
from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"


@functools.cache
def source() -> str:
    assert SOURCE.exists(), f"{SOURCE} is missing: npm ci --prefix {SOURCE.parents[2]}"
    return SOURCE.read_text()


def violations(page: Page) -> list[str]:
    """What axe finds, one line an element."""
    page.evaluate(source())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{violation['id']} ({violation['impact']}): {node['html'][:200]}\n    {node['failureSummary']}"
            for violation in result["violations"] for node in violation["nodes"]]
