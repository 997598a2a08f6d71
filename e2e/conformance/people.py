"""The people of the recordings, and the credentials that each of them holds."""

import time
from typing import Any

import wire
from forge import claims_of, truncated
from sign_in import session

# An access token lives five minutes; one with less than this left is exchanged anew.
FRESH_FOR_SECONDS = 60


class Person:
    """One account. Its PAT, access token and legacy token are made when a request needs them."""

    def __init__(self, url: str, email: str, password: str):
        self.url = url
        self.email = email
        self.session = session(url, email, password)
        self.id = self.get("/api/current-user/whoami")["id"]
        self.held: dict[str, str] = {}

    def forget(self) -> None:
        """After a request that may have changed them, nothing is taken to be still valid."""
        self.held.clear()

    def credential(self, kind: str) -> str:
        if kind in ("session", "id"):
            return str(getattr(self, kind))
        if kind in ("old_pat", "old_access"):
            return self._revoked()[kind]
        if kind == "access" and self._is_stale(self.held.get("access")):
            self.held.pop("access", None)
        if kind not in self.held:
            self.held[kind] = self._make(kind)
        return self.held[kind]

    def _make(self, kind: str) -> str:
        match kind:
            case "pat":
                return self._only_pat()
            case "pat_truncated":
                return truncated(self.credential("pat"))
            case "access":
                return self.exchange(self.credential("pat"))
            case "legacy":
                return self.get("/api/current-user/token")["token"]
        raise KeyError(f"nobody has a {kind}")

    def exchange(self, pat: str) -> str:
        return self.post("/api/token/refresh/", {"refresh": pat})["access"]

    def _only_pat(self) -> str:
        """A PAT beside which the account has no other."""
        self.revoke_all()
        return self.post("/api/token/", None)["token"]

    def revoke_all(self) -> None:
        for row in self.get("/api/token/"):
            self.post("/api/token/blacklist/", {"refresh": row["token"]})
        self.forget()

    def _revoked(self) -> dict[str, str]:
        if "old_pat" not in self.held:
            pat = self._only_pat()
            old = {"old_pat": pat, "old_access": self.exchange(pat)}
            self.post("/api/token/blacklist/", {"refresh": pat})
            self.forget()
            self.held |= old
        return self.held

    def _is_stale(self, access: str | None) -> bool:
        return access is not None and claims_of(access)["exp"] - time.time() < FRESH_FOR_SECONDS

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, value: dict | None) -> Any:
        return self.ask("POST", path, value)

    def ask(self, method: str, path: str, value: dict | None = None) -> Any:
        """A request that sets up a state, by this person's session: it has to succeed."""
        answer = wire.send_json(self.url, method, path, value, Cookie=f"sessionid={self.session}")
        assert 200 <= answer.status < 300, f"{method} {path} by {self.email}: {answer.status} {answer.text[:300]}"
        return answer.json() if answer.body else None
