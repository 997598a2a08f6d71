"""A start that must fail: with exit code 1, and one sentence that a person can act on."""

import subprocess

from keybearer import Server

TECHNICAL = ("panicked", "RUST_BACKTRACE", "Error {", "Error(", "Os {", "SqliteError", "src/", "thread '")


def failed_start(server: Server, command: list[str] | None = None, timeout: float = 60) -> str:
    """The one line on standard error of a start that fails by itself."""
    done = subprocess.run(command or server.serve_command(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          cwd=server.directory, env=server.environment(), timeout=timeout)
    assert done.returncode == 1, f"exit code {done.returncode}: {done.stderr or done.stdout}"
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, f"{len(lines)} lines on standard error:\n{done.stderr}"
    assert not any(word in lines[0] for word in TECHNICAL), lines[0]
    assert len(lines[0].split()) >= 4, lines[0]
    return lines[0]
