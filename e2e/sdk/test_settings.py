"""The SDK's jwt_settings.*, and what switching a kind of token off does to clients that use it."""

import pytest
from label_studio_sdk.core.api_error import ApiError

from keybearer import OWNER


def switch(sdk, **settings) -> None:
    sdk("jwt_settings.update", api_token_ttl_days=73_000, request_options={
        "additional_body_parameters": {"force": True},
    }, **settings)


def test_get_shows_the_switches(sdk):
    settings = sdk("jwt_settings.get")
    assert (settings.api_tokens_enabled, settings.legacy_api_tokens_enabled) == (True, True)
    assert settings.api_token_ttl_days == 73_000


def test_update_changes_what_it_names_and_keeps_the_rest(sdk):
    changed = sdk("jwt_settings.update", api_token_ttl_days=30, legacy_api_tokens_enabled=False)
    assert (changed.api_tokens_enabled, changed.legacy_api_tokens_enabled) == (True, False)
    assert sdk("jwt_settings.get").api_token_ttl_days == 30


def test_legacy_tokens_switched_off_stop_at_once(server, sdk, new_sdk):
    legacy = new_sdk(server, api_key=sdk("users.get_token").token)
    assert legacy("users.whoami").email == OWNER
    switch(sdk, legacy_api_tokens_enabled=False)
    with pytest.raises(ApiError) as refusal:
        legacy("users.whoami")
    assert refusal.value.status_code == 401
    assert refusal.value.body["code"] == "type_disabled"
    switch(sdk, legacy_api_tokens_enabled=True)
    assert legacy("users.whoami").email == OWNER


def test_pats_switched_off_stop_use_and_exchange_at_once(server, sdk, new_sdk, pat):
    legacy = new_sdk(server, api_key=sdk("users.get_token").token)
    switch(legacy, api_tokens_enabled=False)
    with pytest.raises(ApiError) as use:
        sdk("users.whoami")
    with pytest.raises(ApiError) as exchange:
        new_sdk(server, api_key=pat)("users.whoami")
    assert (use.value.status_code, exchange.value.status_code) == (401, 401)
    assert exchange.value.body["code"] == "type_disabled"


def test_they_are_for_owners_and_admins_alone(server, new_sdk):
    server.cli("user", "add", "--email", "member@example.com", "--role", "member", "--password", "Passw0rd!m")
    key = server.cli("token", "create", "--email", "member@example.com", "--kind", "personal")
    member = new_sdk(server, api_key=key)
    with pytest.raises(ApiError) as seeing:
        member("jwt_settings.get")
    with pytest.raises(ApiError) as changing:
        member("jwt_settings.update", api_token_ttl_days=1)
    assert (seeing.value.status_code, changing.value.status_code) == (403, 403)


def test_a_change_that_locks_the_caller_out_needs_force(sdk):
    with pytest.raises(ApiError) as refusal:
        sdk("jwt_settings.update", api_token_ttl_days=30, api_tokens_enabled=False, legacy_api_tokens_enabled=False)
    assert 400 <= refusal.value.status_code < 500
    assert sdk("jwt_settings.get").api_tokens_enabled is True
