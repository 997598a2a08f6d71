"""A body of 1 GiB through the gateway, up and down: it arrives whole, and little of it is in memory at any time.

What is behind the gateway answers what Keybearer itself asks a Label Studio, and counts, or makes, the bytes.
"""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from keybearer import OWNER, Server

PIECE = 1 << 20
PIECES = 1024
LENGTH = PIECES * PIECE
# How much more than before it may hold, whatever goes through it: docs/gateway.md says so.
MOST_MIB = 16


def pieces() -> Iterator[bytes]:
    """The whole body, no two pieces alike."""
    rest = hashlib.shake_256(b"a large body").digest(PIECE - 8)
    for number in range(PIECES):
        yield number.to_bytes(8) + rest


def digest_of(read) -> str:
    """What a body is, read by `read(into)` until it has come to its length."""
    digest, buffer, left = hashlib.sha256(), memoryview(bytearray(PIECE)), LENGTH
    while left:
        count = read(buffer[:min(PIECE, left)])
        assert count, f"the body ends {left} bytes early"
        digest.update(buffer[:count])
        left -= count
    return digest.hexdigest()


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/api/current-user/whoami":
            return self.say(200, {"id": 1, "email": OWNER})
        if self.path == "/api/version":
            return self.say(200, {"release": "1.23.2"})
        self.send_response(200)
        self.send_header("Content-Length", str(LENGTH))
        self.end_headers()
        for piece in pieces():
            self.wfile.write(piece)

    def do_POST(self) -> None:
        if self.path == "/api/token/refresh/":
            self.rfile.read(int(self.headers["Content-Length"]))
            return self.say(401, {"detail": "Token has wrong type"})
        self.say(200, {"sha256": digest_of(self.rfile.readinto1)})

    def say(self, status: int, answer: dict) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("gateway")
    key_file = directory / "secret-key"
    key_file.write_text("upstream's own key")
    server = Server(directory)
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as upstream:
        threading.Thread(target=upstream.serve_forever).start()
        try:
            server.start("--upstream", f"http://127.0.0.1:{upstream.server_port}", "--upstream-secret-key-file",
                         str(key_file))
            yield server
        finally:
            server.stop()
            upstream.shutdown()


class Memory:
    """How much more of it a server has held at once than it does now. The kernel keeps the high-water mark."""

    def __init__(self, server: Server):
        self.place = Path(f"/proc/{server.process.pid}")
        (self.place / "clear_refs").write_text("5")
        self.before = self.mib("VmRSS")

    def grown_mib(self) -> float:
        return self.mib("VmHWM") - self.before

    def mib(self, name: str) -> float:
        lines = (self.place / "status").read_text().splitlines()
        [line] = [line for line in lines if line.startswith(f"{name}:")]
        return int(line.split()[1]) / 1024


def connect(gateway: Server, head: str) -> socket.socket:
    """A connection on which a request with the owner's token was begun."""
    token = gateway.cli("token", "create", "--email", OWNER, "--kind", "key")
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=60)
    connection.sendall(f"{head}\r\nHost: label.example.com\r\nConnection: close\r\n"
                       f"Authorization: Bearer {token}\r\n\r\n".encode())
    return connection


def test_an_upload_of_a_gibibyte_is_not_held_in_memory(gateway):
    with closing(connect(gateway, f"POST /api/projects/1/import HTTP/1.1\r\nContent-Length: {LENGTH}")) as connection:
        memory, sent = Memory(gateway), hashlib.sha256()
        for piece in pieces():
            connection.sendall(piece)
            sent.update(piece)
        answer = connection.makefile("rb").read()
        grown = memory.grown_mib()
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert sent.hexdigest().encode() in answer, answer
    assert grown < MOST_MIB


def test_a_download_of_a_gibibyte_is_not_held_in_memory(gateway):
    memory = Memory(gateway)
    with closing(connect(gateway, "GET /api/projects/1/export HTTP/1.1")) as connection:
        answer = connection.makefile("rb", buffering=PIECE)
        head = b"".join(iter(answer.readline, b"\r\n"))
        assert head.startswith(b"HTTP/1.1 200 ") and f"content-length: {LENGTH}".encode() in head.lower(), head
        came = digest_of(answer.readinto1)
        assert answer.read() == b""
        grown = memory.grown_mib()
    sent = hashlib.sha256()
    for piece in pieces():
        sent.update(piece)
    assert came == sent.hexdigest()
    assert grown < MOST_MIB
