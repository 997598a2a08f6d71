"""Drives a server by wrk, counts what was answered as it should be, and checks a sample of the answers."""

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import running

LUA = Path(__file__).with_name("wrk.lua")


@dataclass
class Request:
    method: str
    path: str
    authorization: str = ""
    body: str = ""

    def line(self) -> str:
        return f"{self.method}\t{self.path}\t{self.authorization}\t{self.body}\n"


@dataclass
class Work:
    """What is asked of a server, again and again, and what a right answer looks like: `is_right` is given its
    body, and one of another status than 200 or `refused` is wrong."""
    name: str
    server: object
    requests: list[Request]
    is_right: object
    limit: str | None = None
    refused: int | None = None
    # Makes the requests anew: access tokens live for five minutes only.
    renew: object = None
    rounds: dict = field(default_factory=dict)

    def file(self) -> str:
        if not hasattr(self, "_file"):
            handle, self._file = tempfile.mkstemp(prefix="keybearer-bench-", suffix=".requests")
            os.close(handle)
        Path(self._file).write_text("".join(request.line() for request in self.requests))
        return self._file


def run(work: Work, connections: int, seconds: int) -> dict:
    """One round. Ends the program if an answer that was looked at is wrong."""
    stop = threading.Event()
    wrong: list[str] = []

    def sample():
        number = 0
        while not stop.is_set():
            one = work.requests[number % len(work.requests)]
            body = json.loads(one.body) if one.body else None
            status, answer = work.server.ask(one.method, one.path, one.authorization or None, body)
            if status != work.refused and (status != 200 or not work.is_right(answer)):
                wrong.append(f"{status} {str(answer)[:300]}")
                return
            number += 1
            stop.wait(0.25)

    sampler = threading.Thread(target=sample)
    sampler.start()
    environment = dict(os.environ, BENCH_REQUESTS=work.file())
    threads = 1 if connections < 2 else 2
    command = [running.need("wrk", "wrk"), f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency",
               "-s", str(LUA), f"http://127.0.0.1:{work.server.port}/"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    stop.set()
    sampler.join()
    if wrong:
        running.fail(f"{work.name}: a wrong answer: {wrong[0]}")
    line = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not line:
        running.fail(f"wrk: {done.stdout[-500:]} {done.stderr[-500:]}")
    result = json.loads(line[0][7:])
    good = result["requests"] - result["not_2xx"]
    return {"rps": good / result["seconds"], "p50_us": result["p50_us"], "p99_us": result["p99_us"],
            "bad": result["not_2xx"] + result["broken"]}


def interleaved(works: list[Work], connections: list[int], rounds: int, seconds: int, say=print):
    """Each work in turn, round after round, so that a slow minute of the machine is everybody's."""
    for work in works:
        run(work, 8, 1)
    began = time.time()
    for number in range(rounds):
        for count in connections:
            for work in works:
                work.requests = work.renew() if work.renew else work.requests
                work.rounds.setdefault(count, []).append(run(work, count, seconds))
        say(f"round {number + 1} of {rounds} done, {time.time() - began:.0f} s")


def median(work: Work, connections: int, what: str) -> float:
    return statistics.median(one[what] for one in work.rounds[connections])


def ratio(work: Work, other: Work, connections: int) -> float:
    """The median of the rounds' ratios, each to the same round of the other."""
    pairs = zip(work.rounds[connections], other.rounds[connections])
    return statistics.median(one["rps"] / another["rps"] for one, another in pairs)


def worst(work: Work, connections: int) -> float:
    return min(one["rps"] for one in work.rounds[connections])


def bad(work: Work, connections: int) -> int:
    return sum(one["bad"] for one in work.rounds[connections])
