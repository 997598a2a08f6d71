"""One's own tokens: made, used as the page says, rotated, revoked, and refused afterwards."""

import re

import pytest
from playwright.sync_api import expect

import secrets_shown
from accounts import new_account
from own_tokens import KEYS, PERSONAL, make, row, status_of
from visitors import visiting

@pytest.mark.parametrize("path", [PERSONAL, KEYS], ids=["personal", "key"])
def test_new_token_works_as_its_page_says(visitor, standing_server, member, path):
    visitor.sign_in(member)
    secret = make(visitor, path, "nightly export")
    expect(visitor.page.get_by_role("main")).to_contain_text("It will not be shown again")

    done = secrets_shown.run(visitor, "the Python lines")
    assert done.returncode == 0 and done.stdout.strip() == member.email, done
    done = secrets_shown.run(visitor, "the shell line")
    assert done.returncode == 0, done
    assert member.email in done.stdout or "access" in done.stdout, done
    assert status_of(standing_server, secret) == 200

    visitor.page.get_by_role("link", name="I have copied it").click()
    expect(row(visitor, "nightly export")).to_contain_text("Active")
    visitor.reload_until(row(visitor, "nightly export"), "127.0.0.1")
    assert secret not in visitor.page.content()


@pytest.mark.parametrize("path", [PERSONAL, KEYS], ids=["personal", "key"])
def test_back_button_does_not_bring_a_secret_back(visitor, member, path):
    visitor.sign_in(member)
    secret = make(visitor, path, "seen once")
    assert secret in visitor.page.content()
    visitor.page.get_by_role("link", name="I have copied it").click()
    expect(row(visitor, "seen once")).to_be_visible()
    # The page with the secret answered a POST and was not to be stored, so Chromium may only ask to send it again.
    visitor.page.go_back()
    assert secret not in visitor.page.content()
    visitor.page.go_forward()
    assert secret not in visitor.page.content()


def test_copy_button_pressed_twice_says_again_what_it_does(chromium, standing_server, member):
    with visiting(chromium, standing_server.url) as visitor:
        visitor.sign_in(member)
        make(visitor, KEYS, "copied")
        button = visitor.page.locator(".copyable button").first
        expect(button).to_have_accessible_name("Copy the token")
        label = button.inner_html()
        button.click()
        expect(button).to_have_text("Copied")
        button.click()
        expect(button).not_to_have_text("Copied")
        assert button.inner_html() == label


def test_answer_with_the_secret_is_stored_nowhere(visitor, member):
    visitor.sign_in(member)
    visitor.go(KEYS)
    with visitor.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        visitor.fill(name="stored nowhere")
        visitor.press("Create")
    assert answered.value.header_value("cache-control") == "no-store"
    secrets_shown.shown(visitor)


def test_wrong_fields_are_kept_and_the_fault_stands_beside_its_field(visitor, member):
    visitor.sign_in(member)
    visitor.go(KEYS)
    visitor.fill(name="kept", ttl_days="soon")
    visitor.page.get_by_text("Note, scopes and limits").click()
    visitor.fill(note="why it is there", ip_ranges="192.0.2.0/24")
    visitor.page.get_by_role("checkbox", name="read Read").check()
    visitor.press("Create")
    lifetime = visitor.page.get_by_label("Lifetime in days")
    expect(lifetime).to_have_value("soon")
    expect(lifetime).to_have_attribute("aria-invalid", "true")
    expect(lifetime).to_have_accessible_description(re.compile("whole number"))
    expect(visitor.page.get_by_label("Name", exact=True)).to_have_value("kept")
    expect(visitor.page.get_by_label("Note")).to_have_value("why it is there")
    expect(visitor.page.get_by_label("Only from these addresses")).to_have_value("192.0.2.0/24")
    expect(visitor.page.get_by_role("checkbox", name="read Read")).to_be_checked()

    visitor.fill(ttl_days="7", ip_ranges="somewhere")
    visitor.press("Create")
    expect(visitor.page.get_by_label("Only from these addresses")).to_have_attribute("aria-invalid", "true")
    visitor.fill(ip_ranges="")
    visitor.press("Create")
    secrets_shown.shown(visitor)


def test_scopes_hold(visitor, standing_server, member):
    visitor.sign_in(member)
    visitor.go(KEYS)
    visitor.fill(name="reads alone")
    visitor.page.get_by_text("Note, scopes and limits").click()
    visitor.page.get_by_role("checkbox", name="read Read").check()
    visitor.press("Create")
    secret = secrets_shown.shown(visitor)
    visitor.page.get_by_role("link", name="I have copied it").click()
    expect(row(visitor, "reads alone")).to_contain_text("read")
    with standing_server.http(Authorization=f"Token {secret}") as http:
        assert http.get("/api/current-user/whoami").status_code == 200
        assert http.post("/api/v1/tokens", json={"kind": "key", "name": "more"}).status_code == 403


def test_name_is_never_markup(visitor, member):
    visitor.sign_in(member)
    name = "<img src=x onerror=alert(1)>"
    make(visitor, KEYS, name)
    visitor.page.get_by_role("link", name="I have copied it").click()
    expect(visitor.page.get_by_role("link", name=name, exact=True)).to_be_visible()
    visitor.page.get_by_role("link", name=name, exact=True).click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("path", [PERSONAL, KEYS], ids=["personal", "key"])
def test_rotated_token_and_its_successor_both_work_until_the_overlap_ends(visitor, standing_server, member, path):
    visitor.sign_in(member)
    old = make(visitor, path, "rotates")
    visitor.page.get_by_role("link", name="I have copied it").click()
    visitor.page.get_by_role("link", name="Rotate rotates").click()
    visitor.fill(overlap_hours="2")
    visitor.press("Rotate")
    new = secrets_shown.shown(visitor)
    assert new != old
    expect(visitor.page.get_by_role("main")).to_contain_text("The old token still works")
    assert [status_of(standing_server, secret) for secret in (old, new)] == [200, 200]
    visitor.page.get_by_role("link", name="I have copied it").click()
    expect(row(visitor, "rotates")).to_have_count(2)
    expect(row(visitor, "rotates").filter(has_text="Rotated")).to_have_count(1)


def test_rotation_without_overlap_ends_the_old_token_at_once(visitor, standing_server, member):
    visitor.sign_in(member)
    old = make(visitor, KEYS, "rotates")
    visitor.page.get_by_role("link", name="I have copied it").click()
    visitor.page.get_by_role("link", name="Rotate rotates").click()
    visitor.fill(overlap_hours="0")
    visitor.press("Rotate")
    new = secrets_shown.shown(visitor)
    assert [status_of(standing_server, secret) for secret in (old, new)] == [401, 200]


@pytest.mark.parametrize("path", [PERSONAL, KEYS], ids=["personal", "key"])
def test_revoked_token_is_refused_at_the_next_request(visitor, standing_server, member, path):
    visitor.sign_in(member)
    secret = make(visitor, path, "goes away")
    assert status_of(standing_server, secret) == 200
    visitor.page.get_by_role("link", name="I have copied it").click()
    visitor.page.get_by_role("link", name="Revoke goes away").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Revoke “goes away”?")
    visitor.reload_until(visitor.page.get_by_role("main"), "It was last used just now from 127.0.0.1")
    visitor.page.get_by_role("link", name="Keep it").click()
    assert status_of(standing_server, secret) == 200

    visitor.page.get_by_role("link", name="Revoke goes away").click()
    visitor.press("Revoke goes away")
    assert status_of(standing_server, secret) == 401
    expect(visitor.page.get_by_role("status")).to_contain_text("The token is revoked")
    expect(row(visitor, "goes away")).to_be_hidden()
    visitor.page.get_by_text("Expired and revoked").click()
    expect(row(visitor, "goes away")).to_contain_text("by its owner")


def test_nobody_sees_the_token_of_another_by_its_address(visit, standing_server, member):
    owner, stranger = visit(standing_server), visit(standing_server)
    owner.sign_in(member)
    make(owner, KEYS, "mine")
    owner.page.get_by_role("link", name="I have copied it").click()
    owner.page.get_by_role("link", name="mine", exact=True).click()
    stranger.sign_in(new_account(standing_server))
    for path in (owner.path, f"{owner.path}/rotate", f"{owner.path}/revoke"):
        stranger.go(path, status=404)
