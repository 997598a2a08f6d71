"""An installation that has been in use for a while, the same in every run: people, tokens in every state, uses. Its clock
ends at a fixed instant, so that pages which say "3 days ago" say it always."""

import math
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import sign_in
from accounts import OWNER, Account
from keybearer import Server
from places import Place
from visitors import Visitor

NOW = datetime(2026, 3, 10, 10, 30, tzinfo=timezone.utc)
PASSWORD = "Passw0rd!of-the-scene"
SDK = "python-httpx/0.28.1"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
OTHER_BROWSERS = {
    "198.51.100.20": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0",
    "203.0.113.41": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_2 like Mac OS X) AppleWebKit/605.1.15 Version/19.2 Safari/604.1",
}
SERVE = ["--enable-legacy-tokens", "--trusted-proxies", "127.0.0.1"]


class Scene:
    owner = OWNER
    admin = Account("alan@example.com", PASSWORD)
    member = Account("grace@example.com", PASSWORD)

    def __init__(self, directory: Path):
        self.server = Server(directory, with_clock=True)
        # What a place's address may name: the invite link, tokens by their names.
        self.paths: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self._sessions: dict[Account, str] = {}
        self._at(days=100)
        self._found()
        self._at(days=80)
        self._make("nightly export", note="Copies the annotations to the warehouse", scope="read")
        self._make("ML backend", kind="key", note="Fetches task files")
        self._make("old laptop")
        self._make("trial", ttl_days=14)
        self._at(days=40)
        self._make("notebook", kind="personal")
        self._make("CI of the labelling project", ttl_days=45, scope="GET /api/projects/*")
        self._use("old laptop", "198.51.100.20", "curl/8.5.0")
        self._at(days=20)
        self._cli("token", "revoke", self.paths["old laptop"])
        self._use("legacy", "203.0.113.9", SDK)
        self._be_busy()
        self._at(days=3)
        self._use("CI of the labelling project", "203.0.113.80", "GitHubActions/2.1")
        for address, client in OTHER_BROWSERS.items():
            self._sign_in(self.member, address, client)
        self._at(hours=2)
        self._use("nightly export", "203.0.113.9", SDK)
        self._at(minutes=5)
        self._use("ML backend", "203.0.113.41", SDK)
        self._at()
        for account in (self.owner, self.admin, self.member):
            self._sessions[account] = self._sign_in(account, "198.51.100.7", BROWSER)

    def stop(self) -> None:
        self.server.stop()

    def show(self, visitor: Visitor, place: Place) -> None:
        """Brings a visitor who has done nothing yet to the place."""
        self._set_clock(NOW)
        if place.who:
            cookie = {"name": "sessionid", "value": self._sessions[getattr(self, place.who)], "url": self.server.url}
            visitor.page.context.add_cookies([cookie])
        visitor.go(place.path.format_map(self.paths), status=place.status)
        if place.then:
            place.then(visitor)

    def _at(self, **before: float) -> None:
        """Moves the clock. Stopping the server on the way writes the uses that it has counted."""
        self.server.stop()
        self._set_clock(NOW - timedelta(**before))
        self.server.start(*SERVE)

    def _set_clock(self, instant: datetime) -> None:
        # Whole seconds, and never too early: what is made now is made at the instant that a page then shows.
        self.server.clock.forward(math.ceil(instant.timestamp() - time.time() - self.server.clock.offset_seconds))

    def _sign_in(self, account: Account, address: str, client: str) -> str:
        headers = {"X-Forwarded-For": address, "User-Agent": client}
        return sign_in.session(self.server.url, account.email, account.password, **headers)

    def _found(self) -> None:
        self._cli("org", "set", "--title", "Harbour Labs")
        names = {self.owner: ("Ada", "Lovelace"), self.admin: ("Alan", "Turing"), self.member: ("Grace", "Hopper")}
        self._cli("user", "add", "--email", self.admin.email, "--role", "admin", "--password", PASSWORD)
        self._cli("user", "add", "--email", self.member.email, "--password", PASSWORD)
        for account, (first, last) in names.items():
            token = self._cli("token", "create", "--email", account.email, "--kind", "legacy")
            with self.server.http(Authorization=f"Token {token}") as http:
                user = http.get("/api/current-user/whoami").json()
                self.paths[first.lower()] = str(user["id"])
                names_set = http.patch(f"/api/users/{user['id']}", json={"first_name": first, "last_name": last})
                assert names_set.status_code == 200, names_set.text
                if account is self.owner:
                    self.paths["invite"] = http.get("/api/invite").json()["invite_url"].removeprefix(self.server.url)
            self._secrets["legacy"] = token

    def _make(self, name: str, kind: str = "key", note: str = "", ttl_days: int | None = None, scope: str = "") -> None:
        """Makes a token of the member's."""
        options = ["--note", note] if note else []
        options += ["--ttl-days", str(ttl_days)] if ttl_days else []
        options += ["--scope", scope] if scope else []
        self._secrets[name] = self._cli("token", "create", "--email", self.member.email, "--kind", kind, "--name", name,
                                        *options)
        with self.server.http(Authorization=f"Token {self._secrets['legacy']}") as http:
            listed = http.get("/api/v1/tokens").json()["items"]
        self.paths[name] = next(token["id"] for token in listed if token["name"] == name)

    def _be_busy(self) -> None:
        """Weeks in which the legacy token goes out of use and the others come in."""
        with self.server.http() as http:
            for day in range(78, 20, -2):
                self._set_clock(NOW - timedelta(days=day))
                counts = {"legacy": day // 8, "nightly export": 2, "ML backend": (80 - day) // 8, "notebook": day < 40}
                for name, count in counts.items():
                    for _ in range(count):
                        http.get("/api/current-user/whoami", headers={"Authorization": f"Token {self._secrets[name]}"})
                if day % 6 == 0:
                    http.get("/api/current-user/whoami", headers={"Authorization": f"Token {self._secrets['trial']}"})

    def _use(self, name: str, address: str, client: str) -> None:
        headers = {"Authorization": f"Token {self._secrets[name]}", "X-Forwarded-For": address, "User-Agent": client}
        with self.server.http(**headers) as http:
            assert http.get("/api/current-user/whoami").status_code in (200, 403)

    def _cli(self, *arguments: str) -> str:
        return self.server.cli(*arguments)
