"""Tokens are what the contract shows, as PyJWT and a look at the raw bytes see them."""

import jwt
import pytest

from clients import Sdk
from forge import claims_of, decode

LABEL_STUDIO_LIFETIME_SECONDS = 6_307_200_000


@pytest.fixture
def sdk(server, pat) -> Sdk:
    return Sdk("sync", server.url, api_key=pat)


@pytest.fixture
def access(sdk, pat) -> str:
    return sdk("tokens.refresh", refresh=pat).access


@pytest.fixture(params=["pat", "access"])
def token(request: pytest.FixtureRequest, pat: str, access: str) -> str:
    return {"pat": pat, "access": access}[request.param]


def test_header_is_the_recorded_text(token):
    assert decode(token.split(".")[0]) == b'{"alg":"HS256","typ":"JWT"}'


def test_payload_has_the_claims_in_order_and_no_blanks(token):
    payload = decode(token.split(".")[1])
    assert list(claims_of(token))[:5] == ["token_type", "exp", "iat", "jti", "user_id"]
    assert b" " not in payload


def test_parts_are_unpadded_base64url(token):
    assert "=" not in token and "+" not in token and "/" not in token


def test_claims_have_the_recorded_types(token):
    claims = claims_of(token)
    assert claims["user_id"] == "1"
    assert type(claims["exp"]) is int and type(claims["iat"]) is int
    assert len(claims["jti"]) == 32 and set(claims["jti"]) <= set("0123456789abcdef")


def test_pyjwt_verifies_it_with_the_signing_key_and_hs256(server, token):
    assert jwt.decode(token, server.key.secret, algorithms=["HS256"])["user_id"] == "1"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, "another-key-0123456789-abcdefghijklmnop", algorithms=["HS256"])


def test_token_types_and_lifetimes(pat, access):
    refresh, short = claims_of(pat), claims_of(access)
    assert (refresh["token_type"], short["token_type"]) == ("refresh", "access")
    assert refresh["exp"] - refresh["iat"] == LABEL_STUDIO_LIFETIME_SECONDS
    assert short["exp"] - short["iat"] == 300
    assert refresh["jti"] != short["jti"]


def test_lifetime_follows_the_organization(server, sdk):
    server.cli("org", "set", "--api-token-ttl-days", "30")
    claims = claims_of(sdk("tokens.create").token)
    assert claims["exp"] - claims["iat"] == 30 * 86_400
