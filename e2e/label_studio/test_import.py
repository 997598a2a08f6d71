"""Moving in from a Label Studio that has been used: everybody's tokens and passwords work afterwards.

One Label Studio is started, used over HTTP as people use it, and imported on each engine.
"""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from label_studio_sdk import LabelStudio

import sign_in
from keybearer import Server
from studio import OWNER, OWNER_PASSWORD, Studio

MEMBER, REMOVED, ASLEEP = "member@example.com", "removed@example.com", "asleep@example.com"
PASSWORD = "Members-passw0rd"


@dataclass
class Used:
    """A Label Studio with people in it, and what they hold."""

    studio: Studio
    owner: httpx.Client
    member: httpx.Client
    pats: dict[str, str] = field(default_factory=dict)
    legacy: dict[str, str] = field(default_factory=dict)
    revoked: str = ""

    @property
    def folder(self) -> Path:
        return self.studio.data

    def rows(self) -> list:
        """What the import reads, as it stands in Label Studio's file."""
        tables = ("htx_user", "organization", "organizations_organizationmember", "jwt_auth_jwtsettings",
                  "authtoken_token", "token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken")
        with sqlite3.connect(f"file:{self.folder / 'label_studio.sqlite3'}?mode=ro", uri=True) as database:
            return [database.execute(f"select * from {table} order by 1").fetchall() for table in tables]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    studio = Studio(tmp_path_factory.mktemp("studio")).start()
    try:
        yield use(studio)
    finally:
        studio.stop()


def use(studio: Studio) -> Used:
    owner = studio.browser()
    studio.ask(owner, "POST", "/api/jwt/settings", {
        "api_tokens_enabled": True, "legacy_api_tokens_enabled": True, "api_token_ttl_days": 73000})
    invite = studio.ask(owner, "GET", "/api/invite")["invite_url"]
    browsers = {OWNER: owner}
    for email in (MEMBER, REMOVED, ASLEEP):
        sign_up(studio, invite, email)
        browsers[email] = studio.browser(email, PASSWORD)
    used = Used(studio, owner, browsers[MEMBER])
    used.revoked = studio.ask(browsers[MEMBER], "POST", "/api/token/")["token"]
    studio.ask(browsers[MEMBER], "POST", "/api/token/blacklist/", {"refresh": used.revoked})
    for email, browser in browsers.items():
        used.pats[email] = studio.ask(browser, "POST", "/api/token/")["token"]
        used.legacy[email] = studio.ask(browser, "GET", "/api/current-user/token")["token"]
    removed = studio.ask(browsers[REMOVED], "GET", "/api/current-user/whoami")["id"]
    studio.ask(owner, "DELETE", f"/api/organizations/1/memberships/{removed}/")
    # Label Studio deactivates accounts in Django's administration only.
    with sqlite3.connect(used.folder / "label_studio.sqlite3", timeout=30) as database:
        database.execute("update htx_user set is_active = 0 where email = ?", [ASLEEP])
    return used


def sign_up(studio: Studio, invite: str, email: str) -> None:
    with httpx.Client(base_url=studio.url, follow_redirects=True, timeout=60) as browser:
        page = browser.get(invite).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:500]
        answer = browser.post(invite, headers={"Referer": studio.url}, data={
            "csrfmiddlewaretoken": token[1], "email": email, "password": PASSWORD, "allow_newsletters": "false"})
        assert answer.is_success and "/user/signup" not in str(answer.url), f"{answer.url}: {answer.text[:500]}"


@pytest.fixture
def moved(new_server, used: Used) -> Server:
    """A Keybearer that this Label Studio was imported into while it ran."""
    server = new_server()
    server.cli("import", "label-studio", "--from", str(used.folder))
    return server.start()


def exchange(server: Server, pat: str) -> httpx.Response:
    return httpx.post(f"{server.url}/api/token/refresh/", json={"refresh": pat}, timeout=30)


def whoami(server: Server, authorization: str) -> httpx.Response:
    return httpx.get(f"{server.url}/api/current-user/whoami", headers={"Authorization": authorization}, timeout=30)


def test_a_dry_run_tells_and_writes_nothing(new_server, used):
    server = new_server()
    flags = ("import", "label-studio", "--from", str(used.folder), "--json")
    told = json.loads(server.cli(*flags, "--dry-run"))
    assert told["users"] == {"new": 4, "here_already": 0}
    issued, blacklisted = (len(rows) for rows in used.rows()[-2:])
    assert told["personal_access_tokens"] == {"new": issued, "here_already": 0}
    assert told["live_personal_access_tokens"] == issued - blacklisted == 4
    assert (told["odd"], told["missing"]) == ([], [])
    assert json.loads(server.cli("user", "list", "--json")) == []
    done = json.loads(server.cli(*flags))
    assert done == told | {"dry_run": False}


def test_every_token_works_and_the_dead_stay_dead(moved, used):
    for email in (OWNER, MEMBER):
        access = exchange(moved, used.pats[email])
        assert access.status_code == 200, access.text
        for authorization in (f"Bearer {access.json()['access']}", f"Token {used.legacy[email]}"):
            answer = whoami(moved, authorization)
            assert (answer.status_code, answer.json().get("email")) == (200, email)
    for pat, code in ((used.revoked, "revoked"), (used.pats[REMOVED], "not_a_member"),
                      (used.pats[ASLEEP], "user_inactive")):
        refused = exchange(moved, pat)
        assert (refused.status_code, refused.json()["code"]) == (401, code)
    for email in (REMOVED, ASLEEP):
        assert whoami(moved, f"Token {used.legacy[email]}").status_code == 401
    keys = json.loads(moved.cli("keys", "list", "--json"))
    assert [key["live_tokens"] for key in keys if key["origin"] == "label_studio"] == [4]


@pytest.mark.parametrize("kind", ["pats", "legacy"])
def test_through_the_sdk(moved, used, kind):
    for email in (OWNER, MEMBER):
        client = LabelStudio(base_url=moved.url, api_key=getattr(used, kind)[email])
        assert client.users.whoami().email == email
        assert {user.email for user in client.users.list()} == {OWNER, MEMBER, ASLEEP}


def test_every_password_signs_in(moved, used):
    for email, password in ((OWNER, OWNER_PASSWORD), (MEMBER, PASSWORD)):
        # The second time against the hash that the first one has left.
        for _ in range(2):
            assert sign_in.session(moved.url, email, password)
        with pytest.raises(AssertionError, match="sign-in of"):
            sign_in.session(moved.url, email, password + "x")
    with pytest.raises(AssertionError, match="sign-in of"):
        sign_in.session(moved.url, ASLEEP, PASSWORD)


def test_people_and_settings_are_the_same(moved, used):
    ask = moved.http(Authorization=f"Token {used.legacy[OWNER]}")
    for path, same in (
        ("/api/current-user/whoami", ("id", "email", "username", "first_name", "last_name", "phone",
                                      "active_organization", "allow_newsletters")),
        ("/api/jwt/settings", ("api_tokens_enabled", "legacy_api_tokens_enabled")),
        ("/api/organizations/1", ("id", "title", "created_by")),
        ("/api/invite", ("token", "invite_url")),
    ):
        theirs = used.studio.ask(used.owner, "GET", path)
        ours = ask.get(path).json()
        assert {name: ours.get(name) for name in same} == {name: theirs.get(name) for name in same}, path
        # Instants are kept to the millisecond.
        assert (ours.get("date_joined") or "")[:23] == (theirs.get("date_joined") or "")[:23]


def test_the_gateway_speaks_with_the_imported_key(new_server, used):
    server = new_server()
    server.cli("import", "label-studio", "--from", str(used.folder))
    server.start("--upstream", used.studio.url)
    [key] = [key for key in json.loads(server.cli("keys", "list", "--json")) if key["origin"] == "label_studio"]
    assert f"Label Studio's SECRET_KEY is the imported signing key {key['id']}" in server.log_text()
    assert used.studio.secret_key() not in server.log_text()
    for credential in (f"Bearer {used.pats[MEMBER]}", f"Token {used.legacy[MEMBER]}"):
        answer = httpx.get(f"{server.url}/api/projects/", headers={"Authorization": credential}, timeout=60)
        assert (answer.status_code, answer.json().get("count")) == (200, 0), answer.text


def test_label_studio_is_left_alone(moved, used):
    before = used.rows()
    moved.cli("import", "label-studio", "--from", str(used.folder))
    assert used.rows() == before
    assert sorted(path.name for path in used.folder.glob("label_studio.sqlite3*")) == ["label_studio.sqlite3"]
    answer = httpx.post(f"{used.studio.url}/api/token/refresh/", json={"refresh": used.pats[OWNER]}, timeout=30)
    assert answer.status_code == 200


def test_again_brings_what_is_new_and_ends_what_has_ended(moved, used):
    # Label Studio allows one personal access token at a time.
    old = used.pats[MEMBER]
    assert exchange(moved, old).status_code == 200
    used.studio.ask(used.member, "POST", "/api/token/blacklist/", {"refresh": old})
    used.pats[MEMBER] = used.studio.ask(used.member, "POST", "/api/token/")["token"]
    assert exchange(moved, used.pats[MEMBER]).status_code == 401
    report = json.loads(moved.cli("import", "label-studio", "--from", str(used.folder), "--json"))
    assert (report["personal_access_tokens"]["new"], report["revoked_since"]) == (1, 1)
    assert report["users"]["new"] == 0
    assert exchange(moved, used.pats[MEMBER]).status_code == 200
    assert exchange(moved, old).json()["code"] == "revoked"


def test_the_key_of_another_installation_does_not_prove_them(new_server, used, tmp_path):
    server = new_server()
    key = tmp_path / "secret-key"
    key.write_text("x" * 50 + "\n")
    server.cli("import", "label-studio", "--from", str(used.folder), "--secret-key-file", str(key))
    server.start()
    refused = exchange(server, used.pats[OWNER])
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")


def test_what_cannot_be_imported_is_told(new_server, used, tmp_path):
    server = new_server()

    def told(*flags: str) -> str:
        done: subprocess.CompletedProcess = server.run("import", "label-studio", *flags)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    assert "no label_studio.sqlite3" in told("--from", str(tmp_path))
    (tmp_path / "label_studio.sqlite3").write_bytes(b"this is a file, but not one of SQLite's" * 99)
    assert "damaged or is not a database" in told("--from", str(tmp_path))
    (tmp_path / "label_studio.sqlite3").write_bytes((used.folder / "label_studio.sqlite3").read_bytes())
    assert "SECRET_KEY" in told("--from", str(tmp_path))
    assert json.loads(server.cli("user", "list", "--json")) == []
