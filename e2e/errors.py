"""The one error body of everything under /api/."""

from wire import Answer

KEYS = ["id", "status_code", "version", "detail", "exc_info"]
MORE_KEYS = {"validation_errors", "code", "docs"}


def assert_error(answer: Answer, *statuses: int) -> dict:
    """The answer is a refusal with one of these statuses and the common JSON body, which is given back."""
    assert answer.status in statuses, f"{answer.status}, expected {statuses}: {answer.text[:300]!r}"
    assert answer.first("Content-Type") == "application/json"
    body = answer.json()
    assert list(body)[:5] == KEYS and set(body) - set(KEYS) <= MORE_KEYS, body
    assert body["status_code"] == answer.status and body["exc_info"] is None
    assert isinstance(body["detail"], str) and body["detail"].strip()
    return body
