"""`keybearer doctor --url` against a running server: what is accepted, what is refused and why, and who is no Keybearer."""

import json
import subprocess

import pytest

from keybearer import OWNER, Server, binary, free_port


def doctor(server: Server, token: str, url: str) -> subprocess.CompletedProcess:
    command = [str(binary()), "doctor", "-", "--url", url, "--json"]
    return subprocess.run(command, input=token, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("kind", ["personal", "key", "legacy"])
def test_an_accepted_token_is_told_with_its_owner(server, kind):
    token = server.cli("token", "create", "--email", OWNER, "--kind", kind)
    told = doctor(server, token, server.url)
    found = json.loads(told.stdout)
    assert told.returncode == 0
    assert (found["kind"], found["accepted"], found["answer"]["email"]) == (kind, True, OWNER)
    assert token not in told.stdout + told.stderr


def test_a_refused_token_is_told_with_the_cause(server):
    token = server.cli("token", "create", "--email", OWNER, "--kind", "key")
    server.cli("token", "revoke", token[3:19])
    told = doctor(server, token, server.url)
    found = json.loads(told.stdout)
    assert (told.returncode, found["accepted"], found["answer"]["code"]) == (1, False, "revoked")
    assert told.stderr.count("\n") == 1


def test_an_address_where_nobody_answers_is_told(server):
    told = doctor(server, "0123456789abcdef0123456789abcdef01234567", f"http://127.0.0.1:{free_port()}")
    assert told.returncode == 1
    assert "cannot be reached" in told.stderr and told.stderr.count("\n") == 1
