"""The organization, for its owners and admins: members, the invite link, roles, ends; and nobody else."""

import re

import pytest
from playwright.sync_api import expect

from accounts import OWNER, Account, new_account
from own_tokens import KEYS, make, status_of
from places import PLACES
from visitors import visiting

DIALOG = "#members-dialog"


def member_page(visitor, account):
    visitor.go(f"/organization?q={account.email}")
    visitor.page.get_by_role("main").get_by_role("row").filter(has_text=account.email).get_by_role("link").click()


def test_admin_invites_somebody_who_signs_up(visit, standing_server, way):
    admin, newcomer = visit(standing_server), visit(standing_server)
    admin.sign_in(new_account(standing_server, role="admin"))
    admin.page.get_by_role("link", name="Organization").click()
    admin.press("Add Members")
    expect(admin.page.locator(DIALOG)).to_be_visible()
    link = admin.page.locator(DIALOG).get_by_label("Invite link").input_value()
    if way.scripts:
        admin.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        admin.page.locator(DIALOG).get_by_role("button", name="Copy").click()
        assert admin.page.evaluate("navigator.clipboard.readText()") == link

    account = Account(f"invited-{way}@example.com", "Passw0rd!invited")
    newcomer.go(link.removeprefix(standing_server.url))
    newcomer.fill(email=account.email, password=account.password)
    newcomer.press("Create account")
    expect(newcomer.page.locator(".who-name")).to_have_text(account.email)

    admin.go(f"/organization?q={account.email}")
    expect(admin.page.get_by_role("row").filter(has_text=account.email)).to_contain_text("Member")


def test_reset_link_lets_nobody_in_any_more(visit, new_server):
    server = new_server().start()
    owner, late = visit(server), visit(server)
    owner.sign_in(OWNER)
    owner.go("/organization/invite")
    link = owner.page.get_by_label("Invite link").input_value()
    owner.page.get_by_text("Reset the link").first.click()
    owner.press("Reset the link")
    expect(owner.page.get_by_role("status")).to_contain_text("There is a new invite link")
    assert owner.page.get_by_label("Invite link").first.input_value() != link
    late.go(link.removeprefix(server.url), status=403)


def test_role_is_changed_and_with_it_what_one_sees(visit, standing_server, member):
    owner, other = visit(standing_server), visit(standing_server)
    other.sign_in(member)
    expect(other.page.get_by_role("link", name="Organization", exact=True)).to_have_count(0)
    owner.sign_in(OWNER)
    member_page(owner, member)
    owner.page.get_by_role("radio", name="Admin").check()
    owner.press("Change role")
    expect(owner.page.get_by_role("status")).to_contain_text("The role is changed")
    other.page.reload()
    other.page.get_by_role("link", name="Organization", exact=True).click()
    expect(other.page.get_by_role("heading", level=1)).to_have_text("Organization")


def test_deactivated_member_is_out_until_he_is_activated(visit, standing_server, member):
    owner, other = visit(standing_server), visit(standing_server)
    other.sign_in(member)
    secret = make(other, KEYS, "of somebody deactivated")
    owner.sign_in(OWNER)
    member_page(owner, member)
    owner.press("Deactivate")
    expect(owner.page.get_by_role("status")).to_contain_text("deactivated")
    assert status_of(standing_server, secret) == 401
    other.go(KEYS)
    assert other.path.startswith("/user/login/")
    owner.press("Activate")
    assert status_of(standing_server, secret) == 200


def test_all_tokens_of_a_member_are_revoked_after_a_look_at_them(visit, standing_server, member):
    owner, other = visit(standing_server), visit(standing_server)
    other.sign_in(member)
    secret = make(other, KEYS, "one of all")
    owner.sign_in(OWNER)
    member_page(owner, member)
    owner.page.get_by_role("link", name="Revoke all tokens").click()
    expect(owner.page.get_by_role("main")).to_contain_text("at once")
    owner.press("Revoke all tokens")
    assert status_of(standing_server, secret) == 401


def test_removed_member_is_out_with_his_tokens(visit, standing_server, member):
    owner, other = visit(standing_server), visit(standing_server)
    other.sign_in(member)
    secret = make(other, KEYS, "of somebody removed")
    owner.sign_in(OWNER)
    member_page(owner, member)
    owner.page.get_by_role("link", name="Remove", exact=True).click()
    expect(owner.page.get_by_role("heading", level=1)).to_contain_text(f"Remove {member.email}")
    owner.press("Remove member")
    expect(owner.page.get_by_role("status")).to_contain_text("removed")
    assert status_of(standing_server, secret) == 401


def test_tokens_of_the_organization_are_found_and_several_revoked(visit, standing_server, member, way):
    owner, other = visit(standing_server), visit(standing_server)
    other.sign_in(member)
    secrets = [make(other, KEYS, f"found {number}") for number in (1, 2, 3)]
    owner.sign_in(OWNER)
    owner.go("/organization/tokens")
    owner.fill(q="found", owner=member.email)
    owner.press("Filter")
    boxes = owner.page.get_by_role("checkbox", name=re.compile("Select found"))
    expect(boxes).to_have_count(3)
    if way.scripts and way.width > 1000:
        owner.page.get_by_role("checkbox", name="Select all").check()
        expect(boxes.and_(owner.page.locator(":checked"))).to_have_count(3)
        owner.page.get_by_role("checkbox", name="Select all").uncheck()
    for number in (1, 2):
        owner.page.get_by_role("checkbox", name=f"Select found {number}").check()
    owner.press("Revoke the selected")
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("Revoke 2 tokens?")
    owner.press("Revoke 2 tokens")
    expect(owner.page.get_by_role("status")).to_contain_text("revoked")
    assert [status_of(standing_server, secret) for secret in secrets] == [401, 401, 200]


def test_organization_is_renamed(visit, new_server):
    server = new_server().start()
    owner = visit(server)
    owner.sign_in(OWNER)
    owner.go("/organization/title")
    owner.fill(title="Harbour & Sons")
    owner.press("Save")
    expect(owner.page.get_by_role("main")).to_contain_text("Harbour & Sons")
    owner.open_menu()
    expect(owner.page.locator("#user-menu")).to_contain_text("Owner of Harbour & Sons")


@pytest.mark.parametrize("place", [place for place in PLACES if place.path.startswith("/organization")], ids=str)
def test_member_cannot_reach_any_page_of_the_organization_by_its_address(chromium, scene, place):
    with visiting(chromium, scene.server.url) as visitor:
        visitor.sign_in(scene.member)
        expect(visitor.page.get_by_role("link", name="Organization", exact=True)).to_have_count(0)
        visitor.go(place.path.format_map(scene.paths), status=403)
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Not allowed")
        expect(visitor.page.get_by_role("main").get_by_role("listitem").filter(has_text=scene.owner.email)).to_be_visible()
        expect(visitor.page.get_by_role("main")).not_to_contain_text("Harbour Labs")
