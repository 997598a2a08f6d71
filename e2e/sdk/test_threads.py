"""Eight threads share one client: it exchanges its PAT once, and every call succeeds."""

from concurrent.futures import ThreadPoolExecutor

from clients import Sdk
from keybearer import OWNER

THREADS = 8
CALLS = 10


def test_threads_share_one_exchange(server, pat, requests_seen):
    sdk = Sdk("sync", server.url, api_key=pat)

    def calls(_: int) -> list[str]:
        return [sdk("users.whoami").email for _ in range(CALLS)]

    with ThreadPoolExecutor(THREADS) as threads:
        answers = [email for emails in threads.map(calls, range(THREADS)) for email in emails]
    assert answers == [OWNER] * (THREADS * CALLS)
    assert requests_seen.exchanges() == ["POST /api/token/refresh/ 200"]


def test_threads_with_a_client_each_exchange_at_the_same_time(server, pat, requests_seen):
    def call(_: int) -> str:
        return Sdk("sync", server.url, api_key=pat)("users.whoami").email

    with ThreadPoolExecutor(THREADS) as threads:
        assert list(threads.map(call, range(THREADS))) == [OWNER] * THREADS
    assert requests_seen.exchanges() == ["POST /api/token/refresh/ 200"] * THREADS
