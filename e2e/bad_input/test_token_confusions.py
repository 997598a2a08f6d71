"""A token with anything wrong in its signature, header or claims is refused wherever it is given.

Never with a 500, never with a page, and the real token goes on working.
"""

import pytest

import wire
from errors import assert_error
from forge import SigningKey
from forgeries import refused
from keybearer import OWNER

SAMPLE = SigningKey("sample").sign({"token_type": "access", "exp": 1, "iat": 1, "jti": "0" * 32, "user_id": "1"})
FORGERIES = sorted(refused(SAMPLE, SigningKey("sample")))
# Access tokens are kept nowhere, so that one with another id is told by nothing from one that was issued.
ACCESS_FORGERIES = [name for name in FORGERIES if name not in ("jti-unknown", "jti-empty")]


@pytest.fixture(scope="module")
def pat(standing_server) -> str:
    return standing_server.cli("token", "create", "--email", OWNER, "--kind", "personal")


@pytest.fixture(scope="module")
def access(standing_server, pat) -> str:
    return wire.send_json(standing_server.url, "POST", "/api/token/refresh/", {"refresh": pat}).json()["access"]


@pytest.mark.parametrize("header", ["Authorization: Bearer", "Authorization: Token", "X-API-Key:"])
@pytest.mark.parametrize("forgery", ACCESS_FORGERIES)
def test_forged_access_token_opens_nothing(standing_server, access, forgery, header):
    name, _, scheme = header.partition(":")
    forged = refused(access, standing_server.key)[forgery]
    answer = wire.send(standing_server.url, "GET", "/api/current-user/whoami", {name: f"{scheme} {forged}".strip()})
    assert_error(answer, 401)
    assert answer.all("WWW-Authenticate")


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_pat_opens_nothing(standing_server, pat, forgery):
    forged = refused(pat, standing_server.key)[forgery]
    headers = {"Authorization": f"Bearer {forged}"}
    assert_error(wire.send(standing_server.url, "GET", "/api/current-user/whoami", headers), 401)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_pat_is_not_exchanged(standing_server, pat, forgery):
    forged = refused(pat, standing_server.key)[forgery]
    assert_error(wire.send_json(standing_server.url, "POST", "/api/token/refresh/", {"refresh": forged}), 401)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_pat_is_not_rotated(standing_server, pat, access, forgery):
    forged = refused(pat, standing_server.key)[forgery]
    answer = wire.send_json(standing_server.url, "POST", "/api/token/rotate/", {"refresh": forged},
                            Authorization=f"Bearer {access}")
    assert_error(answer, 400, 401)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_pat_does_not_revoke_the_real_one(standing_server, pat, forgery):
    forged = refused(pat, standing_server.key)[forgery]
    answer = wire.send_json(standing_server.url, "POST", "/api/token/blacklist/", {"refresh": forged})
    assert answer.status in (401, 404), answer.text
    assert answer.first("Content-Type") == "application/json"
    assert wire.send_json(standing_server.url, "POST", "/api/token/refresh/", {"refresh": pat}).status == 200


def test_a_pat_is_no_access_token_made_for_another_user(standing_server, access):
    forged = refused(access, standing_server.key)["user-unknown"]
    body = assert_error(wire.send(standing_server.url, "GET", "/api/current-user/whoami",
                                  {"Authorization": f"Bearer {forged}"}), 401)
    assert "999" not in body["detail"]
