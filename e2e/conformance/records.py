"""The recorded requests: how they are read, and how one is put on the wire.

A line of the files is one request and the answer that Label Studio 1.23.2 gave to it. `${name}` in a
request stands for a value of the running server; `<name>` in an answer stands for a volatile value.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

HERE = Path(__file__).resolve().parent
VARIABLE = re.compile(r"\$\{([^}]+)\}")
# A body too long to be recorded: its size and its beginning, whose last character goes on to the end.
LONG_BODY = re.compile(r"<(\d+) bytes: (.*)\.\.\.>", re.DOTALL)


@dataclass(frozen=True)
class Record:
    name: str
    given: str
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def method(self) -> str:
        return self.request["method"]

    @property
    def path(self) -> str:
        return self.request["path"]

    @property
    def status(self) -> int:
        return self.response.get("status", 0)

    def variables(self) -> list[str]:
        """The names in use, in order of appearance and once each."""
        return list(dict.fromkeys(VARIABLE.findall(json.dumps(self.request))))

    def header_pairs(self, value: Callable[[str], str]) -> list[tuple[str, str]]:
        headers = self.request.get("headers") or {}
        pairs = headers.items() if isinstance(headers, dict) else headers
        return [(name, fill(text, value)) for name, text in pairs]

    def body(self, value: Callable[[str], str]) -> bytes | None:
        text = self.request.get("body")
        if text is None:
            return None
        if text.startswith("form:"):
            fields = json.loads(text.removeprefix("form:"))
            return urlencode({name: fill(field, value) for name, field in fields.items()}).encode()
        if text.startswith("base64:"):
            return base64.b64decode(text.removeprefix("base64:"))
        if long := LONG_BODY.fullmatch(text):
            return _long_body(int(long[1]), fill(long[2], value))
        return fill(text, value).encode("utf-8", "surrogatepass")


def fill(text: str, value: Callable[[str], str]) -> str:
    return VARIABLE.sub(lambda match: str(value(match[1])), text)


def _long_body(size: int, start: str) -> bytes:
    end = '"}'
    return (start + start[-1] * (size - len(start) - len(end)) + end).encode()


def load(file_name: str) -> list[Record]:
    lines = (HERE / file_name).read_text().splitlines()
    return [Record(r["name"], r["given"], r["request"], r["response"]) for r in map(json.loads, lines)]
