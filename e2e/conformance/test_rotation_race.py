"""Twelve rotations of one PAT at the same time: as recorded, one succeeds and one token is left."""

from concurrent.futures import ThreadPoolExecutor

import wire
from keybearer import OWNER
from records import load

[RACE] = [record for record in load("recorded.jsonl") if record.name == "rotate/race"]


def test_one_rotation_wins(server):
    pat = server.cli("token", "create", "--email", OWNER, "--kind", "personal")
    legacy = server.cli("token", "create", "--email", OWNER, "--kind", "legacy")

    def rotate(_: int) -> wire.Answer:
        return wire.send_json(server.url, "POST", RACE.path, {"refresh": pat}, Authorization=f"Token {legacy}")

    racers = RACE.request["parallel"]
    with ThreadPoolExecutor(racers) as threads:
        answers = list(threads.map(rotate, range(racers)))
    assert sorted(answer.status for answer in answers) == RACE.response["statuses"]
    listed = wire.send(server.url, "GET", "/api/token/", {"Authorization": f"Token {legacy}"}).json()
    assert len(listed) == RACE.response["tokens_listed_after"]
