"""The state that a recording was made in, set up anew before each request.

The state is worked out from the record: its name and `given` tell the two switches and who has lost
his account or a token; its answer tells whether a PAT stood in the way of another; its variables tell
whose credentials must be valid. Who and what else an answer shows is the business of settling.py.
"""

import re

import wire
from keybearer import OWNER, OWNER_PASSWORD
from people import Person
from records import Record
from settling import settle, username_of
from sign_in import CSRF_FIELD, session
from variables import expiring, resolve

PASSWORDS = {
    "member": ("member@example.com", "Passw0rd!m"),
    "victim": ("victim@example.com", "Passw0rd!v"),
    "inactive": ("inactive@example.com", "Passw0rd!i"),
    "removed": ("sign1@example.com", "Passw0rd!s"),
    "gone": ("gone@example.com", "Passw0rd!g"),
}
# What has happened to them by the time that their credentials are tried.
LOST = ("inactive", "removed", "gone")
DELETIONS = {f"userstate/{name}/delete": name for name in LOST}

NAMED_SWITCHES = re.compile(r"api([01])-legacy([01])")
LEGACY_ON = ("legacy enabled", "reset with the legacy token itself", "(legacy on)")
REVOKED_BEFORE = re.compile(r"blacklist/(twice|then-|full-after)")
NEW_ACCOUNT = re.compile(r"u(\d)\.id")
EXPIRES_IN = re.compile(r"auth/exp-now-plus-(\d+)s")


class House:
    """A running server with the people of the recordings in it."""

    def __init__(self, server):
        self.server = server
        self.owner = Person(server.url, OWNER, OWNER_PASSWORD)
        self.people = {"owner": self.owner}
        self.switches: tuple[bool, bool] | None = None
        self.lost: set[str] = set()
        self.csrf: dict[str, str] | None = None

    def prepare(self, record: Record) -> dict[str, str]:
        """Brings the server into the record's state and gives the values of its variables."""
        # Tokens can only be made while their kind is on; the state's own switches come last.
        self._switch(True, True)
        whose = [name.partition(".")[0] for name in record.variables()]
        people = [self.person(name) for name in dict.fromkeys(whose) if name in PASSWORDS]
        settle(self, record)
        if "u3 is soft-deleted" in record.given:
            self._account_of("new3@example.com", record)
        self.csrf = None
        # A rotation ends the access tokens of the old PAT, so those are made after it.
        names = sorted(record.variables(), key=lambda name: name not in ("old", "owner.pat2"))
        values = {name: self._value(name, record) for name in names}
        if record.method == "POST" and record.path.rstrip("/") == "/api/token" and not {*whose} & {*LOST}:
            self._with_one_pat_or_none(record, next(iter(people), self.owner))
        if REVOKED_BEFORE.match(record.name):
            member = self.person("member")
            member.post("/api/token/blacklist/", {"refresh": member.credential("pat")})
            member.forget()
        for name in {*whose} & {*LOST} - self.lost:
            if record.name not in DELETIONS:
                self._lose(name)
        self._switch(*switches_of(record))
        return values

    def after(self, record: Record) -> None:
        """What the request may have changed is made anew for the next one."""
        if record.method in ("GET", "HEAD", "OPTIONS") and not record.path.startswith("/logout"):
            return
        self.switches = None
        if record.name in DELETIONS:
            self.lost.add(DELETIONS[record.name])
        for name, person in self.people.items():
            if name not in self.lost:
                person.forget()

    def person(self, name: str) -> Person:
        if name not in self.people:
            email, password = PASSWORDS[name]
            self._delete(email)
            self.server.cli("user", "add", "--email", email, "--role", "member", "--password", password)
            self.people[name] = Person(self.server.url, email, password)
            self.owner.ask("PATCH", f"/api/users/{self.people[name].id}/", {"username": username_of(email)})
            for kind in ("pat", "pat_truncated", "access", "legacy") if name in LOST else ():
                self.people[name].credential(kind)
        return self.people[name]

    def _lose(self, name: str) -> None:
        person = self.people[name]
        match name:
            case "inactive":
                self.server.cli("user", "deactivate", person.email)
            case "removed":
                self.owner.ask("DELETE", f"/api/organizations/1/memberships/{person.id}/")
            case "gone":
                self.owner.ask("DELETE", f"/api/users/{person.id}/")
        self.lost.add(name)

    def _with_one_pat_or_none(self, record: Record, person: Person) -> None:
        """Label Studio allows one PAT: where it made one there was none, where it refused there was one."""
        if record.status == 201:
            person.revoke_all()
        elif record.status == 409:
            person.credential("pat")

    def _value(self, name: str, record: Record) -> str:
        if account := NEW_ACCOUNT.fullmatch(name):
            return self._account_of(f"new{account[1]}@example.com", record)
        match name:
            case "base":
                return self.server.url
            case "invite":
                return self.owner.get("/api/invite")["token"]
            case "old":
                return self._rotated_away()
            case "owner.pat2":
                self._rotated_away()
                return self.owner.credential("pat")
            case "old.legacy":
                return self._reset_away()
            case "anon.csrf" | "anon.csrf_form":
                self.csrf = self.csrf or self._csrf()
                return self.csrf[name]
            case "tmp.session":
                return self._second_session(record)
            case "removed.session2":
                return self._session_after_removal()
            case "b":
                seconds = int(EXPIRES_IN.fullmatch(record.name)[1])
                return expiring(self.owner.credential("access"), self.server.key, seconds)
        return resolve(name, self.people, self.server.key)

    def new_account(self, email: str) -> dict:
        """An account with this address, or one like it: who was removed keeps his, though he is listed no more."""
        for address in (email, *(f"{number}.{email}" for number in range(100))):
            answer = wire.send_json(self.server.url, "POST", "/api/users/", {
                "email": address, "username": username_of(email)}, Cookie=f"sessionid={self.owner.session}")
            if answer.status == 201:
                return answer.json()
        raise AssertionError(f"no account for {email}: {answer.status} {answer.text[:300]}")

    def _account_of(self, email: str, record: Record) -> str:
        """The id of an account that the record speaks of; removed or deleted before, if the record says so."""
        if record.method == "GET" and record.status == 200 and not removed(record):
            for account in self.owner.get("/api/users/"):
                if account["email"] == email:
                    return str(account["id"])
        self._delete(email)
        fresh = self.new_account(email)
        if removed(record):
            self.owner.ask("DELETE", f"/api/organizations/1/memberships/{fresh['id']}/")
        elif record.status == 404:
            self.owner.ask("DELETE", f"/api/users/{fresh['id']}/")
        return str(fresh["id"])

    def _delete(self, email: str) -> None:
        """Deletes the account that a former request has made with this address, or that is shown as removed."""
        for account in self.owner.get("/api/users/"):
            if account["email"] in (email, "Deleted"):
                self.owner.ask("DELETE", f"/api/users/{account['id']}/")

    def _rotated_away(self) -> str:
        old = self.owner.credential("pat")
        rotated = self.owner.post("/api/token/rotate/", {"refresh": old})
        self.owner.forget()
        self.owner.held["pat"] = rotated["refresh"]
        return old

    def _reset_away(self) -> str:
        old = self.owner.credential("legacy")
        self.owner.held["legacy"] = self.owner.post("/api/current-user/reset-token/", None)["token"]
        return old

    def _csrf(self) -> dict[str, str]:
        """What a sign-in page gives to fill in its form: the cookie, and the hidden field."""
        page = wire.send(self.server.url, "GET", "/user/login/")
        cookies = dict(cookie.partition(";")[0].partition("=")[::2] for cookie in page.all("Set-Cookie"))
        return {"anon.csrf": cookies.get("csrftoken", ""), "anon.csrf_form": CSRF_FIELD.search(page.text)[1]}

    def _second_session(self, record: Record) -> str:
        cookie = session(self.server.url, *PASSWORDS["member"])
        if record.name == "logout/after":
            wire.send(self.server.url, "GET", "/logout", {"Cookie": f"sessionid={cookie}"})
        return cookie

    def _session_after_removal(self) -> str:
        self.person("removed")
        if "removed" not in self.lost:
            self._lose("removed")
        try:
            return session(self.server.url, *PASSWORDS["removed"])
        except AssertionError:
            return "none"

    def _switch(self, api: bool, legacy: bool) -> None:
        if self.switches != (api, legacy):
            self.owner.post("/api/jwt/settings", {
                "api_tokens_enabled": api, "legacy_api_tokens_enabled": legacy, "force": True})
            self.switches = (api, legacy)


def removed(record: Record) -> bool:
    """Whether the account that the record speaks of has been removed from the organization."""
    return "soft-deleted" in record.given or record.name == "memberships/delete-again"


def switches_of(record: Record) -> tuple[bool, bool]:
    """Whether PATs and legacy tokens are on; a new organization has only PATs."""
    if named := NAMED_SWITCHES.search(record.name):
        return named[1] == "1", named[2] == "1"
    return True, any(words in record.given for words in LEGACY_ON)
