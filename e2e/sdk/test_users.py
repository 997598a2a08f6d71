"""The SDK's users.*: oneself, the others, hotkeys and the legacy token."""

import pytest
from label_studio_sdk.core.api_error import ApiError

from keybearer import OWNER


def test_whoami_names_the_caller_and_the_organization(sdk):
    me = sdk("users.whoami")
    assert (me.id, me.email, me.active_organization) == (1, OWNER, 1)


def test_list_and_get(sdk):
    assert [user.email for user in sdk("users.list")] == [OWNER]
    assert sdk("users.get", id=1).email == OWNER


def test_get_of_nobody_is_not_found(sdk):
    with pytest.raises(ApiError) as refusal:
        sdk("users.get", id=999)
    assert (refusal.value.status_code, refusal.value.body["detail"]) == (404, "No User matches the given query.")


def test_create_update_delete(sdk):
    made = sdk("users.create", email="new@example.com", first_name="S", username="sdk")
    assert sdk("users.get", id=made.id).first_name == "S"
    assert sdk("users.update", id=made.id, first_name="T").first_name == "T"
    assert sdk("users.delete", id=made.id) is None
    with pytest.raises(ApiError) as refusal:
        sdk("users.get", id=made.id)
    assert refusal.value.status_code == 404


def test_create_with_a_taken_address_is_refused(sdk):
    with pytest.raises(ApiError) as refusal:
        sdk("users.create", email=OWNER, username="sdk")
    assert refusal.value.status_code == 400
    assert refusal.value.body["validation_errors"]["email"] == ["user with this email address already exists."]


def test_the_owner_cannot_be_deleted(sdk):
    with pytest.raises(ApiError) as refusal:
        sdk("users.delete", id=1)
    assert (refusal.value.status_code, refusal.value.body["detail"]) == (
        403, "The organization owner cannot be deleted")


def test_hotkeys_are_kept(sdk):
    hotkeys = {"a:b": {"key": "ctrl+k"}}
    assert sdk("users.update_hotkeys", custom_hotkeys=hotkeys).custom_hotkeys == hotkeys
    assert sdk("users.get_hotkeys").custom_hotkeys == hotkeys


def test_reset_replaces_the_legacy_token(server, sdk, new_sdk):
    old = sdk("users.get_token").token
    fresh = sdk("users.reset_token").token
    assert fresh != old and sdk("users.get_token").token == fresh
    assert new_sdk(server, api_key=fresh)("users.whoami").email == OWNER
    with pytest.raises(ApiError) as refusal:
        new_sdk(server, api_key=old)("users.whoami")
    assert refusal.value.status_code == 401


@pytest.mark.parametrize("call", ["users.get_current_user", "users.update_current_user"])
def test_calls_of_the_paid_edition_are_not_found_in_json(sdk, call):
    with pytest.raises(ApiError) as refusal:
        sdk(call)
    assert refusal.value.status_code == 404
    assert refusal.value.body["status_code"] == 404
