"""The panel that shows a secret: read as somebody would, and its lines run as they stand."""

import subprocess
import sys

from playwright.sync_api import expect

from keybearer import environment
from visitors import Visitor

BLOCKS = {"the token": "secret", "the shell line": "curl", "the Python lines": "python"}
RUNNERS = {"the shell line": ["bash", "-eu", "-o", "pipefail", "-c"], "the Python lines": [sys.executable, "-c"]}


def copied(visitor: Visitor, what: str) -> str:
    """By the button "Copy …" where there are scripts, read off the page where there are none."""
    block = visitor.page.locator(".copyable").and_(visitor.page.locator(f":has(#{BLOCKS[what]})"))
    text = block.locator("pre").text_content()
    button = block.locator("button")
    if not visitor.way.scripts:
        expect(button).to_be_hidden()
        return text
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(button).to_have_accessible_name(f"Copy {what}")
    button.click()
    expect(button).to_have_text("Copied")
    assert visitor.page.evaluate("navigator.clipboard.readText()") == text
    return text


def shown(visitor: Visitor) -> str:
    """The secret itself."""
    secret = copied(visitor, "the token")
    visitor.watch.secrets.add(secret)
    return secret


def run(visitor: Visitor, what: str) -> subprocess.CompletedProcess:
    """Runs the lines that the page shows, as somebody would who pastes them."""
    return subprocess.run([*RUNNERS[what], copied(visitor, what)], capture_output=True, text=True, timeout=60,
                          env=environment())
