"""The built binary as a test sees it: started in an empty data directory, asked by its own CLI,
stopped like a service manager stops it.

Nothing here knows what an answer should be; the suites do.
"""

import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx

import clock
from forge import SigningKey

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_SECONDS = 30
STOPPED_WITHIN_SECONDS = 20

OWNER = "owner@example.com"
OWNER_PASSWORD = "Passw0rd!o"


def binary() -> Path:
    """The program under test: KEYBEARER_BIN, or what cargo has built, release first."""
    named = os.environ.get("KEYBEARER_BIN")
    candidates = [Path(named)] if named else [ROOT / "target" / kind / "keybearer" for kind in ("release", "debug")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    raise FileNotFoundError(
        f"no keybearer binary at {' or '.join(map(str, candidates))}: run cargo build, or set KEYBEARER_BIN"
    )


def environment(**more: str) -> dict[str, str]:
    """This process's environment without anything that would configure the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEYBEARER_", "LABEL_STUDIO_"))}
    return kept | more


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One running Keybearer. Each has its own data directory, port, signing key and clock."""

    def __init__(self, directory: Path, database: str | None = None, *, port: int | None = None,
                 with_clock: bool = False):
        self.directory = directory
        self.data = directory / "data"
        self.database = database
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "server.log"
        self.key_file = directory / "signing.key"
        self.key = SigningKey("e2e-signing-key-0123456789-abcdefghijklmnopqrstuvwxyz")
        self.clock = clock.Clock(directory / "clock") if with_clock else None
        self.process: subprocess.Popen | None = None
        # Whatever must stand before the binary on the command line, such as a tool that takes rights away.
        self.launcher: list[str] = []

    def global_flags(self) -> list[str]:
        flags = ["--data-dir", str(self.data)]
        return flags + ["--database", self.database] if self.database else flags

    def command(self, *arguments: str) -> list[str]:
        return [*self.launcher, str(binary()), *arguments, *self.global_flags()]

    def serve_command(self, *flags: str) -> list[str]:
        self.key_file.write_text(self.key.secret + "\n")
        return self.command("serve", "--listen", f"127.0.0.1:{self.port}",
                            "--signing-key-file", str(self.key_file), *flags)

    def environment(self) -> dict[str, str]:
        return environment(**(self.clock.environment() if self.clock else {}))

    def start(self, *flags: str) -> "Server":
        """Starts it with the first owner, and returns once /health says that it is up."""
        return self.start_without_owner("--username", OWNER, "--password", OWNER_PASSWORD, *flags)

    def start_without_owner(self, *flags: str) -> "Server":
        """Starts it without an account; it prints a set-up link."""
        command = self.serve_command(*flags)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.directory, env=self.environment())
        self._wait_until_healthy()
        return self

    def _wait_until_healthy(self) -> None:
        tries = READY_WITHIN_SECONDS * 50
        for _ in range(tries):
            try:
                if httpx.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            try:
                # Waiting for the process is the pause between two tries, and notices at once when it has died.
                code = self.process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"keybearer ended with {code} before it was up:\n{self.log_text()}")
        raise AssertionError(f"keybearer was not up within {READY_WITHIN_SECONDS} s:\n{self.log_text()}")

    def stop(self) -> int | None:
        """Asks it to end, as a service manager would, and gives its exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=STOPPED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"keybearer did not end within {STOPPED_WITHIN_SECONDS} s of SIGTERM") from None
        finally:
            self.process = None

    def run(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess:
        """Runs one sub-command beside the server and gives back whatever came of it."""
        return subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              cwd=self.directory, env=self.environment(), timeout=timeout)

    def cli(self, *arguments: str) -> str:
        """Runs one sub-command that must succeed; gives its standard output without the last newline."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"keybearer {' '.join(arguments)} ended with {done.returncode}: {done.stderr}"
        return done.stdout.rstrip("\n")

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def http(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)
