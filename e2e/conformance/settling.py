"""The people and the organization that a recorded answer shows, made to be so before the request.

An answer that lists the users tells who was there; one that shows a user or the organization tells the
details. What the request itself changes is set to something else first, so that the change is seen.
"""

import json
from typing import Any

from keybearer import OWNER
from records import Record

USER_DETAILS = ("first_name", "last_name", "username", "phone", "allow_newsletters")
ORGANIZATION_DETAILS = ("title", "contact_info", "token")
BEFORE = "before"


def settle(house, record: Record) -> None:
    recorded = record.response.get("json")
    if record.method == "POST" and record.path.rstrip("/") == "/api/users":
        _without_address(house, record)
    if record.status != 200 or record.method not in ("GET", "PATCH", "PUT"):
        return
    if record.name.startswith("userstate/removed/"):
        # Those answers show what a removed member saw, which says nothing of who was there.
        return
    users, size = shown_users(recorded), shown_size(recorded)
    if size is not None:
        _crowd(house, {user["email"] for user in users}, size)
    for user in users:
        _user_as(house, user, record)
    if isinstance(recorded, dict) and "contact_info" in recorded:
        _organization_as(house, recorded, record)
    if "/hotkeys" in record.path:
        _hotkeys_as(house, record)


def shown_users(recorded: Any) -> list[dict]:
    """Every user whom an answer shows with an address; a removed one has none."""
    if isinstance(recorded, list):
        found = recorded
    elif isinstance(recorded, dict) and "results" in recorded:
        found = [row.get("user") for row in recorded["results"]]
    else:
        found = [recorded]
    return [user for user in found if isinstance(user, dict) and "@" in user.get("email", "")]


def shown_size(recorded: Any) -> int | None:
    """How many people the organization has, where the answer tells."""
    if isinstance(recorded, list) and shown_users(recorded):
        return len(recorded)
    if isinstance(recorded, dict) and "results" in recorded:
        return recorded["count"]
    if isinstance(recorded, dict) and isinstance(recorded.get("users"), list):
        return len(recorded["users"])
    return None


def username_of(email: str) -> str:
    """The recordings call new3@example.com u3, which is where it stands in a list ordered by name."""
    return email.partition("@")[0].replace("new", "u")


def _crowd(house, emails: set[str], size: int) -> None:
    """Exactly so many people, these among them, the recordings' usual ones first."""
    house.person("member")
    wanted = [OWNER, *sorted(emails - {OWNER})]
    for email in ("member@example.com", *(f"new{number}@example.com" for number in range(3, 3 + size))):
        if len(wanted) < size and email not in wanted:
            wanted.append(email)
    accounts = {account["email"]: account["id"] for account in house.owner.get("/api/users/")}
    for email in accounts.keys() - set(wanted):
        house.owner.ask("DELETE", f"/api/users/{accounts[email]}/")
    for name in [name for name, person in house.people.items() if person.email not in wanted]:
        del house.people[name]
        house.lost.discard(name)
    for email in [email for email in wanted if email not in accounts]:
        house.new_account(email)


def _user_as(house, shown: dict, record: Record) -> None:
    accounts = {account["email"]: account for account in house.owner.get("/api/users/")}
    account = accounts.get(shown["email"]) or house.owner.post(
        "/api/users/", {"email": shown["email"], "username": shown.get("username") or "x"})
    changing = _fields(record)
    details = {name: shown[name] for name in USER_DETAILS if name in shown and name not in changing}
    details |= {name: BEFORE for name in ("first_name", "last_name", "username", "phone") if name in changing}
    # A username cannot be taken away again.
    wanted = {name: value for name, value in details.items()
              if account.get(name) != value and (name, value) != ("username", "")}
    if wanted:
        house.owner.ask("PATCH", f"/api/users/{account['id']}/", wanted)
    hotkeys = shown.get("custom_hotkeys")
    if isinstance(hotkeys, dict) and hotkeys != account["custom_hotkeys"]:
        person = next(person for person in house.people.values() if person.email == shown["email"])
        person.ask("PATCH", "/api/current-user/hotkeys/", {"custom_hotkeys": hotkeys})


def _organization_as(house, shown: dict, record: Record) -> None:
    current = house.owner.get("/api/organizations/1")
    changing = _fields(record)
    if shown.get("token") == "<invite>":
        if not current["token"]:
            house.owner.post("/api/invite/reset-token", None)
        shown = {name: value for name, value in shown.items() if name != "token"}
    details = {name: shown[name] for name in ORGANIZATION_DETAILS if name in shown and name not in changing}
    details |= {"title": BEFORE} if "title" in changing else {}
    wanted = {name: value for name, value in details.items() if current.get(name) != value}
    if wanted:
        house.owner.ask("PATCH", "/api/organizations/1", wanted)


def _hotkeys_as(house, record: Record) -> None:
    person = house.person("member") if "member.access" in record.variables() else house.owner
    shown = record.response["json"]["custom_hotkeys"] if record.method == "GET" else {}
    person.ask("PATCH", "/api/current-user/hotkeys/", {"custom_hotkeys": shown})


def _without_address(house, record: Record) -> None:
    """A new account needs an address that nobody has; a refusal of a taken one needs it taken."""
    body = _json_body(record)
    email = body.get("email") if isinstance(body, dict) else None
    if not isinstance(email, str) or any(person.email == email for person in house.people.values()):
        return
    for account in house.owner.get("/api/users/"):
        if account["email"].lower() == email.strip().lower() != "member@example.com":
            house.owner.ask("DELETE", f"/api/users/{account['id']}/")


def _fields(record: Record) -> set[str]:
    body = _json_body(record)
    return set(body) if isinstance(body, dict) and record.method in ("PATCH", "PUT") else set()


def _json_body(record: Record) -> Any:
    try:
        return json.loads((record.request.get("body") or "").removeprefix("form:"))
    except ValueError:
        return None
