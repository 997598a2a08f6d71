"""A client program that lives through time: it calls, the clock moves, it calls again.

Run by test_expiry.py under the server's clock: MODE URL PAT CLOCK-FILE SECONDS...
"""

import logging
import sys
from pathlib import Path

from clients import Requests, Sdk
from clock import Clock


def main(mode: str, url: str, pat: str, clock_file: str, *moves: str) -> None:
    requests = Requests()
    logging.getLogger("httpx").addHandler(requests)
    logging.getLogger("httpx").setLevel(logging.INFO)
    clock = Clock(Path(clock_file))
    sdk = Sdk(mode, url, api_key=pat)
    for seconds in moves:
        clock.forward(int(seconds))
        print(sdk("users.whoami").email, len(requests.exchanges()))


main(*sys.argv[1:])
