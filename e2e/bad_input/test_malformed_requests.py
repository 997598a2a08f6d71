"""Bytes that are no proper HTTP: refused or cut off, and the server goes on serving."""

import socket

import pytest

import wire
from raw import exchange

GET = b"GET /api/current-user/whoami HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /api/token/refresh/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

MALFORMED = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "only line ends": b"\r\n\r\n\r\n\r\n",
    "no version": b"GET /api/version\r\n\r\n",
    "unknown version": b"GET /api/version HTTP/9.9\r\nHost: x\r\n\r\n",
    "no path": b"GET HTTP/1.1\r\nHost: x\r\n\r\n",
    "blank in the path": b"GET /api/ver sion HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in the path": b"GET /api/\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "control character in the method": b"G\x01T /api/version HTTP/1.1\r\nHost: x\r\n\r\n",
    "header without a colon": GET + b"Authorization\r\n\r\n",
    "header name with a blank": GET + b"Authorization : Token x\r\n\r\n",
    "header folded": GET + b"Authorization: Token\r\n x\r\n\r\n",
    "NUL in a header": GET + b"Authorization: Token \x00\r\n\r\n",
    "bare CR in a header": GET + b"Authorization: Token a\rX-Injected: 1\r\n\r\n",
    "a header of a megabyte": GET + b"Authorization: Token " + b"x" * 1_000_000 + b"\r\n\r\n",
    "ten thousand headers": GET + b"X-A: 1\r\n" * 10_000 + b"\r\n",
    "a path of a megabyte": b"GET /api/" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "length in words": POST + b"Content-Length: two\r\n\r\n{}",
    "huge length": POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "length and chunks": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "chunk size in words": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "huge chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
    "unknown transfer encoding": POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed_request_is_refused(standing_server, data):
    answer = exchange(standing_server, data)
    if answer is not None:
        assert 400 <= answer.status < 500 or answer.status == 505, f"{answer.status} {answer.text[:300]}"
        assert "html" not in (answer.first("Content-Type") or "")
        assert answer.first("X-Injected") is None
    assert wire.send(standing_server.url, "GET", "/health").status == 200


def test_a_request_that_never_ends_does_not_hold_up_the_others(standing_server):
    with socket.create_connection(("127.0.0.1", standing_server.port)) as slow:
        slow.sendall(POST + b"Content-Length: 100\r\n\r\n{")
        assert wire.send(standing_server.url, "GET", "/health").status == 200


def test_requests_after_one_another_on_one_connection_are_kept_apart(standing_server):
    """A body that is shorter than it says must not become the next request."""
    smuggled = b"GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(standing_server, POST + f"Content-Length: {len(smuggled)}\r\n\r\n".encode() + smuggled)
    assert answer.status == 400 and b"JSON parse error" in answer.body
