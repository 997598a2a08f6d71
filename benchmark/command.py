"""./bench: what is measured in which order, and where the tables go."""

import argparse
import datetime
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import drive
import growth
import imports
import nodes
import pages
import peer
import personal
import report
import running
import writes
from works import limits_of, works_of

CONNECTIONS = [2, 8, 32]
PARTS = ["checks", "writes", "nodes", "start", "import", "pages"]


def arguments():
    parser = argparse.ArgumentParser(prog="./bench", description=__doc__)
    parser.add_argument("--peer", choices=["label-studio"], help="measure this too; installs it from PyPI")
    parser.add_argument("--tokens", metavar="N,N", help="fill databases with so many tokens, such as 1e3,1e6,1e7")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds [3]")
    parser.add_argument("--seconds", type=int, default=2, help="length of a round [2]")
    parser.add_argument("--only", choices=PARTS, action="append",
                        help="only this part; the other tables stay as they are")
    parser.add_argument("--no-build", action="store_true", help="measure what is built already")
    parser.add_argument("--no-docs", action="store_true", help="print only, leave docs/performance.md as it is")
    return parser.parse_args()


def main():
    options = arguments()
    keybearer, limits = running.build(not options.no_build)
    for command, package in (("wrk", "wrk"), ("initdb", "postgresql"), ("psql", "postgresql-client")):
        running.need(command, package)
    wanted = options.only or PARTS
    load = os.getloadavg()[0]
    tables = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keybearer-bench.")))
        database = stack.enter_context(running.postgres())
        if "start" in wanted:
            tables.append(report.start(keybearer, folder))
        with_peer = options.peer and {"checks", "writes"} & set(wanted)
        label_studio = peer.start(stack, folder) if with_peer else None
        if "checks" in wanted:
            tables += checks(stack, (keybearer, limits), folder, database, label_studio, options)
        if "writes" in wanted:
            tables.append(writes.measure((keybearer, limits), folder, database))
            if label_studio:
                tables.append(personal.measure((keybearer, limits), folder, label_studio))
        if "nodes" in wanted:
            tables.append(nodes.measure(keybearer, folder, database))
        if "import" in wanted:
            # On a database of its own, whose tables nothing else has filled.
            tables.append(imports.measure(keybearer, folder, stack.enter_context(running.postgres())))
        if "pages" in wanted:
            tables.append(pages.measure(keybearer, folder))
        if options.tokens:
            counts = [int(float(text)) for text in options.tokens.split(",")]
            tables.append(growth.measure((keybearer, limits), folder, counts))
    machine = report.machine(load, datetime.datetime.now(datetime.UTC))
    report.show(machine, tables)
    if not options.no_docs:
        report.write(machine, tables)


def checks(stack, programs, folder: Path, database: str, label_studio, options) -> list:
    keybearer, limits = programs
    on_sqlite = running.Keybearer(keybearer, folder / "sqlite", None)
    stack.callback(on_sqlite.stop)
    on_postgres = running.Keybearer(keybearer, folder / "postgres", database)
    stack.callback(on_postgres.stop)
    least = running.Limits(limits, folder)
    stack.callback(least.stop)
    works = works_of(on_sqlite, "SQLite")
    sample = on_sqlite.make("personal")["secret"]
    works = limits_of(least, sample) + works + works_of(on_postgres, "PostgreSQL")
    if label_studio:
        works += peer.works(label_studio)
    drive.interleaved(works, CONNECTIONS, options.rounds, options.seconds)
    return report.checks(works, CONNECTIONS, {"SQLite": on_sqlite, "PostgreSQL": on_postgres}, options)
