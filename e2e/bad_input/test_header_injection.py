"""Nothing that a request carries becomes a header or a page of the answer."""

from urllib.parse import urlencode

import pytest

import wire
from keybearer import OWNER, OWNER_PASSWORD
from sign_in import CSRF_FIELD

MARK = "x-injected"
LINES = f"a%0d%0a{MARK}:%201"


def assert_not_injected(answer: wire.Answer) -> None:
    assert answer.status < 500
    assert answer.first(MARK) is None
    assert not any("\n" in value or "\r" in value for _, value in answer.headers)


@pytest.mark.parametrize("path", [
    f"/api/{LINES}", f"/api/users/{LINES}/", f"/api/current-user/whoami?include={LINES}",
    f"/api/organizations/1/memberships?page_size=1&x={LINES}", f"/user/login/?next=/{LINES}", f"/{LINES}",
    f"/user/signup/?token={LINES}",
])
def test_line_ends_in_the_address(standing_server, owner, path):
    assert_not_injected(wire.send(standing_server.url, "GET", path, owner))


@pytest.mark.parametrize("header", [
    "Origin", "Referer", "Accept-Language", "User-Agent", "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Proto", "Forwarded", "Cookie", "Accept",
])
@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "ä\u2028", "x" * 4_000, "%0d%0ax-injected: 1", ""],
                         ids=lambda value: value[:12])
def test_odd_values_of_headers(standing_server, owner, header, value):
    answer = wire.send(standing_server.url, "GET", "/api/current-user/whoami", owner | {header: value})
    assert_not_injected(answer)
    assert answer.first("Content-Type") == "application/json"
    assert "<script>" not in answer.text


@pytest.mark.parametrize("target", [
    "https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "/%0d%0ax-injected:%201",
    "https:evil.example", "/\t/evil.example/", "/\n/evil.example/", "\t//evil.example/",
])
def test_sign_in_leads_nowhere_else(standing_server, target):
    page = wire.send(standing_server.url, "GET", "/user/login/")
    cookie = page.first("Set-Cookie").partition(";")[0]
    form = {"email": OWNER, "password": OWNER_PASSWORD, "csrfmiddlewaretoken": CSRF_FIELD.search(page.text)[1]}
    answer = wire.send(standing_server.url, "POST", f"/user/login/?{urlencode({'next': target})}", {
        "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}, urlencode(form).encode())
    assert answer.status == 302
    location = answer.first("Location")
    assert location.startswith("/") and not location.startswith(("//", "/\\"))
    assert not any(character in location for character in "\r\n\t")
