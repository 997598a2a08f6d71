"""The SDK's tokens.*: list, create, refresh, rotate and blacklist, each with its effect."""

from datetime import datetime

import pytest
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.errors import BadRequestError, NotFoundError

from forge import claims_of, truncated


def listed(sdk) -> list[str]:
    return [row.token for row in sdk("tokens.list")]


def test_list_shows_the_token_without_its_signature_and_with_its_dates(sdk, pat):
    [row] = sdk("tokens.list")
    assert row.token == truncated(pat)
    claims = claims_of(pat)
    assert datetime.fromisoformat(row.created_at).timestamp() == pytest.approx(claims["iat"], abs=1)
    assert datetime.fromisoformat(row.expires_at).timestamp() == pytest.approx(claims["exp"], abs=1)


def test_a_second_token_may_be_created(sdk, pat, requests_seen):
    second = sdk("tokens.create").token
    assert requests_seen.seen.count("POST /api/token/ 201") == 1
    assert sorted(listed(sdk)) == sorted([truncated(pat), truncated(second)])
    assert sdk("tokens.refresh", refresh=second).access


def test_refresh_gives_an_access_token(sdk, pat):
    access = claims_of(sdk("tokens.refresh", refresh=pat).access)
    assert (access["token_type"], access["exp"] - access["iat"]) == ("access", 300)


def test_refresh_of_garbage_is_refused(sdk):
    with pytest.raises(ApiError) as refusal:
        sdk("tokens.refresh", refresh="x")
    assert refusal.value.status_code == 401
    assert refusal.value.body["detail"].startswith("Token is invalid")


def test_rotate_gives_a_successor_and_ends_the_old_one(sdk, pat):
    successor = sdk("tokens.rotate", refresh=pat).refresh
    assert sdk("tokens.refresh", refresh=successor).access
    with pytest.raises(ApiError) as refusal:
        sdk("tokens.refresh", refresh=pat)
    assert refusal.value.status_code == 401


def test_rotate_of_garbage_is_refused(sdk):
    with pytest.raises(BadRequestError) as refusal:
        sdk("tokens.rotate", refresh="x")
    assert refusal.value.body["detail"] == "Validation error"


def test_blacklist_of_garbage_is_not_found(sdk):
    with pytest.raises(NotFoundError) as refusal:
        sdk("tokens.blacklist", refresh="x")
    assert refusal.value.body == {"detail": "Token is invalid or already blacklisted."}


@pytest.mark.parametrize("form", [str, truncated], ids=["full", "truncated"])
def test_blacklist_ends_the_token_and_the_access_tokens_made_from_it(sdk, pat, form):
    spare = sdk("tokens.create").token
    other_access = sdk("tokens.refresh", refresh=spare).access
    assert sdk("tokens.blacklist", refresh=form(spare)) is None
    assert listed(sdk) == [truncated(pat)]
    with pytest.raises(ApiError) as refusal:
        sdk("users.whoami", request_options={"additional_headers": {"Authorization": f"Bearer {other_access}"}})
    assert refusal.value.status_code == 401


def test_blacklist_of_a_revoked_token_is_not_found(sdk):
    spare = sdk("tokens.create").token
    sdk("tokens.blacklist", refresh=spare)
    with pytest.raises(NotFoundError):
        sdk("tokens.blacklist", refresh=spare)


def test_revoking_the_own_pat_ends_the_client_at_once(sdk, pat):
    sdk("users.whoami")
    sdk("tokens.blacklist", refresh=pat)
    with pytest.raises(ApiError) as refusal:
        sdk("users.whoami")
    assert refusal.value.status_code == 401
