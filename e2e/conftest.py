"""Fixtures of every suite: the engines that a run covers, and servers on them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import databases
from keybearer import Server


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("KEYBEARER_E2E_REQUIRE_POSTGRES") == "1" and not databases.POSTGRES_URL:
        raise pytest.UsageError(
            "TEST_POSTGRES_URL is not set: start a PostgreSQL and set it to postgres://USER@HOST:PORT/DATABASE, "
            "or unset KEYBEARER_E2E_REQUIRE_POSTGRES to run on SQLite only"
        )


@pytest.fixture(scope="session", params=databases.engines())
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def new_server(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Makes servers that are not started yet; each is stopped and its database dropped at the end."""
    with ExitStack() as cleanup:
        def make(**options) -> Server:
            database = cleanup.enter_context(databases.empty_database(engine))
            server = Server(tmp_path_factory.mktemp("server"), database, **options)
            cleanup.callback(server.stop)
            return server

        yield make


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    """A fresh server for a test that changes more than its own tokens."""
    return new_server().start("--enable-legacy-tokens")


@pytest.fixture(scope="session")
def standing_server(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it as they found it."""
    with databases.empty_database(engine) as database:
        server = Server(tmp_path_factory.mktemp("standing"), database).start("--enable-legacy-tokens")
        try:
            yield server
        finally:
            server.stop()
