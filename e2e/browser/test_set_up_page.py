"""The first owner, by the link that a server without accounts prints."""

import re

import pytest
from playwright.sync_api import expect

from accounts import Account
from keybearer import Server

LINK = re.compile(r"^http://\S+/set-up\?token=\S+$", re.MULTILINE)
OWNER = Account("first@example.com", "Passw0rd!first")


@pytest.fixture
def fresh_server(new_server) -> Server:
    """Without an account."""
    return new_server().start_without_owner()


def test_owner_is_made_by_the_link_once(fresh_server, visit):
    visitor = visit(fresh_server)
    link = LINK.search(fresh_server.log_text())[0]
    visitor.go(link.removeprefix(fresh_server.url))

    visitor.fill(email=OWNER.email, password="short")
    # Browsers hold a short password back; a browser that does not must be told beside the field.
    visitor.page.locator("#password").evaluate("field => field.removeAttribute('minlength')")
    visitor.press("Create the owner's account")
    expect(visitor.page.get_by_label("E-mail address")).to_have_value(OWNER.email)
    expect(visitor.page.get_by_label("Password")).to_have_accessible_description(re.compile("8 to 128 characters"))
    expect(visitor.page.get_by_role("alert")).to_be_visible()

    visitor.fill(password=OWNER.password)
    visitor.press("Create the owner's account")
    expect(visitor.page.locator(".who-name")).to_have_text(OWNER.email)
    assert visitor.path == "/user/account/personal-access-token"
    visitor.open_menu()
    expect(visitor.page.locator("#user-menu")).to_contain_text("Owner of")

    later = visit(fresh_server)
    later.go(link.removeprefix(fresh_server.url), status=403)
    expect(later.page.get_by_role("main")).to_contain_text("it works once")
    later.sign_in(OWNER)


def test_sign_in_page_says_that_there_is_no_account_yet(fresh_server, visit):
    visitor = visit(fresh_server)
    visitor.go("/")
    expect(visitor.page.get_by_role("main")).to_contain_text("Open the set-up link that the server printed")


def test_guessed_link_is_refused(fresh_server, visit):
    visitor = visit(fresh_server)
    visitor.go("/set-up?token=guessed", status=403)
    expect(visitor.page.get_by_role("heading")).to_have_text("Not allowed")
