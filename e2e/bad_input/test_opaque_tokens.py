"""Legacy and key tokens with a character changed, cut or added are refused as what they are."""

import pytest

import wire
from errors import assert_error
from keybearer import OWNER


@pytest.fixture(scope="module", params=["legacy", "key"])
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def token(standing_server, kind) -> str:
    return standing_server.cli("token", "create", "--email", OWNER, "--kind", kind)


CHANGES = {
    "last character changed": lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
    "first random character changed": lambda token: token[:12] + ("0" if token[12] != "0" else "1") + token[13:],
    "one character short": lambda token: token[:-1],
    "one character long": lambda token: token + "0",
    "other case": lambda token: token.swapcase(),
    "twice": lambda token: token + token,
    "NUL in the end": lambda token: token + "%00",
    "a dot in the end": lambda token: token + ".",
    "repeated two hundred times": lambda token: token * 200,
}


@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_token_opens_nothing(standing_server, token, change, scheme):
    headers = {"Authorization": f"{scheme} {CHANGES[change](token)}"}
    answer = wire.send(standing_server.url, "GET", "/api/current-user/whoami", headers)
    assert_error(answer, 401)
    assert token not in answer.text


def test_mistyped_key_token_is_told_from_an_unknown_one(standing_server):
    key = standing_server.cli("token", "create", "--email", OWNER, "--kind", "key")
    mistyped = key[:-1] + ("0" if key[-1] != "0" else "1")
    answer = wire.send(standing_server.url, "GET", "/api/current-user/whoami", {"Authorization": f"Token {mistyped}"})
    assert assert_error(answer, 401)["code"] == "bad_checksum"


def test_two_different_credentials_are_refused(standing_server, token):
    other = standing_server.cli("token", "create", "--email", OWNER, "--kind", "personal")
    headers = {"Authorization": f"Token {token}", "X-API-Key": other}
    assert_error(wire.send(standing_server.url, "GET", "/api/current-user/whoami", headers), 401)


def test_the_same_credential_twice_is_accepted(standing_server, token):
    headers = {"Authorization": f"Token {token}", "X-API-Key": token}
    assert wire.send(standing_server.url, "GET", "/api/current-user/whoami", headers).status == 200
