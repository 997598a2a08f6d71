"""Expiry notices by webhook: each arrives at least once, always under the same id, and signed."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import AN_HOUR_SECONDS, DAY_SECONDS
from notice_receivers import Hook, Post, garbage, wait_until

from keybearer import OWNER, ROOT, environment, free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = re.search(r"```python signature-example\n(.*?)```", (ROOT / "docs" / "notices.md").read_text(), re.DOTALL)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def flags(port: int) -> tuple[str, ...]:
    return "--webhook-url", f"http://127.0.0.1:{port}/notices", "--webhook-secret", SECRET


def ids(posts: list[Post]) -> list[str]:
    return [post.headers["webhook-id"] for post in posts]


def check_by_the_docs(post: Post, now: int, tmp_path: Path) -> str:
    """Runs the docs' own example on a post, as a receiver would."""
    script = tmp_path / "example.py"
    script.write_text(EXAMPLE.group(1) + "\nimport json, sys\nheaders, body, now = json.load(sys.stdin)\n"
                      f"print(is_from_keybearer({SECRET!r}, headers, body.encode(), now))\n")
    done = subprocess.run([sys.executable, script], input=json.dumps([post.headers, post.body, now]), text=True,
                          capture_output=True, env=environment(), timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_post_is_signed_as_the_docs_say(life, port, flags, tmp_path):
    with Hook(port) as hook:
        began = life(*flags)
        began.token(8, "CI")
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: began.states() == [(7, "delivered")], "the post")
    [post] = hook.posts
    now = int(post.headers["webhook-timestamp"])
    assert check_by_the_docs(post, now, tmp_path) == "True"
    assert check_by_the_docs(post, now + 3600, tmp_path) == "False", "an old post is no good"
    post.body = post.body.replace("CI", "CD")
    assert check_by_the_docs(post, now, tmp_path) == "False", "a changed post is no good"
    event = json.loads(post.body)
    assert (event["type"], event["data"]["owner_email"], event["data"]["days_left"]) == ("token.expiring", OWNER, 6)
    assert event["id"] == post.headers["webhook-id"]


def test_500_then_200(life, port, flags):
    answers = [500, 302, None, 200]
    with Hook(port, lambda post: answers.pop(0)) as hook:
        began = life(*flags)
        began.token(8)
        began.stop_and_start_later(2 * DAY_SECONDS)
        for tries in [1, 2, 3, 4]:
            wait_until(lambda: len(hook.posts) == tries and began.notices()[0]["attempts"] == tries, f"try {tries}")
            wait_until(lambda: began.notices()[0]["next_try_at"] or tries == 4, "the answer is noted")
            began.stop_and_start_later(AN_HOUR_SECONDS)
        assert began.states() == [(7, "delivered")]
    assert len(hook.posts) == 4 and len(set(ids(hook.posts))) == 1
    assert {post.path for post in hook.posts} == {"/notices"}, "a redirect was followed"
    assert len({post.body for post in hook.posts}) == 1


def test_410_ends_it(life, port, flags):
    with Hook(port, lambda post: 410) as hook:
        began = life(*flags)
        began.token(8)
        for _ in range(3):
            began.stop_and_start_later(2 * DAY_SECONDS)
            wait_until(lambda: began.states() == [(7, "failed")], "the end")
    assert len(hook.posts) == 1
    assert "410" in began.notices()[0]["reason"]


def test_down_then_garbage_then_slow_then_well(life, port, flags):
    began = life(*flags)
    began.token(8)
    began.stop_and_start_later(2 * DAY_SECONDS)
    wait_until(lambda: began.notices()[0]["reason"], "nobody there")
    with garbage(port) as connections:
        began.stop_and_start_later(AN_HOUR_SECONDS)
        wait_until(lambda: connections and began.notices()[0]["attempts"] == 2, "garbage")
        began.server.stop()
    too_slow = threading.Event()
    with Hook(port, lambda post: 200 if too_slow.wait(15) else 200) as hook:
        began.server.clock.forward(AN_HOUR_SECONDS)
        began.start()
        wait_until(lambda: "10 s" in began.notices()[0]["reason"], "the time-out")
        too_slow.set()
        began.stop_and_start_later(AN_HOUR_SECONDS)
        wait_until(lambda: began.states() == [(7, "delivered")], "the last try")
    assert len(hook.posts) == 2 and len(set(ids(hook.posts))) == 1


def test_killed_in_the_middle_nothing_is_lost(life, port, flags):
    dead = threading.Event()

    def never_the_first_time(_: Post) -> int | None:
        if dead.is_set():
            return 200
        dead.wait(30)
        return None

    with Hook(port, never_the_first_time) as hook:
        began = life(*flags)
        for number in range(5):
            began.token(8, f"number {number}")
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: hook.posts, "the posts are under way")
        began.kill()
        dead.set()
        began.server.clock.forward(AN_HOUR_SECONDS)
        began.start()
        wait_until(lambda: began.states() == [(7, "delivered")] * 5, "all of them")
        began.stop_and_start_later(AN_HOUR_SECONDS)
    assert len(set(ids(hook.posts))) == 5


def test_two_webhooks_do_not_wait_for_each_other(life, port, flags):
    with Hook(port, lambda post: 503) as broken, Hook(free_port()) as well:
        began = life(*flags, "--webhook-url", well.url)
        began.token(8)
        began.stop_and_start_later(2 * DAY_SECONDS)
        wait_until(lambda: began.states() == [(7, "delivered"), (7, "due")], "one of them")
    assert ids(broken.posts) == ids(well.posts)
