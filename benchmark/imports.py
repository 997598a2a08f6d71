"""Moving in from a Label Studio with many users and tokens: how long it takes, and how much memory."""

import base64
import json
import os
import secrets
import sqlite3
import subprocess
import time
from pathlib import Path

import report
import running

USERS = 100_000
TOKENS = 1_000_000
# Each user has one legacy token; the others are personal access tokens, and of these one in ten is revoked.
PERSONAL = TOKENS - USERS
SECRET_KEY = "benchmark-only-0123456789-abcdefghijklmnopqrstuvwx"
AT = "2026-01-02 03:04:05.678901"
PASSWORD = "pbkdf2_sha256$870000$0123456789abcdefghijkl$" + "A" * 43 + "="
# Label Studio 1.23.2's tables, as far as the import looks at them.
SCHEMA = """
create table organization (id integer primary key, title varchar(1000) not null, created_at datetime not null,
    updated_at datetime not null, created_by_id integer unique, token varchar(256) unique, contact_info varchar(254));
create table htx_user (id integer primary key, password varchar(128) not null, last_login datetime, is_superuser bool not null,
    username varchar(256) not null, email varchar(254) not null unique, first_name varchar(256) not null,
    last_name varchar(256) not null, is_staff bool not null, is_active bool not null, date_joined datetime not null,
    last_activity datetime not null, activity_at datetime not null, phone varchar(256) not null, avatar varchar(100) not null,
    active_organization_id integer, allow_newsletters bool, custom_hotkeys text);
create table organizations_organizationmember (id integer primary key, created_at datetime not null,
    updated_at datetime not null, organization_id integer not null, user_id integer not null, deleted_at datetime);
create table jwt_auth_jwtsettings (organization_id integer primary key, api_tokens_enabled bool not null,
    api_token_ttl_days integer not null, legacy_api_tokens_enabled bool not null, created_at datetime, updated_at datetime);
create table authtoken_token ("key" varchar(40) primary key, created datetime not null, user_id integer not null unique);
create table token_blacklist_outstandingtoken (id integer primary key, token text not null, created_at datetime,
    expires_at datetime not null, user_id integer, jti varchar(255) not null unique);
create table token_blacklist_blacklistedtoken (id integer primary key, blacklisted_at datetime not null,
    token_id bigint not null unique);
"""


def encoded(value: dict) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def data_folder(folder: Path):
    """A data folder as Label Studio leaves it."""
    folder.mkdir()
    (folder / ".env").write_text(f"SECRET_KEY={SECRET_KEY}\n")
    database = sqlite3.connect(folder / "label_studio.sqlite3")
    for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -500000"):
        database.execute(f"pragma {pragma}")
    database.executescript(SCHEMA)

    def insert(table: str, rows: list):
        database.executemany(f"insert into {table} values ({','.join('?' * len(rows[0]))})", rows)

    users = range(1, USERS + 1)
    insert("organization", [(1, "Labs", AT, AT, 1, "invite", "")])
    insert("jwt_auth_jwtsettings", [(1, True, 400, True, AT, AT)])
    insert("htx_user", [(user, PASSWORD, None, user == 1, f"user{user}", f"user{user}@example.com", "First", "Last", False,
                         True, AT, AT, AT, "", "", 1, True, "{}") for user in users])
    insert("organizations_organizationmember", [(user, AT, AT, 1, user, None) for user in users])
    insert("authtoken_token", [(secrets.token_hex(20), AT, user) for user in users])
    header, now = encoded({"alg": "HS256", "typ": "JWT"}), int(time.time())
    insert("token_blacklist_outstandingtoken", [personal(number, header, now) for number in range(1, PERSONAL + 1)])
    insert("token_blacklist_blacklistedtoken", [(number, AT, number) for number in range(10, PERSONAL + 1, 10)])
    database.commit()
    database.close()


def personal(number: int, header: str, now: int) -> tuple:
    token_id, user = secrets.token_hex(16), number % USERS + 1
    claims = {"token_type": "refresh", "exp": now + 400 * 86_400, "iat": now, "jti": token_id, "user_id": str(user)}
    return number, f"{header}.{encoded(claims)}", AT, AT, user, token_id


def measure(keybearer: Path, folder: Path, database: str) -> report.Table:
    """Imports into an empty SQLite and an empty PostgreSQL, and once more, when nothing is new."""
    table = report.Table("Import from Label Studio", ["into", "first time", "peak memory", "again", "peak memory"],
                         f"{USERS:,} users with {TOKENS:,} tokens, from SQLite.")
    source = folder / "label-studio-to-import"
    data_folder(source)
    for engine, place in (("SQLite", []), ("PostgreSQL", ["--database", database])):
        command = [str(keybearer), "import", "label-studio", "--from", str(source), "--json", "--data-dir",
                   str(folder / f"imported-{engine}"), *place]
        first, again = run(command, "new"), run(command, "here_already")
        table.row(engine, *first, *again)
    return table


def run(command: list[str], state: str) -> tuple[str, str]:
    """Seconds and memory of a command that must find all users and tokens to be in that state."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    told = json.loads(process.stdout.read())
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    counts = [told[name][state] for name in ("users", "personal_access_tokens", "legacy_tokens")]
    if status or counts != [USERS, PERSONAL, USERS]:
        running.fail(f"the import ended with {status}: {told}")
    return f"{took:.0f} s", f"{used.ru_maxrss / 1024:,.0f} MiB"
