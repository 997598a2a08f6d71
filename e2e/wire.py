"""Requests sent byte for byte: header order, repeated headers and odd bytes as they are given.

A usual client adds headers of its own and refuses what is malformed, which is what some tests are about.
"""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 60


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def first(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            kind = self.first("Content-Type")
            raise AssertionError(f"not JSON ({self.status}, {kind}): {self.text[:300]!r}") from None


def send(url: str, method: str, path: str, headers: list[tuple[str, str]] | dict[str, str] = (),
         body: bytes | None = None) -> Answer:
    """One request on a connection of its own. A body of None sends no body, as an HTML form's GET would."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    given = {name.lower() for name, _ in pairs}
    if "accept" not in given:
        pairs.append(("Accept", "*/*"))
    if body is not None or method in ("POST", "PUT", "PATCH"):
        pairs.append(("Content-Length", str(len(body or b""))))
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in pairs:
            connection.putheader(name, value.encode())
        try:
            connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            # A server may answer before it has read a body that it will not take.
            pass
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def send_json(url: str, method: str, path: str, value: Any = None, **headers: str) -> Answer:
    pairs = [(name.replace("_", "-"), text) for name, text in headers.items()]
    if value is None:
        return send(url, method, path, pairs)
    return send(url, method, path, [*pairs, ("Content-Type", "application/json")], json.dumps(value).encode())
