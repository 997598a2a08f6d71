"""A server whose clock can be moved, and tokens on it that end."""

import json
from collections.abc import Callable

import pytest

from keybearer import OWNER, Server

DAY_SECONDS = 86_400
# A claim that nobody keeps runs out within this, and the first waits between two tries are shorter.
AN_HOUR_SECONDS = 3600


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    """Not started yet: a test says with which receivers."""
    return new_server(with_clock=True)


class Life:
    """Starts and stops a server, and moves its clock in between, so that it looks for notices at once."""

    def __init__(self, server: Server, *flags: str):
        self.server = server
        self.flags = flags

    def start(self) -> None:
        self.server.start(*self.flags)

    def token(self, ttl_days: int, name: str = "for a test") -> str:
        """Makes a token and gives its secret."""
        return self.server.cli("token", "create", "--email", OWNER, "--kind", "key", "--name", name,
                               "--ttl-days", str(ttl_days))

    def stop_and_start_later(self, seconds: int) -> None:
        self.server.stop()
        self.server.clock.forward(seconds)
        self.start()

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()
        self.server.process = None

    def notices(self) -> list[dict]:
        return json.loads(self.server.cli("notices", "list", "--json"))

    def states(self) -> list[tuple[int, str]]:
        return sorted((notice["days_before"], notice["state"]) for notice in self.notices())


@pytest.fixture
def life(server: Server) -> Callable[..., Life]:
    def begin(*flags: str) -> Life:
        life = Life(server, *flags)
        life.start()
        return life

    return begin
