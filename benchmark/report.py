"""Tables: printed for people, and written into docs/performance.md between its markers."""

import os
import platform
import re
import statistics
import time
from pathlib import Path

import drive
import running

DOCS = running.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
MIB = 1 << 20


class Table:
    def __init__(self, title: str, header: list[str], note: str = ""):
        self.title, self.header, self.note = title, header, note
        self.rows: list[list[str]] = []
        self.figures: dict[str, float] = {}

    def row(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def figure(self, name: str, value: float):
        """Kept for the table of goals."""
        self.figures[name] = value

    def text(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]

        def pad(line):
            return "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"

        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        body = "\n".join([pad(self.header), rule, *map(pad, self.rows)])
        return f"### {self.title}\n\n{body}\n" + (f"\n{self.note}\n" if self.note else "")


def machine(load: float, now) -> str:
    cpu = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (f"{now:%Y-%m-%d %H:%M} UTC, {cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux "
            f"{platform.release().split('-')[0]}; wrk and all servers on the same machine; load before the run "
            f"{load:.1f}.")


def checks(works: list, connections: list[int], servers: dict, options) -> list[Table]:
    table = Table("Checks and exchanges",
                  ["work", "connections", "rps, median", "worst", "p50", "p99", "to the limit", "not 2xx"],
                  f"Medians of {options.rounds} interleaved rounds of {options.seconds} s. Only answers of 2xx count, and "
                  "four a second are read and compared. The limit of an exchange is the JSON echo, that of a check the "
                  "hello.")
    named = {"hello": works[0], "echo": works[2]}
    for work in works:
        for count in connections:
            rps = drive.median(work, count, "rps")
            ratio = ""
            if work.limit:
                limit = named[work.limit]
                share = drive.ratio(work, limit, count)
                ratio = f"{share:.2f}"
                table.figure(f"{work.name} {count}", share)
                table.figure(f"{work.name} {count} p99",
                             drive.median(work, count, "p99_us") / drive.median(limit, count, "p99_us"))
            table.figure(f"{work.name} {count} rps", rps)
            table.row(work.name, count, f"{rps:,.0f}", f"{drive.worst(work, count):,.0f}",
                      f"{drive.median(work, count, 'p50_us'):,.0f} µs", f"{drive.median(work, count, 'p99_us'):,.0f} µs",
                      ratio, drive.bad(work, count))
    memory = Table("Resident memory after these rounds", ["server", "MiB"])
    for name, server in servers.items():
        memory.row(f"Keybearer on {name}", f"{server.resident_mib():.1f}")
    return [table, memory]


def start(keybearer: Path, folder: Path) -> Table:
    table = Table("Start", ["what", "figure"])
    first, again, idle = [], [], []
    for number in range(5):
        place = folder / f"start-{number}"
        server = running.Keybearer(keybearer, place, None)
        first.append(server.ready_ms)
        server.stop()
        server = running.Keybearer(keybearer, place, None)
        again.append(server.ready_ms)
        time.sleep(1)
        idle.append(server.resident_mib())
        server.stop()
    table.row("to ready, empty folder: tables, keys and the owner with his password are made",
              f"{statistics.median(first):.0f} ms")
    table.row("to ready, started again", f"{statistics.median(again):.0f} ms")
    table.row("resident memory, idle", f"{statistics.median(idle):.1f} MiB")
    table.row("size of the binary", f"{keybearer.stat().st_size / MIB:.1f} MiB")
    table.figure("ready_ms", statistics.median(again))
    table.figure("idle_mib", statistics.median(idle))
    table.figure("binary_mib", keybearer.stat().st_size / MIB)
    return table


def goals(tables: list[Table]) -> Table:
    """Each goal beside what was reached; of a part that this run has not measured, what the documents say."""
    figures = {name: value for table in tables for name, value in table.figures.items()}
    table = Table("Goals", ["goal", "wanted", "reached", ""], "Each table below says when and on what machine it was made.")
    written = {row[0]: row for row in _rows(_parts().get(table.title, ""))}

    def goal(name: str, wanted: str, reached: list[float], is_met, form: str = "{:.2f}"):
        if reached and all(value is not None for value in reached):
            low, high = min(reached), max(reached)
            span = form.format(low) if form.format(low) == form.format(high) else \
                f"{form.format(low)} to {form.format(high)}"
            table.row(name, wanted, span, "reached" if all(map(is_met, reached)) else "not reached")
        elif name in written:
            table.row(*written[name])

    engines = ("SQLite", "PostgreSQL")
    kinds = ("access token", "key token", "legacy token")
    some = [(engine, count) for engine in engines for count in (2, 8, 32)]
    goal("P1 exchange, to the JSON echo", "1.00", [figures.get(f"{e}: exchange {c}") for e, c in some],
         lambda ratio: ratio >= 1.0)
    goal("P2 check, to hello", "0.90",
         [figures.get(f"{e}: whoami, {kind} {c}") for e, c in some for kind in kinds], lambda ratio: ratio >= 0.9)
    goal("P2 p99 at 8 connections, to hello's", "at most 1.3",
         [figures.get(f"{e}: whoami, {kind} 8 p99") for e in engines for kind in kinds], lambda ratio: ratio <= 1.3)
    peer = figures.get("Label Studio: exchange 8 rps")
    goal("P1 exchange, to Label Studio's on SQLite", "150", [figures["SQLite: exchange 8 rps"] / peer] if peer else [],
         lambda ratio: ratio >= 150, "{:.0f}")
    for name in ("P3 exchange", "P3 check", "P4 list", "P4 exchange", "P4 check"):
        goal(f"{name}, most tokens to fewest", "at least 0.90", [figures.get(name)], lambda ratio: ratio >= 0.9)
    changes = ("create", "rotate", "revoke")
    goal("P5 writes, 32 at once, to bare commits", "0.80", [figures.get(f"SQLite {work} 32") for work in changes],
         lambda ratio: ratio >= 0.8)
    for work in changes:
        goal(f"P5 {work}, one after another, to Label Studio's", "20", [figures.get(f"{work} to Label Studio")],
             lambda ratio: ratio >= 20, "{:.1f}")
    goal("Pages with 10,000 tokens, median", "under 50 ms",
         [value for name, value in figures.items() if name.startswith("page ")], lambda value: value < 50, "{:.1f} ms")
    goal("P7 ready, hardly any data", "under 50 ms", [figures.get("ready_ms")], lambda value: value < 50, "{:.0f} ms")
    goal("P7 ready, most tokens", "under 1,000 ms", [figures.get("P7 start")], lambda value: value < 1000, "{:.0f} ms")
    goal("P7 idle memory", "under 20 MiB", [figures.get("idle_mib")], lambda value: value < 20, "{:.1f} MiB")
    goal("P7 binary", "under 25 MiB", [figures.get("binary_mib")], lambda value: value < 25, "{:.1f} MiB")
    goal("P9 late requests on the node", "0", [figures.get("late")], lambda value: value == 0, "{:.0f}")
    goal("P9 other nodes, p99", "under 100 ms", [figures.get("p99_ms")], lambda value: value < 100, "{:.1f} ms")
    goal("P9 other nodes, maximum", "under 1 s", [figures.get("max_ms")], lambda value: value < 1000, "{:.1f} ms")
    goal("P10 p99 of the second in which many expire", "at most 1.2", [figures.get("P10")], lambda ratio: ratio <= 1.2)
    return table


def _parts() -> dict[str, str]:
    """What stands under each title between the markers."""
    text = DOCS.read_text()
    old = text[text.index(BEGIN):text.index(END)]
    return dict(re.findall(r"### (.+?)\n\n(.*?)(?=\n### |\Z)", old, re.S))


def _rows(part: str) -> list[list[str]]:
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def show(machine_text: str, tables: list[Table]):
    print(f"\n{machine_text}\n")
    for table in [goals(tables), *tables]:
        print(table.text())


def write(machine_text: str, tables: list[Table]):
    """Puts the tables between the markers. A table that this run has not made stays as it is."""
    text = DOCS.read_text()
    made = {table.title: table.text().split("\n\n", 1)[1].strip() for table in [goals(tables), *tables]}
    made |= {table.title: f"{made[table.title]}\n\n_{machine_text}_" for table in tables}
    parts = _parts() | made
    body = "\n\n".join(f"### {title}\n\n{part.strip()}" for title, part in parts.items())
    DOCS.write_text(text[:text.index(BEGIN)] + f"{BEGIN}\n{body}\n" + text[text.index(END):])
    print(f"written into {DOCS.relative_to(running.ROOT)}")
