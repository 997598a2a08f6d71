"""The SDK works with every kind of credential, given as api_key or in the X-API-Key header.

A key token is no JWT, so the SDK sends it as it sends a legacy token; a PAT it exchanges first.
"""

import pytest
from label_studio_sdk.core.api_error import ApiError

from forge import truncated
from keybearer import OWNER

GARBAGE = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def credential(server, kind) -> str:
    return server.cli("token", "create", "--email", OWNER, "--kind", kind)


def test_api_key_works(server, new_sdk, credential, kind, requests_seen):
    assert new_sdk(server, api_key=credential)("users.whoami").email == OWNER
    assert len(requests_seen.exchanges()) == (1 if kind == "personal" else 0)


def test_api_key_works_with_a_trailing_slash_in_the_address(server, new_sdk, credential, mode):
    server.url += "/"
    assert new_sdk(server, api_key=credential)("users.whoami").email == OWNER


def test_x_api_key_header_works(server, new_sdk, credential):
    sdk = new_sdk(server, api_key=credential, headers={"X-API-Key": credential})
    assert sdk("users.whoami").email == OWNER


def test_access_token_in_the_x_api_key_header_works(server, new_sdk, pat):
    access = new_sdk(server, api_key=pat)("tokens.refresh", refresh=pat).access
    assert new_sdk(server, api_key=pat, headers={"X-API-Key": access})("users.whoami").email == OWNER


def test_garbage_is_refused(server, new_sdk):
    with pytest.raises(ApiError) as refusal:
        new_sdk(server, api_key=GARBAGE)("users.whoami")
    assert refusal.value.status_code == 401
    assert refusal.value.body["detail"].startswith("Invalid token.")


def test_access_token_given_as_api_key_is_refused_at_the_exchange(server, new_sdk, pat):
    access = new_sdk(server, api_key=pat)("tokens.refresh", refresh=pat).access
    with pytest.raises(ApiError) as refusal:
        new_sdk(server, api_key=access)("users.whoami")
    assert refusal.value.status_code == 401
    assert refusal.value.body["detail"].startswith("Token has wrong type")


def test_truncated_pat_is_refused(server, new_sdk, pat):
    with pytest.raises(ApiError) as refusal:
        new_sdk(server, api_key=truncated(pat))("users.whoami")
    assert refusal.value.status_code == 401


def test_revoked_pat_is_refused_at_the_exchange(server, new_sdk, pat):
    new_sdk(server, api_key=pat)("tokens.blacklist", refresh=pat)
    with pytest.raises(ApiError) as refusal:
        new_sdk(server, api_key=pat)("users.whoami")
    assert refusal.value.status_code == 401
    assert refusal.value.body["detail"].startswith("Token is blacklisted")
    assert refusal.value.body["code"] == "revoked"
