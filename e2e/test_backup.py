"""Backups of a server that runs and is written to, restored and served again, on either engine."""

import json
import stat
import threading
from pathlib import Path

import httpx

import databases
import sign_in
from keybearer import OWNER, OWNER_PASSWORD, Server


def whoami(server: Server, token: str) -> int:
    answer = httpx.get(f"{server.url}/api/current-user/whoami", headers={"Authorization": f"Token {token}"}, timeout=30)
    return answer.status_code


def restored(new_server, backup: Path) -> Server:
    """Another server, in an empty place, on what the backup holds."""
    server = new_server()
    said = server.cli("restore", str(backup))
    assert "the audit log is whole" in said
    return server.start()


def test_a_backup_under_load_is_whole_and_works(new_server, tmp_path):
    server = new_server().start("--enable-legacy-tokens")
    kept = [server.cli("token", "create", "--email", OWNER, "--kind", kind) for kind in ("personal", "key", "legacy")]
    revoked = server.cli("token", "create", "--email", OWNER, "--kind", "key")
    # The 16 characters after `kb_` are its id.
    server.cli("token", "revoke", revoked[3:19])
    begun, stop, made = threading.Event(), threading.Event(), []

    def write() -> None:
        with server.http(Authorization=f"Token {kept[1]}") as client:
            while not stop.is_set():
                answer = client.post("/api/v1/tokens", json={"kind": "key", "name": f"number {len(made)}"})
                assert answer.status_code == 201, answer.text
                made.append(answer.json()["secret"])
                begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    backup = tmp_path / "one.backup"
    try:
        assert begun.wait(timeout=60), "nothing was written"
        server.cli("backup", str(backup))
    finally:
        stop.set()
        writer.join()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert all(whoami(server, token) == 200 for token in kept)

    copy = restored(new_server, backup)
    assert [whoami(copy, token) for token in (*kept, revoked)] == [200, 200, 200, 401]
    # A prefix of what was made: one moment, and no gap in it.
    works = [whoami(copy, token) == 200 for token in made]
    assert works == sorted(works, reverse=True)
    assert sign_in.session(copy.url, OWNER, OWNER_PASSWORD)
    assert "whole" in copy.cli("audit", "verify")


def test_from_one_engine_to_the_other(new_server, engine, tmp_path):
    server = new_server().start()
    token = server.cli("token", "create", "--email", OWNER, "--kind", "personal")
    server.cli("backup", str(tmp_path / "one.backup"))
    other = "sqlite" if engine == "postgres" else "postgres"
    if other not in databases.engines():
        other = "sqlite"
    with databases.empty_database(other) as database:
        moved = Server(tmp_path / "moved", database)
        moved.directory.mkdir()
        moved.cli("restore", str(tmp_path / "one.backup"))
        moved.start()
        try:
            assert whoami(moved, token) == 200
            moved.cli("user", "add", "--email", "next@example.com")
            assert [user["id"] for user in json.loads(moved.cli("user", "list", "--json"))] == [1, 2]
        finally:
            moved.stop()


def test_a_running_server_is_not_replaced(new_server, tmp_path):
    server = new_server().start()
    backup = str(tmp_path / "one.backup")
    server.cli("backup", backup)
    done = server.run("restore", backup, "--overwrite")
    assert done.returncode == 1 and "another Keybearer server is running" in done.stderr
    assert server.stop() == 0
    done = server.run("restore", backup)
    assert done.returncode == 1 and "--overwrite" in done.stderr
    server.cli("restore", backup, "--overwrite")
    server.start()
    assert sign_in.session(server.url, OWNER, OWNER_PASSWORD)
