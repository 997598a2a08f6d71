"""Every request recorded from Label Studio, sent to Keybearer in the state that it was recorded in.

The answer is the recorded one, or divergences.toml says by which rule it differs and what it is
instead. Neither an unlisted difference nor a listed one that is none passes.
"""

from collections.abc import Iterator

import pytest

import databases
from divergences import DIVERGENCES
from keybearer import Server
from matching import differences
from records import Record, load
from replay import replay
from states import House

FILES = ("recorded.jsonl", "recorded_more.jsonl")
# One record is a race of many requests; test_rotation_race.py runs it.
RECORDS = {name: [record for record in load(name) if "parallel" not in record.request] for name in FILES}


@pytest.fixture(scope="module")
def house(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server for each file: each begins with nobody but the owner."""
    with databases.empty_database(engine) as database:
        server = Server(tmp_path_factory.mktemp("conformance"), database).start()
        try:
            yield House(server)
        finally:
            server.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "record" in metafunc.fixturenames:
        pairs = [(name, record) for name in FILES for record in RECORDS[name]]
        metafunc.parametrize(("house", "record"), pairs, indirect=["house"],
                             ids=[record.name for _, record in pairs], scope="module")


def test_answer_is_the_recorded_one_or_a_listed_other(house: House, record: Record):
    answer = replay(house, record)
    found = differences(record, answer, house.server.url)
    listed = DIVERGENCES.get(record.name)
    if listed is None:
        assert not found, "\n".join([f"{record.method} {record.path}, {record.given}:", *found, answer.text[:500]])
        return
    assert found, f"listed as a divergence, but it is the recorded answer; the rule was: {listed.rule}"
    other = listed.differences(record, answer)
    assert not other, "\n".join([f"not the listed answer; the rule is: {listed.rule}", *other, answer.text[:500]])


def test_every_listed_divergence_is_of_a_record():
    names = {record.name for records in RECORDS.values() for record in records}
    assert DIVERGENCES.keys() <= names, DIVERGENCES.keys() - names
