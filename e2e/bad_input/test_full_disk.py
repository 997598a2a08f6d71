"""A disk that is full while many write at once: each of them hears of it, and nothing that was answered is lost."""

from concurrent.futures import ThreadPoolExecutor

import httpx

import rights
from keybearer import Server

WRITERS = 16
KILOBYTES = 6_000
LEGACY = "0123456789abcdef0123456789abcdef01234567"


def create_until_refused(server: Server) -> tuple[list[str], httpx.Response]:
    made = []
    with server.http(Authorization=f"Token {LEGACY}") as client:
        while True:
            answer = client.post("/api/v1/tokens", json={"kind": "key", "name": "n" * 100, "note": "n" * 400})
            if answer.status_code != 201:
                return made, answer
            made.append(answer.json()["secret"])


def test_everybody_hears_of_a_disk_that_is_full(tmp_path):
    server = Server(tmp_path)
    server.launcher = rights.on_a_small_disk(server.data, KILOBYTES)
    server.start("--enable-legacy-tokens", "--user-token", LEGACY)
    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(create_until_refused, server) for _ in range(WRITERS)]
            outcomes = [writer.result() for writer in writers]
        for _, refusal in outcomes:
            assert refusal.status_code == 503
            assert "the disk under the database is full" in refusal.text
        secrets = [secret for made, _ in outcomes for secret in made]
        assert len(secrets) > WRITERS
        with server.http() as client:
            for secret in secrets:
                assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    finally:
        server.stop()
