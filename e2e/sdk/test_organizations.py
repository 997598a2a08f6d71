"""The SDK's organizations.*, versions and members, where Keybearer's pages have an end."""

import pytest
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.errors import MethodNotAllowedError

from keybearer import OWNER

MEMBERS = 25


def test_versions(sdk):
    assert sdk("versions.get").release


def test_list_get_and_update(sdk):
    [organization] = sdk("organizations.list")
    assert (organization.id, organization.title) == (1, "Label Studio")
    assert sdk("organizations.update", 1, title="Acme").title == "Acme"
    assert sdk("organizations.get", 1).title == "Acme"


def test_invite_link_and_its_reset(sdk):
    first = sdk("organizations.invites.get_invite_link")
    assert first.token in first.invite_url
    assert sdk("organizations.reset_token").token != first.token


def test_members_iterate_over_all_pages_without_an_error(sdk):
    for number in range(MEMBERS):
        sdk("users.create", email=f"member{number}@example.com", username=f"member{number}")
    emails = {member.user.email for member in sdk("organizations.members.list", id=1)}
    assert emails == {OWNER, *(f"member{number}@example.com" for number in range(MEMBERS))}


def test_one_member(sdk):
    assert sdk("organizations.members.get", 1, 1).user == 1
    with pytest.raises(ApiError) as refusal:
        sdk("organizations.members.get", 1, 999)
    assert (refusal.value.status_code, refusal.value.body["detail"]) == (
        404, "No OrganizationMember matches the given query.")


def test_a_removed_member_has_no_access(server, sdk, new_sdk, kind):
    server.cli("user", "add", "--email", "member@example.com", "--role", "member", "--password", "Passw0rd!m")
    member = new_sdk(server, api_key=server.cli(
        "token", "create", "--email", "member@example.com", "--kind", kind))
    assert sdk("organizations.members.delete", 1, member("users.whoami").id) is None
    with pytest.raises(ApiError) as refusal:
        member("users.whoami")
    assert refusal.value.status_code == 401


def test_the_owner_cannot_remove_himself(sdk):
    with pytest.raises(MethodNotAllowedError) as refusal:
        sdk("organizations.members.delete", 1, 1)
    assert refusal.value.body == {"detail": "User cannot soft delete self"}


def test_members_cannot_be_changed_as_in_the_paid_edition(sdk):
    with pytest.raises(ApiError) as refusal:
        sdk("organizations.members.update", 1, role="AN", user_id=2)
    assert (refusal.value.status_code, refusal.value.body["detail"]) == (405, 'Method "PATCH" not allowed.')


@pytest.mark.parametrize(("call", "arguments"), [
    ("organizations.update_default_role", {"id": 1, "default_role": "AN"}),
    ("organizations.api_organizations_memberships_filter_options_membership_list", {"id": 1}),
    ("organizations.invites.revoke_invite", {"email": "x@example.com"}),
    ("organizations.invites.send_email", {"emails": ["x@example.com"], "role": "AN"}),
    ("organizations.members.get_filter_schema", {"id": 1}),
    ("organizations.members.list_filtered", {"id": 1}),
    ("organizations.permissions.list", {"id": 1}),
    ("organizations.member_tags.list", {"id": 1}),
    ("projects.list", {}),
])
def test_what_keybearer_does_not_have_is_not_found_in_json(sdk, call, arguments):
    with pytest.raises(ApiError) as refusal:
        sdk(call, **arguments)
    assert refusal.value.status_code == 404
    assert refusal.value.body["status_code"] == 404
