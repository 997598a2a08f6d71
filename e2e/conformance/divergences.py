"""The list of answers that are meant to differ from Label Studio's, read from divergences.toml."""

import tomllib
from dataclasses import dataclass
from typing import Any

from records import HERE, Record
from wire import Answer


@dataclass(frozen=True)
class Divergence:
    """Keybearer's own answer to one recorded request, and the rule that asks for it."""

    rule: str
    status: int
    code: str | None = None
    json: Any = None

    def differences(self, record: Record, answer: Answer) -> list[str]:
        found = []
        if answer.status != self.status:
            found.append(f"status {answer.status}, listed {self.status}")
        kind = answer.first("Content-Type")
        if record.path.startswith("/api/") and answer.body and kind != "application/json":
            found.append(f"Content-Type {kind}, not JSON")
        if self.code is not None and answer.json().get("code") != self.code:
            found.append(f"code {answer.json().get('code')!r}, listed {self.code!r}")
        if self.json is not None and answer.json() != self.json:
            found.append(f"body {answer.text[:200]!r}, listed {self.json!r}")
        return found


def _load() -> dict[str, Divergence]:
    listed: dict[str, Divergence] = {}
    for entry in tomllib.loads((HERE / "divergences.toml").read_text())["rule"]:
        for name, answer in entry["records"].items():
            assert name not in listed, f"{name} is listed twice"
            listed[name] = Divergence(entry["says"], **answer)
    return listed


DIVERGENCES = _load()
