"""An access token's end, with the clocks of the server and of the client really moved."""

import subprocess
import sys
from pathlib import Path

import pytest
from label_studio_sdk.core.api_error import ApiError

from clients import Sdk
from keybearer import OWNER, environment

HERE = Path(__file__).resolve().parent
ACCESS_SECONDS = 300
LEEWAY_SECONDS = 10


@pytest.fixture
def server(new_server):
    return new_server(with_clock=True).start()


def test_access_token_ends_after_its_lifetime_and_leeway(server, pat):
    access = Sdk("sync", server.url, api_key=pat)("tokens.refresh", refresh=pat).access
    with server.http(Authorization=f"Bearer {access}") as client:
        server.clock.forward(ACCESS_SECONDS - 2)
        assert client.get("/api/current-user/whoami").status_code == 200
        server.clock.forward(LEEWAY_SECONDS + 4)
        late = client.get("/api/current-user/whoami")
    assert (late.status_code, late.json()["code"]) == (401, "expired")


def test_client_whose_clock_stands_still_is_told_that_its_token_has_expired(server, pat):
    sdk = Sdk("sync", server.url, api_key=pat)
    sdk("users.whoami")
    server.clock.forward(ACCESS_SECONDS + LEEWAY_SECONDS + 1)
    with pytest.raises(ApiError) as refusal:
        sdk("users.whoami")
    assert (refusal.value.status_code, refusal.value.body["code"]) == (401, "expired")


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_client_exchanges_again_when_its_access_token_has_expired(server, pat, mode):
    """Server and client live by the same moving clock, as two machines with true time do."""
    moves = [0, ACCESS_SECONDS - 20, 40, 86_400]
    done = subprocess.run(
        [sys.executable, HERE / "moving_client.py", mode, server.url, pat, server.clock.file, *map(str, moves)],
        env=environment(**server.clock.environment(), PYTHONPATH=f"{HERE}:{HERE.parent}"),
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # One line per move: who answered, and how many exchanges there have been by then.
    assert done.stdout.splitlines() == [f"{OWNER} 1", f"{OWNER} 1", f"{OWNER} 2", f"{OWNER} 3"]


def test_pat_ends_with_the_organizations_lifetime(server):
    server.cli("org", "set", "--api-token-ttl-days", "30")
    pat = server.cli("token", "create", "--email", OWNER, "--kind", "personal")
    with server.http() as client:
        server.clock.forward(30 * 86_400 - 60)
        assert client.post("/api/token/refresh/", json={"refresh": pat}).status_code == 200
        server.clock.forward(60 + LEEWAY_SECONDS + 2)
        late = client.post("/api/token/refresh/", json={"refresh": pat})
    assert (late.status_code, late.json()["code"]) == (401, "expired")
    assert late.json()["detail"].startswith("Token is expired")
