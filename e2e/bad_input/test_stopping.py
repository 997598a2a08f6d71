"""SIGTERM ends the server in order, and what was answered before is there after the next start."""

import os
import signal

import wire
from keybearer import OWNER


def test_sigterm_ends_with_exit_code_0(new_server):
    assert new_server().start().stop() == 0


def test_what_was_answered_outlives_a_kill(new_server):
    server = new_server().start()
    pat = server.cli("token", "create", "--email", OWNER, "--kind", "personal")
    assert wire.send_json(server.url, "POST", "/api/token/blacklist/", {"refresh": pat}).status == 204
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.start()
    answer = wire.send_json(server.url, "POST", "/api/token/refresh/", {"refresh": pat})
    assert (answer.status, answer.json()["code"]) == (401, "revoked")
