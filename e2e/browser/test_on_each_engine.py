"""One walk through the pages on each engine that the run covers."""

import pytest
from playwright.sync_api import expect

import databases
import secrets_shown
from accounts import OWNER
from keybearer import Server
from own_tokens import KEYS, make, status_of
from visitors import visiting


@pytest.mark.parametrize("engine_of_the_walk", databases.engines())
def test_sign_in_make_use_and_revoke(chromium, tmp_path, engine_of_the_walk):
    with databases.empty_database(engine_of_the_walk) as database:
        server = Server(tmp_path, database).start()
        try:
            with visiting(chromium, server.url) as visitor:
                visitor.sign_in(OWNER)
                secret = make(visitor, KEYS, "walk")
                assert secrets_shown.run(visitor, "the shell line").returncode == 0
                visitor.page.get_by_role("link", name="I have copied it").click()
                visitor.page.get_by_role("link", name="Revoke walk").click()
                visitor.press("Revoke walk")
                assert status_of(server, secret) == 401
                for page in ("organization", "organization/tokens", "organization/use", "organization/audit"):
                    visitor.go(f"/{page}")
                    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        finally:
            server.stop()
