"""The organization's policy by settings file and environment, and the operator's own header, with the real program."""

import json

import httpx
import pytest

from keybearer import OWNER, Server


@pytest.fixture
def server(new_server) -> Server:
    return new_server()


def with_environment(server: Server, **variables: str) -> None:
    usual = server.environment()
    server.environment = lambda: usual | variables


def policy(server: Server) -> dict:
    return json.loads(server.cli("org", "show", "--json"))["policy"]


def policy_changes(server: Server) -> list[dict]:
    import sqlite3
    with sqlite3.connect(server.data / "keybearer.sqlite3") as database:
        rows = database.execute("select actor, detail from audit_events where action = 'organization.update'").fetchall()
    return [(actor, json.loads(detail)["policy"]) for actor, detail in rows if "policy" in json.loads(detail)]


def test_file_and_environment_hold_at_each_start(server, engine):
    (server.directory / "keybearer.toml").write_text(
        '[policy]\nmax_ttl_days = 90\nidle_days = "none"\nscopes = ["read", "GET /api/projects/*"]\ndirect_use = "warn"\n')
    with_environment(server, KEYBEARER_POLICY_MAX_TTL_DAYS="30", KEYBEARER_POLICY_IP_RANGES="127.0.0.0/8,::1/128",
                     KEYBEARER_POLICY_KEY_TTL_DAYS="14")
    server.start()
    first = policy(server)
    assert (first["max_ttl_days"], first["idle_days"], first["key_ttl_days"]) == (30, None, 14)
    assert (first["direct_use"], sorted(first["scopes"])) == ("warn", ["GET /api/projects/*", "read"])
    assert first["ip_ranges"] == ["127.0.0.0/8", "::1/128"]
    for _ in range(2):
        server.stop()
        server.start()
    server.cli("org", "set", "--max-ttl-days", "365")
    server.stop()
    server.start()
    assert policy(server) == first
    if engine == "sqlite":
        # One by hand, one by the settings; the starts that changed nothing wrote nothing.
        assert [actor for actor, _ in policy_changes(server)] == ["operator", "system"]


def test_set_up_by_flags_and_by_command_line_start_with_the_policy(new_server):
    for by_flags in [True, False]:
        server = new_server()
        with_environment(server, KEYBEARER_POLICY_MAX_TTL_DAYS="30")
        if by_flags:
            server.start()
        else:
            server.cli("user", "add", "--email", OWNER, "--role", "owner", "--password", "Passw0rd!o")
        assert policy(server)["max_ttl_days"] == 30


@pytest.mark.parametrize(("text", "says"), [
    ("[policy]\nmax_ttl = 3\n", "max_ttl"),
    ("[policy]\nkey_ttl_days = 0\n", "between 1 and"),
    ("[policy]\nip_ranges = [\"here\"]\n", "here"),
    ("username = \"a@b.example\"\npassword = \"geheim\n", "line 2, password: "),
    ("listen = [\"geheim\"]\n", "line 1, listen: expected "),
    ("database = \"geheim\" \"geheim\"\n", "line 1, database: "),
    ("token_header = \"Cookie\"\n", "cookie"),
    ("token_header = \"X Y\"\n", "header name"),
    ("smtp_url = \"smtp://mail.example.com\"\n", "mail_from"),
    ("webhook_url = \"https://hooks.example.com/geheim\"\n", "webhook_secret"),
])
def test_a_start_with_what_cannot_hold_says_so(server, text, says):
    (server.directory / "keybearer.toml").write_text(text)
    for command in [("serve", "--listen", f"127.0.0.1:{server.port}"), ("config", "check")]:
        done = server.run(*command)
        assert done.returncode == 1 and says in done.stderr and "geheim" not in done.stderr, done.stderr


def test_config_show_prints_it_in_the_files_own_form(server):
    with_environment(server, KEYBEARER_POLICY_MAX_TTL_DAYS="none", KEYBEARER_TOKEN_HEADER="X-Company-Token")
    shown = server.cli("config", "show")
    assert '[policy]\nmax_ttl_days = "none"' in shown and 'token_header = "x-company-token"' in shown
    assert json.loads(server.cli("config", "show", "--json"))["policy"]["max_ttl_days"] == "none"


def test_any_token_in_the_operators_own_header(server):
    server.start("--token-header", "X-Company-Token")
    token = server.cli("token", "create", "--email", OWNER, "--kind", "key")
    answer = httpx.get(f"{server.url}/api/current-user/whoami", headers={"X-Company-Token": token})
    assert (answer.status_code, answer.json()["email"]) == (200, OWNER)
    answer = httpx.get(f"{server.url}/api/current-user/whoami", headers={"X-Company-Token": token, "X-API-Key": "other"})
    assert answer.status_code == 401
