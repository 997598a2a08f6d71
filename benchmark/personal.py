"""Personal tokens made, rotated and revoked one after another by Label Studio's API, on Keybearer and on Label Studio
(goal P5)."""

import json
import statistics
import subprocess
from pathlib import Path

import running
from report import Table

SECONDS = 3
ROUNDS = 3
WORKS = ("create", "rotate", "revoke")


def measure(programs, folder: Path, label_studio) -> Table:
    keybearer, benchmark = programs
    table = Table("Personal tokens, one change after another",
                  ["work", "per second, median", "worst", "p50", "p99", "to Label Studio"],
                  "The same client sends the same requests to `/api/token/`, to each server in turn.")
    ours = running.Keybearer(keybearer, folder / "personal", None)
    servers = {"Keybearer": ours, "Label Studio": label_studio}
    rounds = {name: [] for name in servers}
    try:
        for server in servers.values():
            _revoke_all(server)
        for _ in range(ROUNDS):
            for name, server in servers.items():
                run = [str(benchmark), "personal", f"127.0.0.1:{server.port}", running.LEGACY, str(SECONDS)]
                done = subprocess.run(run, capture_output=True, text=True)
                if done.returncode:
                    running.fail(f"{name}: {done.stderr}")
                rounds[name].append(json.loads(done.stdout))
    finally:
        ours.stop()

    def each(name: str, work: str, what: str) -> list[float]:
        return [one[work][what] for one in rounds[name]]

    for work in WORKS:
        limit = statistics.median(each("Label Studio", work, "rps"))
        for name in servers:
            rps = statistics.median(each(name, work, "rps"))
            table.row(f"{name}: {work}", f"{rps:,.0f}", f"{min(each(name, work, 'rps')):,.0f}",
                      f"{statistics.median(each(name, work, 'p50_us')):,.0f} µs",
                      f"{statistics.median(each(name, work, 'p99_us')):,.0f} µs", f"{rps / limit:.1f}")
        table.figure(f"{work} to Label Studio", statistics.median(each("Keybearer", work, "rps")) / limit)
    return table


def _revoke_all(server):
    """Label Studio lets a user have one personal token at a time."""
    for token in server.ask("GET", "/api/token/", f"Token {running.LEGACY}")[1]:
        server.ask("POST", "/api/token/blacklist/", f"Token {running.LEGACY}", {"refresh": token["token"]})
