"""What is known of a token's use after the server was stopped, and after it was killed."""

import json
import time

import httpx

from keybearer import OWNER, Server

# Uses are written down every five seconds; a busy machine may be late.
WRITTEN_WITHIN_SECONDS = 30


def use(server: Server, token: str) -> None:
    answer = httpx.get(f"{server.url}/api/current-user/whoami", headers={"X-API-Key": token, "User-Agent": "a client/1"})
    assert answer.status_code == 200


def last_used(server: Server, token: str) -> dict:
    shown = json.loads(server.cli("token", "show", token[3:19], "--json"))[0]
    return {name: shown[name] for name in ("last_used_at", "last_used_address", "last_used_client")}


def test_a_stop_writes_down_every_use(server):
    token = server.cli("token", "create", "--email", OWNER, "--kind", "key")
    use(server, token)
    server.stop()
    written = last_used(server, token)
    assert (written["last_used_address"], written["last_used_client"]) == ("127.0.0.1", "a client/1")


def test_a_kill_loses_nothing_older_than_the_last_writing(server):
    token = server.cli("token", "create", "--email", OWNER, "--kind", "key")
    use(server, token)
    deadline = time.monotonic() + WRITTEN_WITHIN_SECONDS
    while last_used(server, token)["last_used_at"] is None:
        assert time.monotonic() < deadline, "the use was not written down"
    before = last_used(server, token)
    server.process.kill()
    server.process.wait()
    server.start()
    assert last_used(server, token) == before
