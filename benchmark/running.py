"""Builds and starts what is measured: Keybearer, the limits, a PostgreSQL of our own."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWNER = "owner@example.com"
PASSWORD = "correct horse battery"
LEGACY = "0123456789abcdef0123456789abcdef01234567"
SIGNING_SECRET = "a-signing-secret-for-the-benchmark-only-0123456789"


def fail(sentence: str):
    sys.exit(f"bench: {sentence}")


def need(command: str, package: str) -> str:
    """Where COMMAND is; installs Debian's PACKAGE if it may, and says what to install if it may not."""
    found = shutil.which(command) or _of_postgres(command)
    if found:
        return found
    if not shutil.which("apt-get"):
        fail(f"'{command}' is missing; install it (Debian's package is {package})")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and subprocess.run([*sudo, "true"], capture_output=True).returncode:
        fail(f"'{command}' is missing; install it with: sudo apt-get install {package}")
    subprocess.run([*sudo, "apt-get", "update", "-qq"], check=True)
    subprocess.run([*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
                   check=True, stdout=subprocess.DEVNULL)
    return shutil.which(command) or _of_postgres(command) or fail(f"'{command}' is not in {package}")


def _of_postgres(command: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{command}"), key=lambda path: int(path.parts[-3]))
    return str(found[-1]) if found else None


def build(anew: bool) -> tuple[Path, Path]:
    """The two programs, built for release."""
    if anew:
        subprocess.run(["cargo", "build", "--release", "--workspace"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    return target / "keybearer", target / "keybearer-benchmark"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def postgres():
    """The URL of an empty PostgreSQL that keeps its promises (fsync is on), gone afterwards."""
    initdb = need("initdb", "postgresql")
    bin_folder = Path(initdb).resolve().parent if "postgresql" in initdb else Path(_of_postgres("initdb")).parent
    folder = Path(tempfile.mkdtemp(prefix="keybearer-bench-postgres."))
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    port = free_port()
    control = [*as_user, str(bin_folder / "pg_ctl"), "-D", str(folder / "data")]
    subprocess.run([*as_user, str(bin_folder / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust",
                    "-E", "UTF8", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=512MB -c max_wal_size=4GB"
    subprocess.run([*control, "-w", "-l", str(folder / "log"), "-o", options, "start"], check=True,
                   stdout=subprocess.DEVNULL, cwd="/")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


class Program:
    """A program that serves on a port of its own."""

    def __init__(self, command: list[str], port: int, ready: str, folder: Path, headers: dict | None = None,
                 within: float = 60):
        self.port = port
        self.began = time.perf_counter()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KEYBEARER_")}
        self.log = open(folder / f"log-{port}", "w+")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)
        while True:
            try:
                status = self.ask("GET", ready, headers=headers)[0]
                if status == 200:
                    break
            except (OSError, http.client.HTTPException):
                pass
            if self.process.poll() is not None or time.perf_counter() - self.began > within:
                self.log.seek(0)
                fail(f"{command[0]} does not answer: {self.log.read()[-2000:]}")
            time.sleep(0.0005)
        self.ready_ms = (time.perf_counter() - self.began) * 1000

    def ask(self, method: str, path: str, token: str | None = None, body=None, headers: dict | None = None):
        """Status and JSON (or text) of one answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = token
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def resident_mib(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


class Keybearer(Program):
    """A Keybearer with an owner whose legacy token is known."""

    def __init__(self, binary: Path, folder: Path, database: str | None, *more: str, shows: bool = True):
        folder.mkdir(exist_ok=True)
        key = folder / "signing.key"
        key.write_text(SIGNING_SECRET)
        self.data = folder / "data"
        port = free_port()
        place = ["--data-dir", str(self.data)] + (["--database", database] if database else [])
        super().__init__(
            [str(binary), "serve", *place, "--listen", f"127.0.0.1:{port}", "--signing-key-file", str(key),
             "--username", OWNER, "--password", PASSWORD, "--user-token", LEGACY, "--enable-legacy-tokens", *more],
            port, "/health", folder)

    def make(self, kind: str) -> dict:
        status, made = self.ask("POST", "/api/v1/tokens", f"Token {LEGACY}", {"kind": kind, "name": "bench"})
        if status != 201:
            fail(f"no {kind} token: {status} {made}")
        return made

    def access(self, personal: str) -> str:
        status, answer = self.ask("POST", "/api/token/refresh", body={"refresh": personal})
        if status != 200:
            fail(f"no exchange: {status} {answer}")
        return answer["access"]


class Limits(Program):
    def __init__(self, binary: Path, folder: Path):
        port = free_port()
        super().__init__([str(binary), "limits", str(port)], port, "/hello", folder)
