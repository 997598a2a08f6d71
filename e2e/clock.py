"""A clock that a test can move, for the real server and for real clients alike.

libfaketime stands between a process and the system's time. Only the wall clock moves: timeouts and
timers, which use the monotonic clock, keep running at their true speed.
"""

import glob
from pathlib import Path

PLACES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)


def library() -> str:
    found = [path for place in PLACES for path in glob.glob(place)]
    if not found:
        raise FileNotFoundError("libfaketime is missing: install it with apt-get install faketime")
    return found[0]


class Clock:
    """Wall-clock time for every process that runs in its environment()."""

    def __init__(self, file: Path):
        self.file = file
        self.offset_seconds = 0
        self._write()

    def forward(self, seconds: int) -> None:
        self.offset_seconds += seconds
        self._write()

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            # Without this a move is seen only ten seconds later.
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def _write(self) -> None:
        # Replaced as a whole: a process that reads the time in between must not find an empty file.
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self.offset_seconds:+d}\n")
        fresh.replace(self.file)
