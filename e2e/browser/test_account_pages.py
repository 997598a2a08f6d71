"""Account & Settings: the name, the password, the sessions, the legacy token."""

import re
from dataclasses import replace

from playwright.sync_api import expect

import secrets_shown
from own_tokens import status_of

LEGACY = "/user/account/legacy-token"


def test_menu_leads_to_account_and_settings(visitor, member):
    visitor.sign_in(member)
    visitor.open_menu()
    expect(visitor.page.locator("#user-menu")).to_contain_text(f"{member.email}")
    visitor.page.get_by_role("link", name="Account & Settings").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Personal Info")
    side = visitor.page.get_by_role("navigation", name="Account & Settings")
    for entry in ("Personal Access Tokens", "Key Tokens", "Legacy Token", "Password", "Sessions", "Personal Info"):
        side.get_by_role("link", name=entry).click()
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text(entry)
        expect(side.get_by_role("link", name=entry)).to_have_attribute("aria-current", "page")


def test_name_is_shown_where_the_address_was(visitor, member):
    visitor.sign_in(member)
    visitor.go("/user/account/personal-info")
    visitor.fill(first_name="Grace", last_name="O'Hopper & <Sons>")
    visitor.press("Save")
    expect(visitor.page.get_by_role("status")).to_contain_text("saved")
    expect(visitor.page.locator(".who-name")).to_have_text("Grace O'Hopper & <Sons>")
    expect(visitor.page.get_by_label("Last name")).to_have_value("O'Hopper & <Sons>")


def test_changed_password_signs_out_everywhere_else(visit, standing_server, member):
    here, elsewhere = visit(standing_server), visit(standing_server)
    for visitor in (here, elsewhere):
        visitor.sign_in(member)
    changed = replace(member, password="Passw0rd!changed")
    here.go("/user/account/password")
    here.fill(present_password="not it", password=changed.password, repeated_password=changed.password)
    here.press("Change password")
    expect(here.page.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
    here.fill(present_password=member.password, password=changed.password, repeated_password="Passw0rd!other")
    here.press("Change password")
    expect(here.page.get_by_label("New password again")).to_have_attribute("aria-invalid", "true")

    here.fill(present_password=member.password, password=changed.password, repeated_password=changed.password)
    here.press("Change password")
    expect(here.page.get_by_role("status")).to_contain_text("changed")
    elsewhere.go("/user/account/personal-info")
    assert elsewhere.path.startswith("/user/login/?next=")
    elsewhere.fill(email=member.email, password=member.password)
    elsewhere.press("Sign in")
    expect(elsewhere.page.get_by_role("alert")).to_be_visible()
    elsewhere.sign_in(changed)
    assert elsewhere.path == "/user/account/personal-info"


def test_sessions_elsewhere_are_seen_and_ended(visit, standing_server, member):
    here, second, third = visit(standing_server), visit(standing_server), visit(standing_server)
    for visitor in (here, second, third):
        visitor.sign_in(member)
    here.go("/user/account/sessions")
    sessions = here.page.get_by_role("main").get_by_role("row").filter(has_text="127.0.0.1")
    expect(sessions).to_have_count(3)
    expect(sessions.filter(has_text="this one")).to_have_count(1)
    expect(sessions.first).to_contain_text("Chrome on Linux")

    # The newest one comes first among the others: the third visitor's.
    sessions.filter(has_not_text="this one").first.get_by_role("button", name=re.compile("Sign out")).click()
    expect(here.page.get_by_role("status")).to_be_visible()
    expect(sessions).to_have_count(2)
    here.press("Sign out everywhere else")
    expect(sessions).to_have_count(1)
    for visitor in (second, third):
        visitor.go("/user/account/sessions")
        assert visitor.path.startswith("/user/login/?next=")
    here.page.reload()
    expect(here.page.get_by_role("heading", level=1)).to_have_text("Sessions")


def test_legacy_token_stays_visible_and_is_reset(visitor, standing_server, member):
    visitor.sign_in(member)
    visitor.go(LEGACY)
    if visitor.page.get_by_role("button", name="Create").is_visible():
        visitor.press("Create")
    secret = secrets_shown.shown(visitor)
    assert re.fullmatch(r"[0-9a-f]{40}", secret)
    done = secrets_shown.run(visitor, "the shell line")
    assert done.returncode == 0 and member.email in done.stdout, done
    done = secrets_shown.run(visitor, "the Python lines")
    assert done.returncode == 0 and done.stdout.strip() == member.email, done
    visitor.go(LEGACY)
    assert secrets_shown.shown(visitor) == secret

    visitor.page.get_by_role("link", name="Reset").click()
    visitor.reload_until(visitor.page.get_by_role("main"), "It was last used just now from 127.0.0.1")
    visitor.press("Reset")
    expect(visitor.page.get_by_role("status")).to_contain_text("You have a new legacy token")
    assert [status_of(standing_server, one) for one in (secret, secrets_shown.shown(visitor))] == [401, 200]
