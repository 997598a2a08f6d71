"""The first owner, by the link that a server without accounts prints."""

import pytest
from playwright.sync_api import expect

from keybearer import Server


@pytest.fixture
def fresh_server(new_server) -> Server:
    """Without an account."""
    return new_server().start_without_owner()


def test_sign_in_page_says_that_there_is_no_account_yet(fresh_server, visit):
    visitor = visit(fresh_server)
    visitor.go("/")
    expect(visitor.page.get_by_role("main")).to_contain_text("Open the set-up link that the server printed")


def test_guessed_link_is_refused(fresh_server, visit):
    visitor = visit(fresh_server)
    visitor.go("/set-up?token=guessed", status=403)
    expect(visitor.page.get_by_role("heading")).to_have_text("Not allowed")
