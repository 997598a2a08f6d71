"""People with accounts, made by the command line beside the running server."""

import itertools
from dataclasses import dataclass

from keybearer import OWNER as OWNER_EMAIL
from keybearer import OWNER_PASSWORD, Server

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Account:
    email: str
    password: str


OWNER = Account(OWNER_EMAIL, OWNER_PASSWORD)


def new_account(server: Server, role: str = "member", name: str = "") -> Account:
    """An account that no other test knows."""
    account = Account(f"{name or role}-{next(_numbers)}@example.com", "Passw0rd!of-somebody")
    server.cli("user", "add", "--email", account.email, "--role", role, "--password", account.password)
    return account
