"""Tokens with one thing wrong, or one thing odd: each made from a real token of the server.

A forgery is the real token with a change, signed again with the server's own key, unless the signature
is what is wrong with it.
"""

import time
from collections.abc import Callable

from forge import HEADER, SigningKey, claims_of, decode, encode

HOUR = 3600
OTHER_KEY = SigningKey("another-key-0123456789-abcdefghijklmnopqrstuvwxyz-0")

Change = Callable[[dict], dict]


def now() -> int:
    return int(time.time())


def having(**claims) -> Change:
    return lambda real: real | claims


def without(name: str) -> Change:
    return lambda real: {key: value for key, value in real.items() if key != name}


def ending(seconds_from_now: float) -> Change:
    return lambda real: real | {"exp": now() + seconds_from_now}


# Claims that no token of the server has.
CLAIMS: dict[str, Change] = {
    "expired": lambda real: real | {"iat": now() - 2 * HOUR, "exp": now() - HOUR},
    "exp-negative": having(exp=-1),
    "exp-text": having(exp="x"),
    "exp-digits-as-text": lambda real: real | {"exp": str(real["exp"])},
    "exp-null": having(exp=None),
    "exp-list": having(exp=[]),
    "exp-object": having(exp={}),
    "exp-true": having(exp=True),
    "exp-huge": having(exp=10**15),
    "exp-huger": having(exp=10**400),
    "exp-float-huge": having(exp=1e300),
    "no-exp": without("exp"),
    "iat-future": lambda real: real | {"iat": now() + HOUR},
    "iat-text": having(iat="x"),
    "iat-null": having(iat=None),
    "nbf-future": lambda real: real | {"nbf": now() + HOUR},
    "nbf-text": having(nbf="x"),
    "jti-number": having(jti=5),
    "jti-null": having(jti=None),
    "jti-empty": having(jti=""),
    "jti-unknown": having(jti="0" * 32),
    "no-jti": without("jti"),
    "type-sliding": having(token_type="sliding"),
    "type-null": having(token_type=None),
    "type-list": having(token_type=["access", "refresh"]),
    "no-type": without("token_type"),
    "user-unknown": having(user_id="999"),
    "user-text": having(user_id="x"),
    "user-empty": having(user_id=""),
    "user-null": having(user_id=None),
    "user-list": having(user_id=["1"]),
    "user-huge": having(user_id="9" * 40),
    "user-negative": having(user_id="-1"),
    "no-user": without("user_id"),
    "sub-number": having(sub=1),
    "no-claims": lambda real: {},
}

HEADERS = {
    "crit": HEADER | {"crit": ["x"]},
    "crit-exp": HEADER | {"crit": ["exp"]},
    "no-alg": {"typ": "JWT"},
    "alg-lower-case": HEADER | {"alg": "hs256"},
    "alg-null": HEADER | {"alg": None},
    "alg-list": HEADER | {"alg": ["HS256"]},
    "alg-rs256": HEADER | {"alg": "RS256"},
    "alg-eddsa": HEADER | {"alg": "EdDSA"},
    "alg-none-signed": HEADER | {"alg": "none"},
    "kid-number": HEADER | {"kid": 5},
    "header-list": ["HS256"],
    "b64-false": {"alg": "HS256", "b64": False},
    "jku": HEADER | {"jku": "https://evil.example/keys", "crit": ["jku"]},
}

PAYLOADS = {
    "payload-list": b'["x"]',
    "payload-text": b'"x"',
    "payload-null": b"null",
    "payload-empty": b"",
    "payload-not-json": b"{bad",
    "payload-not-utf-8": b'{"exp":"\xff"}',
    "payload-deep": b"[" * 10_000 + b"]" * 10_000,
}


def refused(token: str, key: SigningKey) -> dict[str, str]:
    """Forgeries of the token by name, each of which no server may accept."""
    claims = claims_of(token)
    header, payload, signature = token.split(".")
    made = {name: key.sign(change(claims)) for name, change in CLAIMS.items()}
    made |= {name: key.sign(claims, other) for name, other in HEADERS.items()}
    made |= {name: key.sign(other) for name, other in PAYLOADS.items()}
    for algorithm in ("none", "HS384", "HS512"):
        made[f"alg-{algorithm.lower()}"] = key.sign(claims, HEADER | {"alg": algorithm}, algorithm)
    return made | {
        "other-key": OTHER_KEY.sign(claims),
        "empty-key": SigningKey("").sign(claims),
        "key-with-newline": SigningKey(key.secret + "\n").sign(claims),
        "payload-changed": f"{header}.{encode(decode(payload).replace(b'user_id', b'user_ID'))}.{signature}",
        "header-changed": f"{encode(decode(header).replace(b'JWT', b'jwt'))}.{payload}.{signature}",
        "signature-of-nothing": f"{header}.{payload}.",
        "signature-missing": f"{header}.{payload}",
        "signature-short": f"{header}.{payload}.{signature[:-4]}",
        "signature-of-zeros": f"{header}.{payload}.{encode(bytes(32))}",
        "four-parts": f"{token}.x",
        "five-parts": f"{token}.x.x",
        "only-dots": "..",
        "blank-inside": f"{header}. {payload}.{signature}",
    }
