"""What more tokens cost: live ones (goals P3, P7), revoked ones (P4), and many that expire in one second
(P10). On SQLite, whose file is filled while no server runs."""

import statistics
import time
from pathlib import Path

import drive
import fill
import running
from drive import Request, Work
from report import Table
from works import TOKENS, works_of

SHOWN = 100_000
EXPIRING = 100_000
SECONDS = 3
ROUNDS = 3
CONNECTIONS = 8
WHOAMI = "/api/current-user/whoami"


def measure(programs, folder: Path, counts: list[int]) -> Table:
    keybearer, _ = programs
    table = Table("Growth, on SQLite with 8 connections",
                  ["tokens in the database", "exchange/s", "check/s", "cold check/s", "list, p50", "start to ready",
                   "resident memory", "bytes a token"],
                  "A cold check shows a token that this server has not seen; each costs one indexed look-up. They are taken "
                  "from all over the table, in no order. The list is Label Studio's `GET /api/token` of a user who has 64 "
                  "live ones.")
    rows = {}
    for count in counts:
        for is_revoked in (False, True):
            rows[count, is_revoked] = _row(keybearer, folder / f"grown-{count}-{is_revoked}", count, is_revoked, table)
    few, many = min(counts), max(counts)
    if few < many:
        for goal, is_revoked, what in (("P3 exchange", False, "exchange"), ("P3 check", False, "check"),
                                       ("P4 exchange", True, "exchange"), ("P4 check", True, "check")):
            table.figure(goal, rows[many, is_revoked][what] / rows[few, is_revoked][what])
        table.figure("P4 list", rows[few, True]["list"] / rows[many, True]["list"])
        table.figure("P7 start", rows[many, False]["ready_ms"])
    ratios = [_expiry(keybearer, folder / f"expiring-{number}") for number in range(ROUNDS)]
    table.figure("P10", statistics.median(ratios))
    return table


def _row(keybearer: Path, folder: Path, count: int, is_revoked: bool, table: Table) -> dict:
    server = running.Keybearer(keybearer, folder, None)
    works = works_of(server, "SQLite")
    server.stop()
    path = server.data / "keybearer.sqlite3"
    before = path.stat().st_size
    texts = fill.fill(path, count, min(SHOWN, count), is_revoked=is_revoked)
    size = (path.stat().st_size - before) / count
    server = running.Keybearer(keybearer, folder, None)
    figures = {"ready_ms": server.ready_ms}
    for work in works:
        work.server = server
    exchange, _, check, _ = works
    for name, work in (("exchange", exchange), ("check", check)):
        drive.run(work, CONNECTIONS, 1)
        figures[name] = statistics.median(drive.run(work, CONNECTIONS, SECONDS)["rps"] for _ in range(ROUNDS))
    cold = "refused"
    if not is_revoked:
        requests = [Request("GET", WHOAMI, f"Bearer {text}") for text in texts]
        work = Work("cold", server, requests, lambda answer: answer.get("email") == running.OWNER)
        cold = f"{drive.run(work, CONNECTIONS, 1)['rps']:,.0f}"
    figures["list"] = _list_ms(server)
    kind = "revoked" if is_revoked else "live"
    table.row(f"{count:,} {kind}", f"{figures['exchange']:,.0f}", f"{figures['check']:,.0f}", cold,
              f"{figures['list']:.2f} ms", f"{server.ready_ms:.0f} ms", f"{server.resident_mib():.0f} MiB", f"{size:.0f}")
    server.stop()
    path.unlink()
    return figures


def _list_ms(server) -> float:
    took = []
    for _ in range(50):
        began = time.perf_counter()
        status, tokens = server.ask("GET", "/api/token", f"Token {running.LEGACY}")
        took.append((time.perf_counter() - began) * 1000)
        if status != 200 or len(tokens) != TOKENS:
            running.fail(f"the list of tokens: {status}, {len(tokens)} of {TOKENS}")
    return statistics.median(took)


def _expiry(keybearer: Path, folder: Path) -> float:
    """The p99 of the second in which many tokens expire, to the mean of the seconds around it."""
    server = running.Keybearer(keybearer, folder, None)
    works = works_of(server, "SQLite")
    server.stop()
    at = int(time.time()) + 15
    texts = fill.fill(server.data / "keybearer.sqlite3", EXPIRING, EXPIRING, expires_at=at * 1000)
    server = running.Keybearer(keybearer, folder, None)
    exchange = works[0]
    exchange.server = server
    # Half of the requests show tokens that are about to expire; they are known, and then refused.
    expiring = [Request("GET", WHOAMI, f"Bearer {text}") for text in texts[:2000]]
    mixed = Work("expiry", server, exchange.requests * 32 + expiring, lambda answer: True, refused=401)
    p99 = {}
    drive.run(Work("warm", server, expiring, lambda answer: True), CONNECTIONS, 1)
    # The leeway after the end is 10 s; that is when they are refused.
    while time.time() < at + 10 + 4:
        second = round(time.time() - at - 10)
        p99[second] = drive.run(mixed, CONNECTIONS, 1)["p99_us"]
    server.stop()
    near = [value for second, value in p99.items() if abs(second) in (2, 3, 4)]
    ratio = max(p99.get(0, 0), p99.get(-1, 0)) / statistics.mean(near)
    return ratio
