"""The examples of the README, run as they stand there against a fresh server.

An example is a fenced block whose info string ends in curl-example or sdk-example.
"""

import fcntl
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from keybearer import OWNER, ROOT, Server, environment

README = ROOT / "README.md"
PORT = 8080
BLOCK = re.compile(r"^```\w+ (?P<kind>curl-example|sdk-example)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
RUNNERS = {"curl-example": ["bash", "-eu", "-o", "pipefail", "-c"], "sdk-example": [sys.executable, "-c"]}

EXAMPLES = [(match["kind"], match["text"]) for match in BLOCK.finditer(README.read_text())] if README.exists() else []


@pytest.fixture(scope="module")
def turn():
    """There is one port, and the examples may be run by several processes at once: each has it in turn."""
    with open(Path(tempfile.gettempdir()) / f"keybearer-readme-{PORT}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def server(turn, tmp_path_factory):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as error:
            pytest.fail(f"the README's examples need 127.0.0.1:{PORT}, which is taken: {error}")
    server = Server(tmp_path_factory.mktemp("readme"), port=PORT)
    server.start("--enable-legacy-tokens")
    yield server
    server.stop()


@pytest.fixture
def pat(server) -> str:
    return server.cli("token", "create", "--email", OWNER, "--kind", "personal")


def test_readme_has_an_example_of_each_kind():
    assert {kind for kind, _ in EXAMPLES} == RUNNERS.keys()


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[f"{kind}-{i}" for i, (kind, _) in enumerate(EXAMPLES)])
def test_example_runs_as_it_stands(server, pat, tmp_path, kind, text):
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run([*RUNNERS[kind], text], capture_output=True, text=True, timeout=60, cwd=tmp_path,
                          env=environment(PATH=path, TOKEN=pat, LABEL_STUDIO_API_KEY=pat))
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    # Both kinds show who the token belongs to, so that a reader sees that it works.
    assert OWNER in done.stdout, done.stdout
