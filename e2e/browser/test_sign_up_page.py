"""Sign-up by an organization's invite link."""

import re

import pytest
from playwright.sync_api import expect

from accounts import OWNER


@pytest.fixture
def invite(standing_server) -> str:
    """The path of the invite link."""
    token = standing_server.cli("token", "create", "--email", OWNER.email, "--kind", "key")
    with standing_server.http(Authorization=f"Token {token}") as http:
        return http.get("/api/invite").json()["invite_url"].removeprefix(standing_server.url)


def test_link_that_was_reset_says_so(visitor):
    visitor.go("/user/signup/?token=of-yesterday", status=403)
    expect(visitor.page.get_by_role("main")).to_contain_text(re.compile("invite", re.IGNORECASE))
