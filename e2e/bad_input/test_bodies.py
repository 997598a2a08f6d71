"""Whatever is in a body, the answer is the JSON error with a true sentence."""

import json

import pytest

import wire
from endpoints import READS_BODY
from errors import assert_error
from raw import exchange

LIMIT_BYTES = 64 * 1024
JSON = {"Content-Type": "application/json"}

NOT_JSON = {
    "empty braces cut": b"{",
    "words": b"refresh=x",
    "bare word": b"undefined",
    "single quotes": b"{'refresh': 'x'}",
    "trailing comma": b'{"refresh": "x",}',
    "two values": b"{} {}",
    "blank": b"   ",
    "NUL": b"\x00",
    "invalid UTF-8": b'{"refresh": "\xff"}',
    "UTF-8 cut off": b'{"refresh": "\xe2\x82',
    "UTF-16": '{"refresh": "x"}'.encode("utf-16"),
    "UTF-8 with a mark": b'\xef\xbb\xbf{"refresh": "x"}',
    "control character": b'{"refresh": "a\nb"}',
    "nested below the limit": b"[" * 30_000 + b"]" * 30_000,
    "nested and open": b"[" * 60_000,
    "nested objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "number without end": b"1" * 60_000,
    "NaN": b'{"refresh": NaN}',
}
NOT_AN_OBJECT = [b"null", b"[]", b'"x"', b"5", b"true", b"[{}]", b"1e999"]


@pytest.fixture(params=READS_BODY, ids=lambda endpoint: f"{endpoint[0]} {endpoint[1]}")
def endpoint(request, owner):
    method, path, authenticated = request.param
    return method, path, owner if authenticated else {}


def assert_refused(answer: wire.Answer, path: str, *statuses: int) -> None:
    """Label Studio has another body for what is wrong with hotkeys; clients of that endpoint know it."""
    if "hotkeys" in path and b'"error"' in answer.body:
        assert answer.status in statuses and answer.first("Content-Type") == "application/json"
        assert answer.json().keys() <= {"error", "details"}
        return
    assert_error(answer, *statuses)


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_not_json(standing_server, endpoint, body):
    method, path, headers = endpoint
    assert_refused(wire.send(standing_server.url, method, path, headers | JSON, body), path, 400)


@pytest.mark.parametrize("body", NOT_AN_OBJECT, ids=lambda body: body.decode())
def test_json_that_is_no_object(standing_server, endpoint, body):
    method, path, headers = endpoint
    assert_refused(wire.send(standing_server.url, method, path, headers | JSON, body), path, 400)


@pytest.mark.parametrize("size", [LIMIT_BYTES + 1, 1024 * 1024])
def test_body_over_the_limit(standing_server, endpoint, size):
    method, path, headers = endpoint
    body = b'{"refresh": "' + b"x" * (size - 15) + b'"}'
    assert_error(wire.send(standing_server.url, method, path, headers | JSON, body), 413)


def test_body_at_the_limit_is_read(standing_server, endpoint):
    method, path, headers = endpoint
    body = b'{"unknown": "' + b"x" * (LIMIT_BYTES - 15) + b'"}'
    assert wire.send(standing_server.url, method, path, headers | JSON, body).status in (200, 400)


def test_hundred_thousand_nested_arrays(standing_server, endpoint):
    method, path, headers = endpoint
    body = b"[" * 100_000 + b"]" * 100_000
    assert_error(wire.send(standing_server.url, method, path, headers | JSON, body), 413)


def test_body_over_the_limit_in_chunks(standing_server, endpoint):
    """Without a Content-Length the size is only known as the body comes in."""
    method, path, headers = endpoint
    head = "".join(f"{name}: {value}\r\n" for name, value in (headers | JSON).items())
    chunk = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    answer = exchange(standing_server, (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode()
        + chunk * 20 + b"0\r\n\r\n"))
    assert_error(answer, 413)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/vnd.api+json", "garbage", ""])
def test_other_content_types(standing_server, endpoint, content_type):
    method, path, headers = endpoint
    answer = wire.send(standing_server.url, method, path, headers | {"Content-Type": content_type}, b"{}")
    assert_refused(answer, path, 415)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
def test_compressed_bodies_are_not_taken(standing_server, endpoint, encoding):
    method, path, headers = endpoint
    compressed = headers | JSON | {"Content-Encoding": encoding}
    answer = wire.send(standing_server.url, method, path, compressed, b"\x1f\x8b\x08\x00")
    assert_refused(answer, path, 400, 415)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, "", " ", "a\0b", "\ud800", "x" * 60_000],
                         ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("path", ["/api/token/refresh/", "/api/token/blacklist/", "/api/token/rotate/"])
def test_odd_values_of_the_one_field(standing_server, owner, path, value):
    body = json.dumps({"refresh": value}).encode("utf-8", "surrogatepass")
    answer = wire.send(standing_server.url, "POST", path, owner | JSON, body)
    assert answer.status in (400, 401, 404), answer.text
    assert answer.first("Content-Type") == "application/json"


@pytest.mark.parametrize("field", ["first_name", "last_name", "username", "phone"])
@pytest.mark.parametrize("value", [None, True, [], {}, "x" * 257, "a\0b"], ids=lambda value: repr(value)[:20])
def test_odd_values_of_a_users_fields(standing_server, owner, field, value):
    answer = wire.send_json(standing_server.url, "PATCH", "/api/users/1/", {field: value}, **owner)
    body = assert_error(answer, 400)
    assert list(body["validation_errors"]) == [field]


@pytest.mark.parametrize("days", [0, -1, 1.5, "x", None, [], True, 10**9, 10**30], ids=repr)
def test_odd_lifetimes(standing_server, owner, days):
    answer = wire.send_json(standing_server.url, "POST", "/api/jwt/settings", {"api_token_ttl_days": days}, **owner)
    assert list(assert_error(answer, 400)["validation_errors"]) == ["api_token_ttl_days"]


def test_unknown_fields_are_ignored(standing_server, owner):
    answer = wire.send_json(standing_server.url, "POST", "/api/jwt/settings", {"nope": 1, "id": 7}, **owner)
    assert answer.status == 200
