"""What tests do with tokens of somebody's own."""

from playwright.sync_api import Locator

import secrets_shown
from keybearer import Server
from visitors import Visitor

KEYS = "/user/account/key-token"
PERSONAL = "/user/account/personal-access-token"


def make(visitor: Visitor, path: str, name: str, **fields: str) -> str:
    """Makes a token by the form, and gives its secret."""
    visitor.go(path)
    if not visitor.page.get_by_label("Name", exact=True).is_visible():
        visitor.page.get_by_text("Create New Token").click()
    visitor.fill(name=name, **fields)
    visitor.press("Create")
    return secrets_shown.shown(visitor)


def status_of(server: Server, secret: str) -> int:
    """What a program that carries the secret is answered."""
    with server.http(Authorization=f"Token {secret}") as http:
        return http.get("/api/current-user/whoami").status_code


def row(visitor: Visitor, name: str) -> Locator:
    return visitor.page.get_by_role("row").filter(has_text=name)
