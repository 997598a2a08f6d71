"""Label Studio's own web pages, in Chromium, make, show and revoke Keybearer's tokens and change its settings."""

import json
import re

import httpx
from playwright.sync_api import BrowserContext, Page, expect

from studio import OWNER

JWT = re.compile(r"^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$")


def whoami(gateway, token: str) -> httpx.Response:
    return httpx.get(f"{gateway.url}/api/current-user/whoami", headers={"Authorization": f"Bearer {token}"})


def tokens_of_the_account(page: Page) -> None:
    """Goes there by the menu: the page itself leaves the address for another when its settings come late."""
    page.goto("/user/account")
    page.get_by_role("link", name="Personal Access Token").click()
    expect(page.get_by_role("button", name="Create New Token")).to_be_visible()


def test_the_account_page_makes_a_token_that_works_and_revokes_it(gateway, window: BrowserContext):
    # Label Studio's page makes a token for whoever has none.
    for token in json.loads(gateway.cli("token", "list", "--email", OWNER, "--kind", "personal", "--state", "active", "--json")):
        gateway.cli("token", "revoke", token["id"])
    page = window.new_page()
    tokens_of_the_account(page)
    page.get_by_role("button", name="Create New Token").click()
    field = page.get_by_role("textbox")
    expect(field).to_have_value(JWT)
    token = field.input_value()
    # Label Studio itself would refuse it unexchanged, and does not know it.
    assert whoami(gateway, token).json()["email"] == OWNER

    tokens_of_the_account(page)
    revoke = page.get_by_role("button", name="Revoke")
    expect(revoke).to_have_count(1)
    revoke.click()
    page.locator(".lsf-modal-ls").get_by_role("button", name="Revoke").click()
    expect(revoke).to_have_count(0)
    refused = whoami(gateway, token)
    assert (refused.status_code, refused.json()["code"]) == (401, "revoked")


def test_the_organizations_dialog_changes_keybearers_settings(gateway, new_token, window: BrowserContext):
    token = new_token("legacy")
    page = window.new_page()

    def switch_legacy() -> None:
        page.goto("/organization")
        page.get_by_role("button", name="Show API token settings").click()
        page.locator("label", has_text="Legacy Tokens").click()
        with page.expect_response(lambda answer: answer.request.method == "POST" and "/jwt/settings" in answer.url) as said:
            page.get_by_role("button", name="Save Changes").click()
        assert said.value.status == 200

    assert whoami(gateway, token).status_code == 200
    switch_legacy()
    refused = whoami(gateway, token)
    assert (refused.status_code, refused.json()["code"]) == (401, "type_disabled")
    assert '"legacy_api_tokens_enabled": false' in gateway.cli("org", "show", "--json")
    switch_legacy()
    assert whoami(gateway, token).status_code == 200


def test_label_studios_projects_work_as_before(window: BrowserContext, project):
    page = window.new_page()
    page.goto(f"/projects/{project}/data")
    expect(page.get_by_text("Moods").first).to_be_visible()
    expect(page.get_by_text("one", exact=True).first).to_be_visible()
