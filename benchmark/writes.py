"""Creates, rotates and revokes with full durability, against bare durable commits of SQLite (goal P5)."""

import json
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path

import running
from report import Table

SECONDS = 2
ROUNDS = 3


def measure(programs, folder: Path, database: str) -> Table:
    keybearer, benchmark = programs
    table = Table("Writes, durable before the answer",
                  ["work", "writers", "per second, median", "worst", "p50", "p99", "to bare commits"])
    servers = {"SQLite": running.Keybearer(keybearer, folder / "writes-sqlite", None),
               "PostgreSQL": running.Keybearer(keybearer, folder / "writes-postgres", _another(database))}
    bare, rounds = [], {}
    try:
        token = {name: server.make("key")["secret"] for name, server in servers.items()}
        for _ in range(ROUNDS):
            bare.append(commits(folder))
            for name, server in servers.items():
                for work in ("create", "rotate", "revoke"):
                    for writers in (1, 32):
                        run = [str(benchmark), "writes", work, f"127.0.0.1:{server.port}", token[name], str(writers),
                               str(SECONDS / 2 if work == "revoke" else SECONDS)]
                        done = subprocess.run(run, capture_output=True, text=True)
                        if done.returncode:
                            running.fail(f"{name} {work}: {done.stderr}")
                        rounds.setdefault((name, work, writers), []).append(json.loads(done.stdout))
    finally:
        for server in servers.values():
            server.stop()
    limit = statistics.median(bare)
    table.row("bare durable commits of one row, SQLite", 1, f"{limit:,.0f}", f"{min(bare):,.0f}", "", "", "1.00")
    for (name, work, writers), results in rounds.items():
        rps = statistics.median(one["rps"] for one in results)
        table.row(f"{name}: {work}", writers, f"{rps:,.0f}", f"{min(one['rps'] for one in results):,.0f}",
                  f"{statistics.median(one['p50_us'] for one in results):,.0f} µs",
                  f"{statistics.median(one['p99_us'] for one in results):,.0f} µs",
                  f"{rps / limit:.2f}" if name == "SQLite" else "")
        table.figure(f"{name} {work} {writers}", rps / limit)
    return table


def _another(database: str) -> str:
    psql = running.need("psql", "postgresql-client")
    subprocess.run([psql, database, "-qc", "create database writes"], check=True)
    return database.rsplit("/", 1)[0] + "/writes"


def commits(folder: Path) -> float:
    """Single-row transactions a second, each on the disk before the next: what one connection can do."""
    path = folder / "bare.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table if not exists bare (id integer primary key, text text not null)")
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        connection.execute("insert into bare (text) values ('0123456789abcdef0123456789abcdef')")
        done += 1
    took = time.perf_counter() - began
    connection.close()
    return done / took
