"""A real Label Studio, started in a data folder of its own and asked over HTTP.

KEYBEARER_LABEL_STUDIO names its program; by default that of .venv-label-studio, which ./ci makes.
"""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import httpx

from keybearer import ROOT, environment, free_port

OWNER = "founder@example.com"
OWNER_PASSWORD = "Founder-passw0rd"
# Nothing is asked of the internet.
QUIET = {"COLLECT_ANALYTICS": "false", "LATEST_VERSION_CHECK": "false", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""}
# The first start makes the database, which takes a minute on a busy machine.
READY_WITHIN_SECONDS = 400
STOPPED_WITHIN_SECONDS = 60


def program() -> Path:
    named = os.environ.get("KEYBEARER_LABEL_STUDIO")
    program = Path(named) if named else ROOT / ".venv-label-studio" / "bin" / "label-studio"
    assert program.is_file(), (f"there is no {program}: make an environment .venv-label-studio with "
                               "pip install -r e2e/requirements-label-studio.txt, or set KEYBEARER_LABEL_STUDIO")
    return program


def fresh_data(data: Path) -> None:
    """Fills the folder with Label Studio's tables and nothing in them.

    Its hundreds of migrations take half a minute, so they are run once for each Label Studio that is installed.
    """
    kept = program().parent.parent / "fresh-data"
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = Path(folder) / "data"
            made.mkdir()
            # Quiet: it makes no user, and so asks nobody for one.
            done = subprocess.run([program(), "init", "--quiet", "--data-dir", str(made)], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=environment(LABEL_STUDIO_BASE_DATA_DIR=str(made), **QUIET), cwd=made,
                                  timeout=READY_WITHIN_SECONDS)
            assert done.returncode == 0, f"label-studio init ended with {done.returncode}:\n{done.stdout}"
            # Each draws its own key.
            (made / ".env").unlink(missing_ok=True)
            made.rename(kept)
    shutil.copytree(kept, data, dirs_exist_ok=True)


class Studio:
    """One Label Studio; it may be stopped and started again on the same data."""

    def __init__(self, directory: Path, *, port: int | None = None, **settings: str):
        self.data = directory / "data"
        fresh_data(self.data)
        self.log = directory / "label-studio.log"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.process: subprocess.Popen | None = None

    def start(self, **variables: str) -> "Studio":
        command = [program(), "start", "--no-browser", "--port", str(self.port), "--internal-host", "127.0.0.1",
                   "--data-dir", str(self.data), "--username", OWNER, "--password", OWNER_PASSWORD]
        kept = environment(LABEL_STUDIO_BASE_DATA_DIR=str(self.data), DEBUG="false", **QUIET)
        kept.pop("SECRET_KEY", None)
        kept |= self.settings | variables
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=kept,
                                            cwd=self.data)
        for _ in range(READY_WITHIN_SECONDS * 5):
            try:
                if httpx.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            try:
                # Waiting for the process is the pause between two tries.
                code = self.process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"label-studio ended with {code}:\n{self.log.read_text(errors='replace')}")
        raise AssertionError(f"label-studio was not up in time:\n{self.log.read_text(errors='replace')}")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=STOPPED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def secret_key(self) -> str:
        lines = (self.data / ".env").read_text().splitlines()
        return [line.removeprefix("SECRET_KEY=") for line in lines if line.startswith("SECRET_KEY=")][-1]

    def set_active(self, email: str, is_active: bool) -> None:
        """What its admin's pages do; it has no API for it."""
        with sqlite3.connect(self.data / "label_studio.sqlite3", timeout=30) as database:
            changed = database.execute("update htx_user set is_active = ? where email = ?", (is_active, email))
            assert changed.rowcount == 1, email
        database.close()

    def browser(self, email: str = OWNER, password: str = OWNER_PASSWORD) -> httpx.Client:
        """A client that has signed in at Label Studio's form."""
        client = httpx.Client(base_url=self.url, follow_redirects=True, timeout=60)
        page = client.get("/user/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:500]
        answer = client.post("/user/login/", data={"csrfmiddlewaretoken": token[1], "email": email,
                                                   "password": password}, headers={"Referer": self.url})
        assert answer.status_code == 200 and "/user/login" not in str(answer.url), answer.url
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        client.headers["Referer"] = self.url
        return client

    def ask(self, client: httpx.Client, method: str, path: str, body: object = None) -> object:
        """What a request that must succeed answers."""
        answer = client.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None
