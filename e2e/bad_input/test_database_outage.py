"""The database stops answering while the server runs: 503 in JSON, nothing half-written, and back again."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

import databases
import rights
import wire
from errors import assert_error
from keybearer import OWNER, OWNER_PASSWORD, Server
from sign_in import session


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Another process holds the write lock of the SQLite file."""
    [file] = [path for path in server.data.iterdir()
              if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("begin immediate")
        yield
        connection.execute("rollback")
    finally:
        connection.close()


@contextmanager
def shut(server: Server) -> Iterator[None]:
    """PostgreSQL drops the connections to this database and takes no new ones."""
    name = urlsplit(server.database).path.lstrip("/")
    allow = sql.SQL("alter database {} allow_connections {}")
    with psycopg.connect(databases.POSTGRES_URL, autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


@pytest.fixture
def outage(engine):
    return {"sqlite": locked, "postgres": shut}[engine]


@pytest.fixture
def owner(server) -> dict[str, str]:
    return {"Authorization": f"Token {server.cli('token', 'create', '--email', OWNER, '--kind', 'key')}"}


def tokens(server: Server, owner: dict[str, str]) -> list[str]:
    answer = wire.send(server.url, "GET", "/api/token/", owner)
    assert answer.status == 200, answer.text
    return [row["token"] for row in answer.json()]


def test_changes_answer_503_and_work_again_afterwards(server, owner, outage):
    before = tokens(server, owner)
    with outage(server):
        assert_error(wire.send(server.url, "POST", "/api/token/", owner), 503)
        assert_error(wire.send_json(server.url, "PATCH", "/api/users/1/", {"first_name": "x"}, **owner), 503)
    assert tokens(server, owner) == before
    assert wire.send(server.url, "GET", "/api/users/1/", owner).json()["first_name"] != "x"
    assert wire.send(server.url, "POST", "/api/token/", owner).status == 201
    assert len(tokens(server, owner)) == len(before) + 1


def test_revocation_is_never_answered_before_it_is_kept(server, owner, outage):
    pat = wire.send(server.url, "POST", "/api/token/", owner).json()["token"]
    with outage(server):
        assert_error(wire.send_json(server.url, "POST", "/api/token/blacklist/", {"refresh": pat}), 503)
    assert wire.send_json(server.url, "POST", "/api/token/blacklist/", {"refresh": pat}).status == 204
    assert wire.send_json(server.url, "POST", "/api/token/refresh/", {"refresh": pat}).status == 401


def test_full_disk(tmp_path):
    server = Server(tmp_path)
    server.launcher = rights.on_a_small_disk(server.data, kilobytes=4096)
    server.start("--enable-legacy-tokens")
    try:
        owner = {"Authorization": f"Token {_token_of_a_session(server)}"}
        # The server's disk is only seen from inside its own view of the file system.
        filler = f"/proc/{server.process.pid}/root{server.data}/filler"
        _fill(filler)
        statuses = {wire.send_json(server.url, "PATCH", "/api/users/1/", {"first_name": "x" * 250}, **owner).status
                    for _ in range(50)}
        assert statuses <= {200, 503} and 503 in statuses
        assert_error(wire.send(server.url, "POST", "/api/token/", owner), 503)
        with open(filler, "w"):
            pass
        assert wire.send(server.url, "POST", "/api/token/", owner).status == 201
    finally:
        server.stop()


def _token_of_a_session(server: Server) -> str:
    cookie = session(server.url, OWNER, OWNER_PASSWORD)
    return wire.send(server.url, "GET", "/api/current-user/token", {"Cookie": f"sessionid={cookie}"}).json()["token"]


def _fill(path: str) -> None:
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
