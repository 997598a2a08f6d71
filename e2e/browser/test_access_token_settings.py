"""Access Token Settings: what a change would stop is shown before it is saved, and holds from the next request on."""

import pytest
from playwright.sync_api import expect

import secrets_shown
from accounts import OWNER, new_account
from own_tokens import KEYS, PERSONAL, make, status_of

DIALOG = "#settings-dialog"
LEGACY = "/user/account/legacy-token"
KINDS = {"Personal Access Tokens": PERSONAL, "Key Tokens": KEYS, "Legacy Tokens": LEGACY}


@pytest.fixture
def people(visit, new_server):
    """An organization of two: the owner, and a member with tokens."""
    server = new_server().start("--enable-legacy-tokens")
    owner, member = visit(server), visit(server)
    owner.sign_in(OWNER)
    account = new_account(server)
    member.sign_in(account)
    return server, owner, member, account


def open_dialog(owner):
    owner.go("/organization")
    owner.press("Access Token Settings")
    expect(owner.page.locator(DIALOG)).to_be_visible()
    return owner.page.locator(DIALOG)


def own_token(member, path):
    if path != LEGACY:
        return make(member, path, "in use")
    member.go(LEGACY)
    if member.page.get_by_role("button", name="Create").is_visible():
        member.press("Create")
    return secrets_shown.shown(member)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_switched_off_and_its_tokens_stop(people, kind):
    server, owner, member, account = people
    secret = own_token(member, KINDS[kind])
    assert status_of(server, secret) == 200

    dialog = open_dialog(owner)
    dialog.get_by_role("switch", name=kind).uncheck()
    dialog.get_by_role("button", name="Save").click()
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("Save the settings?")
    expect(owner.page.get_by_role("main")).to_contain_text("stop")
    expect(owner.page.get_by_role("row").filter(has_text=account.email)).to_be_visible()
    assert status_of(server, secret) == 200

    owner.press("Back to the settings")
    expect(owner.page.get_by_role("switch", name=kind)).not_to_be_checked()
    owner.press("Save")
    owner.page.get_by_role("main").get_by_role("button", name="Save and stop").click()
    expect(owner.page.get_by_role("status")).to_contain_text("The settings are saved")
    assert status_of(server, secret) == 401

    member.go(KINDS[kind])
    expect(member.page.get_by_role("main")).to_contain_text("Your organization has switched")
    expect(member.page.get_by_role("button", name="Create")).to_have_count(0)
    if member.way.width > 1000:
        side = member.page.get_by_role("navigation", name="Account & Settings")
        expect(side.get_by_role("link").filter(has_text="switched off")).to_have_count(1)

    dialog = open_dialog(owner)
    dialog.get_by_role("switch", name=kind).check()
    dialog.get_by_role("button", name="Save").click()
    expect(owner.page.get_by_role("status")).to_contain_text("The settings are saved")
    assert status_of(server, secret) == 200


def test_maximum_is_said_beside_the_lifetime(people):
    _, owner, member, _ = people
    dialog = open_dialog(owner)
    dialog.get_by_label("Maximum Time-to-Live").fill("30")
    dialog.get_by_role("button", name="Save").click()
    if owner.page.get_by_role("heading", name="Save the settings?").is_visible():
        owner.page.get_by_role("main").get_by_role("button", name="Save and stop").click()
    expect(owner.page.get_by_role("status")).to_contain_text("The settings are saved")
    member.go(KEYS)
    expect(member.page.get_by_label("Lifetime in days")).to_have_accessible_description(
        "Your organization allows at most 30 days. Left empty: 30 days.")
    member.fill(name="too long", ttl_days="31")
    member.press("Create")
    expect(member.page.get_by_label("Lifetime in days")).to_have_attribute("aria-invalid", "true")
    expect(member.page.get_by_label("Lifetime in days")).to_have_value("31")


def test_wrong_number_is_said_beside_its_field_and_kept(people):
    _, owner, _, _ = people
    dialog = open_dialog(owner)
    dialog.get_by_label("Maximum Time-to-Live").fill("many")
    dialog.get_by_role("button", name="Save").click()
    field = owner.page.get_by_label("Maximum Time-to-Live")
    expect(field).to_have_value("many")
    expect(field).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("height", [800, 700])
def test_buttons_of_the_dialog_stay_in_sight(people, height):
    _, owner, _, _ = people
    owner.page.set_viewport_size({"width": owner.way.width, "height": height})
    dialog = open_dialog(owner)
    in_sight(owner, dialog)
    dialog.locator("summary", has_text="More").click()
    field = dialog.get_by_label("Where tokens are let in from")
    field.focus()
    in_sight(owner, dialog)
    # Nor does what stays in sight lie over the field that is written in.
    lower_edge = field.bounding_box()["y"] + field.bounding_box()["height"]
    assert lower_edge <= dialog.get_by_role("button", name="Save").bounding_box()["y"]


def in_sight(visitor, dialog):
    for name in ("Save", "Cancel"):
        expect(dialog.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_dialog_is_left_without_a_change(people):
    _, owner, _, _ = people
    dialog = open_dialog(owner)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    owner.press("Access Token Settings")
    owner.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
