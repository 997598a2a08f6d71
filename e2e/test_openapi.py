"""The description of Keybearer's own interface against the running binary: schemathesis sends what the
description allows, and some that it does not, and every answer must be one that it describes.

The description is the binary's own (`keybearer openapi`), so neither can drift from the other unseen.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keybearer import OWNER, Server

CHECKS = ",".join([
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance",
    "ignored_auth",
])
# Each of these may end the very token that asks, so each has a run of its own, with a token of its own, at the end.
SELF_ENDING = ["revoke_user_tokens", "update_policy"]
RUN_WITHIN_SECONDS = 120


def owners_key(server: Server) -> str:
    return server.cli("token", "create", "--email", OWNER, "--kind", "key", "--name", "schemathesis")


def run(server: Server, directory: Path, filters: list[str], examples: int) -> str:
    """Runs it over what the filters leave, and gives the token that it asked with."""
    key = owners_key(server)
    description = directory / "openapi.json"
    description.write_text(server.cli("openapi"))
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", str(description), "--url", server.url,
        "--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples), "--seed", "1",
        "--header", f"Authorization: Bearer {key}", "--continue-on-failure", "--no-color",
        "--warnings", "off", *filters,
    ]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=RUN_WITHIN_SECONDS)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return key


def test_every_answer_is_one_that_is_described(new_server, tmp_path: Path) -> None:
    server = new_server().start("--enable-legacy-tokens")
    others = [argument for name in SELF_ENDING for argument in ("--exclude-operation-id", name)]
    key = run(server, tmp_path, others, examples=25)
    # It was let in all the time: what it asked for was done, and the token is as good as before.
    with server.http(authorization=f"Bearer {key}") as client:
        events = client.get("/api/v1/audit-events", params={"action": "token.issue", "actor": OWNER}).json()
    assert events["items"], "no token was made"


@pytest.mark.parametrize("operation", SELF_ENDING)
def test_every_answer_of_what_may_end_the_asking_token_is_described(new_server, tmp_path: Path, operation: str) -> None:
    server = new_server().start("--enable-legacy-tokens")
    run(server, tmp_path, ["--include-operation-id", operation], examples=25)


def test_the_served_description_is_the_printed_one(standing_server: Server) -> None:
    printed = json.loads(standing_server.cli("openapi"))
    with standing_server.http() as client:
        served = client.get("/api/v1/openapi.json").json()
    assert served.pop("servers") == [{"url": standing_server.url}]
    assert served == printed
