"""Unknown methods are 405 with Allow, unknown paths 404, and both are JSON under /api/."""

import pytest

import wire
from endpoints import ALLOW, STANDARD_METHODS
from errors import assert_error

REFUSED = [(path, method) for path, allow in ALLOW.items() for method in (*STANDARD_METHODS, "TRACE", "PROPFIND", "FOO")
           if method not in allow.split(", ")]

UNKNOWN_PATHS = [
    "/api/nope", "/api/nope/", "/api/token/nope/", "/api/token/verify/", "/api/users/1/nope",
    "/api/token/refresh/x", "/api/current-user", "/api/projects/", "/api/tasks/1/",
    "/api/%2e%2e/health", "/api/../health", "/api/token/%00", "/api/%ff", "/api/%zz",
    "/api/organizations/abc", "/api/organizations/999", "/api/users/99999999999999999999/", "/api/users/-1/",
    "/api/organizations/1/memberships/abc/", "/api/users/1%2F/", "/api/users/%20/", "/api/users/1;/",
    "/api/" + "x" * 8_000,
]


@pytest.mark.parametrize(("path", "method"), REFUSED, ids=[f"{method} {path}" for path, method in REFUSED])
def test_other_methods_are_not_allowed(standing_server, owner, path, method):
    answer = wire.send(standing_server.url, method, path, owner)
    assert (answer.status, answer.first("Allow")) == (405, ALLOW[path])
    if method == "HEAD":
        assert answer.body == b""
    else:
        assert assert_error(answer, 405)["detail"] == f'Method "{method}" not allowed.'


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "FOO"])
@pytest.mark.parametrize("path", UNKNOWN_PATHS, ids=lambda path: path[:40])
def test_unknown_paths_are_not_found(standing_server, owner, path, method):
    answer = wire.send(standing_server.url, method, path, owner)
    # An id that nobody has lies on a known path, where another method is refused first.
    assert_error(answer, 404, *([405] if method != "GET" else []))


def test_paths_of_label_studio_name_the_gateway(standing_server, owner):
    body = assert_error(wire.send(standing_server.url, "GET", "/api/projects/", owner), 404)
    assert "gateway" in body["detail"].lower()


def test_unknown_families_are_closed_without_a_credential(standing_server):
    assert_error(wire.send(standing_server.url, "GET", "/api/projects/"), 401)


@pytest.mark.parametrize("path", ALLOW)
def test_both_slash_spellings_answer_alike(standing_server, owner, path):
    other = path.rstrip("/") if path.endswith("/") else path + "/"
    method = "GET" if "GET" in ALLOW[path] else "OPTIONS"
    answers = [wire.send(standing_server.url, method, spelling, owner) for spelling in (path, other)]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].first("Location") is answers[1].first("Location") is None
