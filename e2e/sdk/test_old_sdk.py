"""label-studio-sdk 1.0.20, whose two clients are still in many programs.

It cannot live in one environment with the new one: KEYBEARER_OLD_SDK_PYTHON names the interpreter
of an environment made from requirements-sdk-1.0.20.txt.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from keybearer import OWNER, OWNER_PASSWORD, environment

HERE = Path(__file__).resolve().parent
KINDS = ("personal", "legacy", "key")
VERSIONS = "label-studio-os-package"


def run(server, client: str, *calls: str, **credentials: str) -> list:
    """What each call gave, as JSON."""
    python = os.environ.get("KEYBEARER_OLD_SDK_PYTHON")
    assert python, ("KEYBEARER_OLD_SDK_PYTHON is not set: make an environment with "
                    "pip install -r e2e/requirements-sdk-1.0.20.txt and set it to its bin/python")
    done = subprocess.run([python, HERE / "old_client.py"], capture_output=True, text=True, timeout=120,
                          env=environment(), input=json.dumps(
                              {"client": client, "url": server.url, "credentials": credentials, "calls": calls}))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(params=KINDS)
def credential(request, server) -> str:
    return server.cli("token", "create", "--email", OWNER, "--kind", request.param)


@pytest.mark.parametrize("client", ["LabelStudio", "AsyncLabelStudio"])
def test_its_new_client(server, credential, client):
    whoami, users, version = run(server, client, "users.whoami", "users.list", "versions.get", api_key=credential)
    assert whoami["email"] == OWNER
    assert [user["email"] for user in users] == [OWNER]
    assert version["release"]


@pytest.mark.parametrize("client", ["LabelStudio", "AsyncLabelStudio"])
def test_its_new_client_asks_for_tokens_without_trailing_slashes(server, client):
    pat = server.cli("token", "create", "--email", OWNER, "--kind", "personal")
    made, listed, settings = run(server, client, "tokens.create", "tokens.get", "jwt_settings.get", api_key=pat)
    assert made["token"].count(".") == 2
    assert len(listed) == 2
    assert settings["api_tokens_enabled"] is True


def test_its_old_client_with_a_token(server, credential):
    """That client always sends `Token <key>`; in Keybearer a PAT may be carried so too."""
    health, users, organization = run(
        server, "Client", "check_connection", "get_users", "get_organization", api_key=credential)
    assert health == {"status": "UP"}
    assert [user["email"] for user in users] == [OWNER]
    assert organization["title"] == "Label Studio"


def test_its_old_client_with_e_mail_and_password(server):
    """It signs in at the form and then takes the legacy token."""
    versions, health, organization = run(
        server, "Client", "get_versions", "check_connection", "get_organization",
        email=OWNER, password=OWNER_PASSWORD)
    assert VERSIONS in versions
    assert health == {"status": "UP"}
    assert organization["id"] == 1
