"""Many who make, rotate and revoke tokens at once, and a server that is killed among them."""

import threading

import httpx

from keybearer import OWNER, Server

WRITERS = 16
ANSWERS = 400
KILLS = 3
WITHIN_SECONDS = 60


class Answers:
    """What the writers were told: whether each secret works. A change that was asked for and not answered
    leaves that open."""

    def __init__(self) -> None:
        self.works: dict[str, bool] = {}
        self.count = 0
        self.changed = threading.Condition()

    def note(self, **works: bool) -> None:
        with self.changed:
            self.works |= works
            self.count += 1
            self.changed.notify_all()

    def leave_open(self, secret: str) -> None:
        with self.changed:
            self.works.pop(secret, None)

    def wait(self) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.count >= ANSWERS, WITHIN_SECONDS), self.count


def write(url: str, owner: str, answers: Answers) -> None:
    with httpx.Client(base_url=f"{url}/api/v1/tokens", timeout=30) as client:
        try:
            while True:
                change_one(client, owner, answers)
        except httpx.TransportError:
            pass  # It was killed.


def change_one(client: httpx.Client, owner: str, answers: Answers) -> None:
    """Makes a token, rotates it twice, and revokes it."""
    made = client.post("", json={"kind": "key", "name": "n"}, headers=bearer(owner))
    assert made.status_code == 201, made.text
    token, secret = made.json()["id"], made.json()["secret"]
    answers.note(**{secret: True})
    for _ in range(2):
        answers.leave_open(secret)
        rotated = client.post(f"/{token}/rotation", json={"overlap_hours": 0}, headers=bearer(secret))
        assert rotated.status_code == 201, rotated.text
        old, token, secret = secret, rotated.json()["token"]["id"], rotated.json()["secret"]
        answers.note(**{old: False, secret: True})
    answers.leave_open(secret)
    revoked = client.delete(f"/{token}", headers=bearer(secret))
    assert revoked.status_code == 204, revoked.text
    answers.note(**{secret: False})


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_what_was_answered_to_many_at_once_outlives_a_kill(new_server):
    server: Server = new_server().start()
    owner = server.cli("token", "create", "--email", OWNER, "--kind", "key")
    for _ in range(KILLS):
        answers = Answers()
        writers = [threading.Thread(target=write, args=(server.url, owner, answers)) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        answers.wait()
        server.process.kill()
        server.process.wait()
        for writer in writers:
            writer.join()
        server.start()
        with httpx.Client(base_url=server.url) as client:
            for secret, works in answers.works.items():
                answer = client.get("/api/current-user/whoami", headers=bearer(secret))
                assert answer.status_code == (200 if works else 401), answer.text
        assert "whole" in server.cli("audit", "verify")
