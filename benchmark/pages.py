"""How long the pages of an admin take whose organization has 10,000 tokens, all his own. They are made by the
interface, so that the audit log has their events too."""

import http.client
import statistics
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import running
from report import Table

TOKENS = 10_000
MAKERS = 8
WARM_UP = 3
ROUNDS = 30
CSRF = "benchmark" + "0" * 23
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KEYS = "/user/account/key-token"
LIST = "/organization/tokens"
AUDIT = "/organization/audit"
PAGES = {
    "Key Tokens": KEYS,
    "Key Tokens, ended": f"{KEYS}?state=ended",
    "Personal Access Tokens, none": "/user/account/personal-access-token",
    "Tokens": LIST,
    "Tokens, all states": f"{LIST}?state=",
    "Tokens, a word that many have": f"{LIST}?q=export",
    "Tokens, a word that none has": f"{LIST}?q=nothing",
    "Tokens, of a kind without any": f"{LIST}?kind=legacy&state=revoked",
    "Tokens, expired": f"{LIST}?state=expired",
    "Tokens, revoked": f"{LIST}?state=revoked",
    "Tokens, of an owner": f"{LIST}?owner={running.OWNER}",
    "Tokens, of an owner without any": f"{LIST}?owner=nobody@example.com",
    "Tokens, unused for 90 days": f"{LIST}?unused_days=90",
    "Use": "/organization/use",
    "Audit": AUDIT,
    "Audit, what nobody did": f"{AUDIT}?action=user.delete",
    "Audit, by nobody": f"{AUDIT}?actor=nobody@example.com",
    "Audit, on nothing": f"{AUDIT}?subject=nothing",
    "Audit, refused": f"{AUDIT}?outcome=wrong_password",
    "Audit, of other days": f"{AUDIT}?to=2020-01-01",
    "Members": "/organization",
    "A member": "/organization/members/1",
    "Access Token Settings": "/organization/settings",
}
# What it would stop is looked for before a change is saved: every token, here.
KEYS_OFF = {"personal_enabled": "on", "legacy_enabled": "on", "personal_ttl_days": 90, "key_ttl_days": 90,
            "max_ttl_days": "", "idle_days": "", "direct_use": "allow", "scopes": "", "ip_ranges": "",
            "max_overlap_hours": 168, "on_reuse": "alert"}


class Browser:
    """One connection and two cookies."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookies = f"csrftoken={CSRF}"
        answer, _ = self.ask("/user/login", {"email": running.OWNER, "password": running.PASSWORD})
        session = answer.getheader("Set-Cookie", "").partition(";")[0]
        if answer.status != 302 or not session.startswith("sessionid="):
            running.fail(f"no sign-in: {answer.status}, {session}")
        self.cookies += f"; {session}"

    def ask(self, path: str, form: dict | None = None):
        """The answer and its text; `form` is sent if there is one."""
        headers = {"Cookie": self.cookies}
        if form is None:
            self.connection.request("GET", path, headers=headers)
        else:
            body = urlencode({**form, "csrfmiddlewaretoken": CSRF})
            self.connection.request("POST", path, body, headers | FORM)
        answer = self.connection.getresponse()
        return answer, answer.read().decode()


def measure(keybearer: Path, folder: Path) -> Table:
    table = Table(f"Pages, with {TOKENS:,} tokens of one user in the organization", ["page", "median", "worst", "KB"],
                  f"From the request to the last byte, on one connection, {ROUNDS} times each, on SQLite. The settings are "
                  "sent and not saved: the page says which tokens would stop.")
    server = running.Keybearer(keybearer, folder / "pages", None)
    try:
        _make_tokens(server)
        browser = Browser(server.port)
        asked = [(name, path, None) for name, path in PAGES.items()]
        asked.append((f"Settings that stop {TOKENS:,} tokens", "/organization/settings", KEYS_OFF))
        for name, path, form in asked:
            took, size = _times(browser, path, form)
            table.row(name, f"{statistics.median(took):.1f} ms", f"{max(took):.1f} ms", f"{size / 1000:.0f}")
            table.figure(f"page {name}", statistics.median(took))
    finally:
        server.stop()
    return table


def _times(browser: Browser, path: str, form: dict | None) -> tuple[list[float], int]:
    took, size = [], 0
    for _ in range(WARM_UP + ROUNDS):
        began = time.perf_counter()
        answer, text = browser.ask(path, form)
        took.append((time.perf_counter() - began) * 1000)
        size = len(text)
        if answer.status != 200 or (form and f"{TOKENS:,} tokens" not in text):
            running.fail(f"{path}: {answer.status} {text[:500]}")
    return took[WARM_UP:], size


def _make_tokens(server):
    makers = [threading.Thread(target=_make, args=(server.port, range(first, TOKENS, MAKERS)))
              for first in range(MAKERS)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()


def _make(port: int, numbers: range):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Token {running.LEGACY}", "Content-Type": "application/json"}
    for number in numbers:
        # Some of them end in each of the next days: the page about the use counts them.
        body = f'{{"kind": "key", "name": "export {number}", "note": "number {number}", "ttl_days": {1 + number % 90}}}'
        connection.request("POST", "/api/v1/tokens", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 201:
            running.fail(f"no token: {answer.status} {text}")
