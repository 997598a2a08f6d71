"""A database file that cannot be used: missing, read-only, corrupt, of another program, on a full disk."""

import sqlite3

import pytest

import rights
from failing_start import failed_start
from keybearer import Server


@pytest.fixture
def server(tmp_path) -> Server:
    """A server on SQLite that has run once; these failures do not depend on the engine of the run."""
    server = Server(tmp_path)
    server.start()
    server.stop()
    return server


def database_file(server: Server):
    [found] = [path for path in server.data.iterdir()
               if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    return found


def test_missing_folder(server, tmp_path):
    missing = tmp_path / "nowhere" / "keybearer.sqlite3"
    server.database = f"sqlite://{missing}"
    assert str(missing) in failed_start(server)


def test_folder_that_may_not_be_written(server):
    server.launcher = rights.without_privileges()
    server.data.chmod(0o555)
    try:
        assert str(server.data) in failed_start(server)
    finally:
        server.data.chmod(0o755)


def test_read_only_file(server):
    file = database_file(server)
    server.launcher = rights.without_privileges()
    file.chmod(0o444)
    assert str(file) in failed_start(server)


def test_unreadable_file(server):
    file = database_file(server)
    server.launcher = rights.without_privileges()
    file.chmod(0)
    assert str(file) in failed_start(server)


@pytest.mark.parametrize("content", [b"not a database at all " * 100, b"SQLite format 3\0" + b"\xff" * 8192],
                         ids=["other content", "broken pages"])
def test_corrupt_file(server, content):
    file = database_file(server)
    file.write_bytes(content)
    assert str(file) in failed_start(server)


def test_database_of_another_program(server, tmp_path):
    other = tmp_path / "other.sqlite3"
    with sqlite3.connect(other) as connection:
        connection.execute("create table users (id integer primary key, name text)")
    server.database = f"sqlite://{other}"
    failed_start(server)
    with sqlite3.connect(other) as connection:
        assert [name for name, in connection.execute("select name from sqlite_master")] == ["users"]


def test_locked_by_another_process(server):
    file = database_file(server)
    with sqlite3.connect(file) as connection:
        # A migration or the first write has to wait for this one, and gives up after the busy timeout.
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("begin exclusive")
        assert "locked" in failed_start(server, timeout=120)


def test_full_disk(tmp_path):
    server = Server(tmp_path)
    server.launcher = rights.on_a_small_disk(server.data, kilobytes=64)
    failed_start(server)
