"""Sign-up by an organization's invite link."""

import re

import pytest
from playwright.sync_api import expect

from accounts import OWNER, Account, new_account


@pytest.fixture
def invite(standing_server) -> str:
    """The path of the invite link."""
    token = standing_server.cli("token", "create", "--email", OWNER.email, "--kind", "key")
    with standing_server.http(Authorization=f"Token {token}") as http:
        return http.get("/api/invite").json()["invite_url"].removeprefix(standing_server.url)


def test_somebody_signs_up_and_is_a_member(visitor, invite, way):
    newcomer = Account(f"newcomer-{way}@example.com", "Passw0rd!newcomer")
    visitor.go(invite)
    visitor.fill(email=newcomer.email, password=newcomer.password)
    visitor.press("Create account")
    expect(visitor.page.locator(".who-name")).to_have_text(newcomer.email)
    visitor.open_menu()
    expect(visitor.page.locator("#user-menu")).to_contain_text("Member of")
    visitor.page.keyboard.press("Escape")
    visitor.sign_out()
    visitor.sign_in(newcomer)


def test_address_that_is_taken_is_said_beside_its_field(visitor, invite, standing_server):
    taken = new_account(standing_server)
    visitor.go(invite)
    visitor.fill(email=taken.email, password="Passw0rd!another")
    visitor.press("Create account")
    address = visitor.page.get_by_label("E-mail address")
    expect(address).to_have_value(taken.email)
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_have_accessible_description(re.compile(r"\w+"))


def test_link_that_was_reset_says_so(visitor):
    visitor.go("/user/signup/?token=of-yesterday", status=403)
    expect(visitor.page.get_by_role("main")).to_contain_text(re.compile("invite", re.IGNORECASE))
