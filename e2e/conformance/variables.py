"""What the `${…}` of the recordings stand for: credentials, and forgeries of them.

A name that begins with `r.` is a forged PAT, one without a person's name a forged access token. Each is
made from a real token of the owner, so that nothing but the named change is wrong with it.
"""

from forge import HEADER, SigningKey, claims_of, decode, encode
from forgeries import CLAIMS, HEADERS, HOUR, OTHER_KEY, PAYLOADS, Change, ending, having, now, without
from people import Person

CHANGES: dict[str, Change] = {
    "expired": CLAIMS["expired"], "exp": CLAIMS["expired"], "ro.exp": CLAIMS["expired"],
    "exp1s": ending(-1), "expired-1s": ending(-1), "exp-now": ending(0),
    "expneg": CLAIMS["exp-negative"],
    "expstr": CLAIMS["exp-digits-as-text"], "exp-str-num": CLAIMS["exp-digits-as-text"],
    "exp-str": CLAIMS["exp-text"],
    "exp-null": having(exp=None), "exp-list": having(exp=[]),
    "expfloat": lambda real: real | {"exp": real["exp"] + 0.5},
    "exp-float": lambda real: real | {"exp": now() + 1000.5},
    "exphuge": CLAIMS["exp-huge"], "far": CLAIMS["exp-huge"],
    "noexp": without("exp"), "no-exp": without("exp"),
    "iatstr": CLAIMS["iat-text"], "iat-str": CLAIMS["iat-text"], "no-iat": without("iat"),
    "iatfuture": CLAIMS["iat-future"], "iat-future": CLAIMS["iat-future"],
    "nbf-future": lambda real: real | {"nbf": now() + HOUR},
    "jtiint": having(jti=5), "jti-int": having(jti=5), "jti-null": having(jti=None), "jti-empty": having(jti=""),
    "nojti": without("jti"),
    "unlisted": having(jti="f" * 32), "bl.unl": having(jti="e" * 32), "ro.unl": having(jti="d" * 32),
    "notype": without("token_type"), "no-type": without("token_type"), "type-null": having(token_type=None),
    "type-access": having(token_type="access"), "type-upper": having(token_type="Refresh"),
    "wrongtype": having(token_type="sliding"), "sliding": having(token_type="sliding"),
    "no-user": without("user_id"), "user-unknown": having(user_id="999"), "user-int": having(user_id=1),
    "user-null": having(user_id=None), "user-text": having(user_id="x"), "user-empty": having(user_id=""),
    "subint": having(sub=1), "sub-int": having(sub=1),
    "aud": having(aud="x"), "iss": having(iss="x"), "extra": having(scope="admin", role="x"),
}
OTHER_HEADERS = {
    "kid": HEADER | {"kid": "x"}, "header-kid": HEADER | {"kid": "x"}, "header-kid-int": HEADERS["kid-number"],
    "crit": HEADERS["crit"], "header-crit": HEADERS["crit"],
    "notyp": {"alg": "HS256"}, "typat": HEADER | {"typ": "at+jwt"},
    "header-no-alg": HEADERS["no-alg"], "header-alg-lower": HEADERS["alg-lower-case"],
    "header-array": ["x"], "header-b64-false": HEADERS["b64-false"],
}
ALGORITHMS = {"algnone": "none", "alg-none": "none", "alghs384": "HS384", "hs384": "HS384",
              "hs512": "HS512", "ro.hs512": "HS512"}


def forgery(how: str, token: str, key: SigningKey) -> str:
    """The token with the change that the recording's name for it means."""
    claims = claims_of(token)
    header, payload, signature = token.split(".")
    if how in CHANGES:
        return key.sign(CHANGES[how](claims))
    if how in OTHER_HEADERS:
        return key.sign(claims, OTHER_HEADERS[how])
    if how in ALGORITHMS:
        return key.sign(claims, HEADER | {"alg": ALGORITHMS[how]}, ALGORITHMS[how])
    if how == "payload-list":
        return key.sign(PAYLOADS["payload-list"])
    match how:
        case "payload-string":
            return key.sign(PAYLOADS["payload-text"])
        case "other" | "bl.other":
            return OTHER_KEY.sign(claims)
        case "emptykey":
            return SigningKey("").sign(claims)
        case "access_tampered":
            return f"{header}.{encode(decode(payload).replace(b'access', b'ACCESS'))}.{signature}"
        case "bl.tampered":
            return f"{header}.{payload}.{signature[::-1]}"
        case "access_pad" | "padded":
            return f"{token}="
        case "access_extra" | "4parts":
            return f"{token}.x"
        case "std":
            return f"{header}.{payload}.{signature.replace('-', '+').replace('_', '/')}"
        case "nl":
            return f"{header}.{payload}.{signature[:5]}\\n{signature[5:]}"
    raise KeyError(f"no such forgery: {how}")


def expiring(token: str, key: SigningKey, in_seconds: int) -> str:
    """The access token with an end that lies this many seconds ahead, counted from the current second."""
    return key.sign(claims_of(token) | {"exp": now() + in_seconds})


def resolve(name: str, people: dict[str, Person], key: SigningKey) -> str:
    whose, _, kind = name.partition(".")
    if whose in people:
        return people[whose].credential(kind)
    if whose == "r":
        pat = people["owner"].credential("pat")
        while kind == "std" and not {*"-_"} & {*pat.split(".")[2]}:
            # The two alphabets differ in these two characters alone; a signature without them shows nothing.
            people["owner"].forget()
            pat = people["owner"].credential("pat")
        return forgery(kind, pat, key)
    return forgery(name, people["owner"].credential("access"), key)
