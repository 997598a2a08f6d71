"""Whether an answer is the recorded one.

The status and the recorded headers must be equal, and JSON must hold every recorded key with its
value. Keybearer may say more only where MORE_KEYS allows it, and a refusal may go on after Label
Studio's sentence. Of an HTML page only the status and the Content-Type count.
"""

import json
import re
from typing import Any

from records import Record
from wire import Answer

PLACEHOLDERS = {
    "<jwt>": r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+",
    "<jwt-truncated>": r"eyJ[\w-]+\.eyJ[\w-]+",
    "<legacy>": r"[0-9a-f]{40}",
    "<sha>": r"[0-9a-f]{40}",
    "<invite>": r"[A-Za-z0-9]{40}",
    "<uuid>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "<ts>": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
}
PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS)))

COMPARED_HEADERS = {"Content-Type", "Allow", "WWW-Authenticate", "Location"}

# What may stand beside the recorded keys, by a key that tells which object it is.
MORE_KEYS = {
    "exc_info": {"code", "docs"},
    "token": {"id", "name", "created_at", "expires_at"},
    "api_tokens_enabled": {"api_token_ttl_days"},
}


def differences(record: Record, answer: Answer, base: str) -> list[str]:
    """What is different, in words; `base` is the address that `${base}` stands for in an answer."""
    expected = json.loads(json.dumps(record.response).replace("${base}", base))
    found = []
    if answer.status != expected["status"]:
        found.append(f"status {answer.status}, recorded {expected['status']}")
    for name in COMPARED_HEADERS & expected.get("headers", {}).keys():
        if name == "Content-Type" and 300 <= answer.status < 400:
            # A redirect has no body here, and so no type of one.
            continue
        value = expected["headers"][name]
        found += _header_differences(name, value, answer.all(name))
    if "text/html" in expected.get("headers", {}).get("Content-Type", ""):
        return found
    if "json" in expected and answer.first("Content-Type") == "application/json":
        found += _json_differences("$", expected["json"], answer.json())
    elif "json" in expected:
        found.append(f"no JSON: {answer.text[:200]!r}")
    elif "body" in expected and answer.body != expected["body"].encode():
        found.append(f"body {answer.text[:200]!r}, recorded {expected['body']!r}")
    return found


def _header_differences(name: str, recorded: str, sent: list[str]) -> list[str]:
    # Keybearer names every scheme that it takes, one to a line; the recorded one must be among them.
    if name == "WWW-Authenticate" and recorded in sent:
        return []
    return [] if sent == [recorded] else [f"{name} {sent}, recorded {recorded!r}"]


def _json_differences(place: str, recorded: Any, sent: Any) -> list[str]:
    if isinstance(recorded, dict) and isinstance(sent, dict):
        return _object_differences(place, recorded, sent)
    if isinstance(recorded, list) and isinstance(sent, list):
        if len(recorded) != len(sent):
            return [f"{place} has {len(sent)} items, recorded {len(recorded)}"]
        pairs = enumerate(zip(recorded, sent, strict=True))
        return [line for i, (old, new) in pairs for line in _json_differences(f"{place}[{i}]", old, new)]
    if recorded == "<int>":
        return [] if isinstance(sent, int) and not isinstance(sent, bool) else [f"{place} is {sent!r}, recorded <int>"]
    if isinstance(recorded, str) and isinstance(sent, str):
        return [] if pattern(recorded).fullmatch(sent) else [f"{place} is {sent!r}, recorded {recorded!r}"]
    if type(recorded) is type(sent) and recorded == sent:
        return []
    return [f"{place} is {sent!r}, recorded {recorded!r}"]


def _object_differences(place: str, recorded: dict, sent: dict) -> list[str]:
    found = [f"{place}.{key} is missing" for key in recorded.keys() - sent.keys()]
    allowed = set().union(*(more for key, more in MORE_KEYS.items() if key in recorded))
    found += [f"{place}.{key} is new: {sent[key]!r}" for key in sorted(sent.keys() - recorded.keys() - allowed)]
    for key in recorded.keys() & sent.keys():
        old, new = recorded[key], sent[key]
        if key == "detail" and recorded.get("status_code", 400) != 400 and isinstance(new, str):
            new = new[: len(old)]
        found += _json_differences(f"{place}.{key}", old, new)
    return sorted(found)


def pattern(recorded: str) -> re.Pattern:
    """A recorded text as a pattern: its placeholders take what they stand for, the rest is literal."""
    parts, end = [], 0
    for hit in PLACEHOLDER.finditer(recorded):
        parts += [re.escape(recorded[end:hit.start()]), f"(?:{PLACEHOLDERS[hit[0]]})"]
        end = hit.end()
    return re.compile("".join(parts) + re.escape(recorded[end:]), re.DOTALL)
