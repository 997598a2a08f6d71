"""From the answer to a revocation to the first refusal: on the same node, and on two others (goal P9)."""

import subprocess
import threading
import time
from pathlib import Path

import running
from report import Table

TOKENS = 200
WHOAMI = "/api/current-user/whoami"


def measure(keybearer: Path, folder: Path, database: str) -> Table:
    table = Table("From a revocation's answer to the refusal",
                  ["where", "revocations", "late requests", "p50", "p99", "maximum"])
    subprocess.run([running.need("psql", "postgresql-client"), database, "-qc", "create database nodes"], check=True)
    url = database.rsplit("/", 1)[0] + "/nodes"
    nodes = [running.Keybearer(keybearer, folder / f"node-{number}", url, "--key-file", str(folder / "nodes.key"))
             for number in range(3)]
    try:
        late, elsewhere = _revoke(nodes)
    finally:
        for node in nodes:
            node.stop()
    table.row("the same node", TOKENS, late, "", "", "")
    elsewhere.sort()

    def at(share: int) -> float:
        return elsewhere[min(len(elsewhere) * share // 100, len(elsewhere) - 1)]

    table.row("two other nodes on one PostgreSQL", TOKENS * 2, "", f"{at(50):.1f} ms", f"{at(99):.1f} ms",
              f"{elsewhere[-1]:.1f} ms")
    table.figure("late", late)
    table.figure("p99_ms", at(99))
    table.figure("max_ms", elsewhere[-1])
    return table


def _revoke(nodes) -> tuple[int, list[float]]:
    late, elsewhere = 0, []
    for _ in range(TOKENS):
        made = nodes[0].make("key")
        secret = f"Bearer {made['secret']}"
        for node in nodes:
            for _ in range(2):
                if node.ask("GET", WHOAMI, secret)[0] != 200:
                    running.fail("a good token is refused")
        stop, counts = threading.Event(), []

        def storm():
            # Each request that begins after the answer must be refused.
            while not stop.is_set():
                begun_after = revoked.is_set()
                status = nodes[0].ask("GET", WHOAMI, secret)[0]
                counts.append(begun_after and status == 200)

        revoked = threading.Event()
        thread = threading.Thread(target=storm)
        thread.start()
        nodes[0].ask("DELETE", f"/api/v1/tokens/{made['id']}", f"Token {running.LEGACY}")
        revoked.set()
        began = time.perf_counter()
        waiting = list(nodes[1:])
        while waiting:
            for node in list(waiting):
                if node.ask("GET", WHOAMI, secret)[0] != 200:
                    elsewhere.append((time.perf_counter() - began) * 1000)
                    waiting.remove(node)
        stop.set()
        thread.join()
        late += sum(counts)
    return late, elsewhere
