"""PostgreSQL that cannot be reached or used when the server starts."""

from urllib.parse import urlsplit, urlunsplit

import pytest

import databases
from failing_start import failed_start
from keybearer import Server, free_port


@pytest.fixture
def server(tmp_path) -> Server:
    return Server(tmp_path)


def test_nobody_listens(server):
    port = free_port()
    server.database = f"postgres://keybearer@127.0.0.1:{port}/keybearer"
    assert str(port) in failed_start(server, timeout=120)


def test_unknown_host(server):
    server.database = "postgres://keybearer@no-such-host.invalid/keybearer"
    assert "no-such-host.invalid" in failed_start(server, timeout=120)


@pytest.mark.parametrize("url", ["postgres://", "postgres://:::/x", "postgres://a@b:notaport/c"])
def test_address_that_is_none(server, url):
    server.database = url
    failed_start(server)


if databases.POSTGRES_URL:
    def test_database_that_does_not_exist(server):
        server.database = urlunsplit(urlsplit(databases.POSTGRES_URL)._replace(path="/keybearer_no_such_database"))
        assert "keybearer_no_such_database" in failed_start(server)

    def test_wrong_password_is_not_shown(server):
        parts = urlsplit(databases.POSTGRES_URL)
        host = f"{parts.hostname}:{parts.port or 5432}"
        server.database = f"postgres://keybearer_nobody:secret-of-nobody@{host}/keybearer"
        assert "secret-of-nobody" not in failed_start(server)
