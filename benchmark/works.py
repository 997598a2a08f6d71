"""What is asked of a Keybearer, and of the limits that it is measured against."""

import running
from drive import Request, Work

TOKENS = 64


def works_of(server, name: str) -> list[Work]:
    """What is asked of a Keybearer."""
    personal = [server.make("personal")["secret"] for _ in range(TOKENS)]
    keys = [server.make("key")["secret"] for _ in range(TOKENS)]

    def is_access(answer):
        return isinstance(answer, dict) and answer.get("access", "").count(".") == 2

    def is_owner(answer):
        return isinstance(answer, dict) and answer.get("email") == running.OWNER

    whoami = "/api/current-user/whoami"

    def bearers():
        return [Request("GET", whoami, f"Bearer {server.access(text)}") for text in personal]

    exchange = [Request("POST", "/api/token/refresh", body=f'{{"refresh":"{text}"}}') for text in personal]
    return [
        Work(f"{name}: exchange", server, exchange, is_access, "echo"),
        Work(f"{name}: whoami, access token", server, bearers(), is_owner, "hello", renew=bearers),
        Work(f"{name}: whoami, key token", server, [Request("GET", whoami, f"Bearer {text}") for text in keys],
             is_owner, "hello"),
        Work(f"{name}: whoami, legacy token", server, [Request("GET", whoami, f"Token {running.LEGACY}")] * TOKENS,
             is_owner, "hello"),
    ]


def limits_of(server, sample: str) -> list[Work]:
    body = f'{{"refresh":"{sample}"}}'
    return [
        Work("axum hello", server, [Request("GET", "/hello")] * TOKENS, lambda answer: answer == "Hello, World!"),
        Work("axum, whoami's size", server, [Request("GET", "/sized")] * TOKENS, lambda answer: "pad" in answer),
        Work("axum JSON echo", server, [Request("POST", "/echo", body=body)] * TOKENS,
             lambda answer: answer.get("refresh") == sample),
    ]
