"""What more tokens cost: live ones (goals P3, P7), revoked ones (P4), and many that expire in one second
(P10). On SQLite, whose file is filled while no server runs."""

import statistics
import time
from contextlib import ExitStack
from pathlib import Path

import drive
import fill
import running
from drive import Request, Work
from report import Table
from works import TOKENS, works_of

SHOWN = 100_000
EXPIRING = 100_000
SECONDS = 2
ROUNDS = 5
CONNECTIONS = 8
WHOAMI = "/api/current-user/whoami"


def measure(programs, folder: Path, counts: list[int]) -> Table:
    keybearer, _ = programs
    table = Table("Growth, on SQLite with 8 connections",
                  ["tokens in the database", "exchange/s (worst)", "check/s (worst)", "cold check/s", "list, p50", "start to ready",
                   "resident memory", "bytes a token"],
                  f"A server for each, all at once, driven in turn: medians of {ROUNDS} interleaved rounds. "
                  "A cold check shows a token that this server has not seen; each costs one indexed look-up. They are taken "
                  "from all over the table, in no order. The list is Label Studio's `GET /api/token` of a user who has 64 "
                  "live ones.")
    grown = {(count, is_revoked): _Grown(keybearer, folder, count, is_revoked)
             for count in counts for is_revoked in (False, True)}
    with ExitStack() as stack:
        for one in grown.values():
            one.start()
            stack.callback(one.stop)
        drive.interleaved([work for one in grown.values() for work in one.works], [CONNECTIONS], ROUNDS, SECONDS)
        for one in grown.values():
            table.row(*one.cells())
    few, many = min(counts), max(counts)
    if few < many:
        for goal, is_revoked in (("P3", False), ("P4", True)):
            for what, most, fewest in zip(("exchange", "check"), grown[many, is_revoked].works,
                                          grown[few, is_revoked].works):
                table.figure(f"{goal} {what}", drive.ratio(most, fewest, CONNECTIONS))
        table.figure("P4 list", grown[few, True].list_ms / grown[many, True].list_ms)
        table.figure("P7 start", grown[many, False].server.ready_ms)
    ratios = [_expiry(keybearer, folder / f"expiring-{number}") for number in range(3)]
    table.figure("P10", statistics.median(ratios))
    return table


class _Grown:
    """A database with so many tokens, and the server on it."""

    def __init__(self, keybearer: Path, folder: Path, count: int, is_revoked: bool):
        self.keybearer, self.folder = keybearer, folder / f"grown-{count}-{is_revoked}"
        self.name = f"{count:,} {'revoked' if is_revoked else 'live'}"
        self.is_revoked = is_revoked
        self.server = running.Keybearer(keybearer, self.folder, None)
        exchange, _, check, _ = works_of(self.server, self.name)
        self.works = [exchange, check]
        self.server.stop()
        self.path = self.server.data / "keybearer.sqlite3"
        before = self.path.stat().st_size
        self.texts = fill.fill(self.path, count, min(SHOWN, count), is_revoked=is_revoked)
        self.bytes_a_token = (self.path.stat().st_size - before) / count

    def start(self):
        self.server = running.Keybearer(self.keybearer, self.folder, None)
        for work in self.works:
            work.server = self.server

    def cells(self) -> list[str]:
        """Its row; each of its cold tokens is asked for once."""
        cold = "refused"
        if not self.is_revoked:
            requests = [Request("GET", WHOAMI, f"Bearer {text}") for text in self.texts]
            work = Work("cold", self.server, requests, lambda answer: answer.get("email") == running.OWNER)
            cold = f"{drive.run(work, CONNECTIONS, 1)['rps']:,.0f}"
        self.list_ms = _list_ms(self.server)
        rates = [f"{drive.median(work, CONNECTIONS, 'rps'):,.0f} ({drive.worst(work, CONNECTIONS):,.0f})"
                 for work in self.works]
        return [self.name, *rates, cold, f"{self.list_ms:.2f} ms", f"{self.server.ready_ms:.0f} ms",
                f"{self.server.resident_mib():.0f} MiB", f"{self.bytes_a_token:.0f}"]

    def stop(self):
        self.server.stop()
        self.path.unlink()


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
