"""A start that cannot succeed says why, in one sentence, and ends with exit code 1."""

import socket

import rights
from failing_start import failed_start
from keybearer import free_port


def test_second_server_on_the_same_data_directory(new_server):
    first = new_server().start()
    port, first.port = first.port, free_port()
    sentence = failed_start(first)
    first.port = port
    assert str(first.data) in sentence
    assert first.http().get("/health").status_code == 200


def test_port_in_use(new_server):
    server = new_server()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server.port = taken.getsockname()[1]
        assert str(server.port) in failed_start(server)


def test_data_directory_that_may_not_be_made(new_server):
    server = new_server()
    server.launcher = rights.without_privileges()
    server.key_file.write_text("")
    server.directory.chmod(0o555)
    server.key_file.chmod(0o644)
    try:
        assert str(server.data) in failed_start(server)
    finally:
        server.directory.chmod(0o755)


def test_data_directory_that_is_a_file(new_server):
    server = new_server()
    server.data.write_text("")
    assert str(server.data) in failed_start(server)


def test_signing_key_file_that_is_missing(new_server, tmp_path):
    server = new_server()
    server.key_file = tmp_path / "missing.key"
    command = server.serve_command()
    server.key_file.unlink()
    assert str(server.key_file) in failed_start(server, command=command)


def test_database_of_an_unknown_kind(new_server):
    server = new_server()
    server.database = "mysql://127.0.0.1/keybearer"
    assert "mysql" in failed_start(server)
