"""Expiry notices by mail: every one arrives, none twice, whatever the mail server or Keybearer does."""

import re
import threading

import pytest
from conftest import AN_HOUR_SECONDS, DAY_SECONDS
from notice_receivers import MailServer, garbage, wait_until

import databases
from keybearer import OWNER, Server, free_port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def flags(port: int) -> tuple[str, ...]:
    return ("--smtp-url", f"smtp://127.0.0.1:{port}", "--mail-from", "Keybearer <keys@example.com>",
            "--public-url", "https://tokens.example.com")


def subjects(mails: list) -> list[str]:
    return [mail["Subject"] for mail in mails]


def test_each_threshold_is_mailed_once_over_restarts(life, port, flags):
    with MailServer(port) as mails:
        began = life(*flags)
        secret = began.token(8, "CI für „Büro“")
        for seconds, happens in [(1.25 * DAY_SECONDS, "in 7 days"), (6 * DAY_SECONDS, "in 18 hours"), (DAY_SECONDS, "has expired")]:
            before = len(mails.accepted)
            began.stop_and_start_later(int(seconds))
            wait_until(lambda: len(mails.accepted) > before, happens)
            assert happens in mails.accepted[-1]["Subject"]
            for _ in range(2):
                began.stop_and_start_later(60)
        wait_until(lambda: began.states() == [(0, "delivered"), (1, "delivered"), (7, "delivered")], "all noted")
    assert len(mails.accepted) == 3
    mail = mails.accepted[0]
    assert (mail["To"], mail["From"]) == (OWNER, "Keybearer <keys@example.com>")
    assert "„Büro“" in mail["Subject"]
    text = mail.get_content()
    token_id = began.notices()[0]["token_id"]
    for part in ["CI für „Büro“", token_id, "key token", "https://tokens.example.com", "never, as far as"]:
        assert part in text
    assert secret not in str(mail) and secret not in began.server.log_text()
    assert len({mail["Message-ID"] for mail in mails.accepted}) == 3
    assert re.fullmatch(rf"<notice-{token_id}-7d@example\.com>", mails.accepted[0]["Message-ID"])


def test_nothing_is_lost_while_the_mail_server_is_down(life, port, flags):
    began = life(*flags)
    began.token(8)
    began.stop_and_start_later(2 * DAY_SECONDS)
    wait_until(lambda: [n["attempts"] for n in began.notices()] == [1], "a first try")
    assert "refused" in began.notices()[0]["reason"].lower()
    with MailServer(port) as mails:
        began.stop_and_start_later(AN_HOUR_SECONDS)
        wait_until(lambda: began.states() == [(7, "delivered")], "the second try")
        began.stop_and_start_later(AN_HOUR_SECONDS)
    assert len(mails.accepted) == 1


def test_a_mail_server_that_answers_garbage_is_tried_again(life, port, flags):
    began = life(*flags)
    began.token(8)
    with garbage(port) as connections:
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: connections and began.notices()[0]["reason"], "a try")
        began.server.stop()
    with MailServer(port) as mails:
        began.server.clock.forward(AN_HOUR_SECONDS)
        began.start()
        wait_until(lambda: began.states() == [(7, "delivered")], "the second try")
    assert len(mails.accepted) == 1


def test_a_slow_mail_server_gets_one_mail_and_the_end_of_the_server_waits_for_it(life, port, flags):
    taken = threading.Event()

    def slowly(_: object) -> str:
        taken.wait(3)
        return "250 taken"

    with MailServer(port, slowly) as mails:
        began = life(*flags)
        began.token(8)
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: mails.seen, "the mail is under way")
        began.server.stop()
        assert len(mails.accepted) == 1
        for _ in range(2):
            began.server.clock.forward(AN_HOUR_SECONDS)
            began.start()
            assert began.states() == [(7, "delivered")]
            began.server.stop()
    assert len(mails.seen) == 1


def test_killed_before_the_mail_server_took_it_it_is_sent_once_more(life, port, flags):
    dead = threading.Event()

    def never_the_first_time(_: object) -> str:
        if dead.is_set():
            return "250 taken"
        dead.wait(30)
        return "451 nobody is there any more"

    with MailServer(port, never_the_first_time) as mails:
        began = life(*flags)
        began.token(8)
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: mails.seen, "the mail is under way")
        began.kill()
        dead.set()
        began.start()
        assert [notice["state"] for notice in began.notices()] == ["due"], "the claim of the dead one still holds"
        began.stop_and_start_later(AN_HOUR_SECONDS)
        wait_until(lambda: began.states() == [(7, "delivered")], "the second try")
        began.stop_and_start_later(AN_HOUR_SECONDS)
    assert len(mails.accepted) == 1


def test_killed_after_the_mail_server_took_it_the_second_has_the_same_message_id(life, port, flags):
    """The one case in which a mail leaves twice: mail systems drop the second by its Message-ID."""
    dead = threading.Event()

    def take_and_say_so_too_late(_: object) -> str:
        dead.wait(30)
        return "250 taken"

    with MailServer(port, take_and_say_so_too_late) as mails:
        began = life(*flags)
        began.token(8)
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: mails.seen, "the mail is under way")
        began.kill()
        dead.set()
        began.server.clock.forward(AN_HOUR_SECONDS)
        began.start()
        wait_until(lambda: began.states() == [(7, "delivered")], "the second try")
    assert len({mail["Message-ID"] for mail in mails.accepted}) == 1


def test_signs_in_at_the_mail_server(life, port, flags):
    with MailServer(port, login=("keys@example.com", "p@ss/word")) as mails:
        url = f"smtp://keys%40example.com:p%40ss%2Fword@127.0.0.1:{port}"
        began = life(*flags[2:], "--smtp-url", url)
        began.token(8)
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: began.states() == [(7, "delivered")], "the mail")
        assert mails.logins == [("keys@example.com", "p@ss/word")]
        assert "p%40ss" not in began.server.log_text() and "p@ss" not in began.server.log_text()


@pytest.mark.parametrize("engine", [name for name in databases.engines() if name != "sqlite"], indirect=True, scope="session")
def test_two_nodes_mail_once(life, port, flags, engine, tmp_path):
    with MailServer(port) as mails:
        began = life(*flags)
        for number in range(30):
            began.token(8, f"number {number}")
        began.server.stop()
        began.server.clock.forward(2 * DAY_SECONDS)
        other = Server(tmp_path / "other", began.server.database)
        other.directory.mkdir()
        other.clock = began.server.clock
        try:
            threads = [threading.Thread(target=began.start),
                       threading.Thread(target=lambda: other.start(*flags, "--key-file", str(began.server.data / "sealing.key")))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            wait_until(lambda: began.states() == [(7, "delivered")] * 30, "all mails")
        finally:
            other.stop()
    assert sorted(subjects(mails.accepted)) == sorted(
        f'Your key token "number {number}" expires in 6 days' for number in range(30))


def test_without_a_mail_server_none_is_tried(life):
    began = life()
    began.token(8)
    began.stop_and_start_later(9 * DAY_SECONDS)
    assert began.notices() == []
    assert "Expiry notices go nowhere" in began.server.cli("config", "show")
    shown = began.server.cli("config", "show", "--smtp-url", "smtps://u:geheim@mail.example.com", "--mail-from", "a@b.example")
    assert "Expiry notices go to mail" in shown and "geheim" not in shown
