"""A change by session cookie needs to come from the own site; a token is proof enough by itself."""

import pytest

import wire
from errors import assert_error
from keybearer import OWNER, OWNER_PASSWORD
from sign_in import session

FOREIGN = {
    "other origin": {"Origin": "https://evil.example"},
    "no origin to speak of": {"Origin": "null"},
    "own name, other port": {"Origin": "http://127.0.0.1:1"},
    "own name within another": {"Origin": "http://{host}.evil.example"},
    "another site, says the browser": {"Sec-Fetch-Site": "cross-site"},
    "a neighbouring site, says the browser": {"Sec-Fetch-Site": "same-site"},
    "own origin, but the browser says otherwise": {"Origin": "http://{host}", "Sec-Fetch-Site": "cross-site"},
}
OWN = {
    "no browser": {},
    "own origin": {"Origin": "http://{host}"},
    "own site, says the browser": {"Origin": "http://{host}", "Sec-Fetch-Site": "same-origin"},
}


def change(server, credential: dict[str, str], site: dict[str, str]) -> wire.Answer:
    host = server.url.removeprefix("http://")
    headers = {name: text.format(host=host) for name, text in site.items()}
    return wire.send_json(server.url, "POST", "/api/jwt/settings", {}, **credential,
                          **{name.replace("-", "_"): text for name, text in headers.items()})


@pytest.fixture(scope="module")
def cookie(standing_server) -> dict[str, str]:
    return {"Cookie": f"sessionid={session(standing_server.url, OWNER, OWNER_PASSWORD)}"}


@pytest.mark.parametrize("site", FOREIGN.values(), ids=FOREIGN)
def test_change_by_cookie_from_elsewhere_is_refused(standing_server, cookie, site):
    assert_error(change(standing_server, cookie, site), 403)


@pytest.mark.parametrize("site", OWN.values(), ids=OWN)
def test_change_by_cookie_from_the_own_site_is_made(standing_server, cookie, site):
    assert change(standing_server, cookie, site).status == 200


@pytest.mark.parametrize("site", FOREIGN.values(), ids=FOREIGN)
def test_change_by_token_does_not_depend_on_the_site(standing_server, owner, site):
    assert change(standing_server, owner, site).status == 200


def test_reading_by_cookie_from_elsewhere_gives_no_leave_to_read_the_answer(standing_server, cookie):
    headers = cookie | {"Origin": "https://evil.example"}
    answer = wire.send(standing_server.url, "GET", "/api/current-user/whoami", headers)
    assert not any(name.lower().startswith("access-control-") for name, _ in answer.headers)
