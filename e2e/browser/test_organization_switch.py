"""Somebody who belongs to two organizations works in one of them at a time."""

import os
import sqlite3
from contextlib import closing

from playwright.sync_api import expect

from accounts import OWNER


def add_second_organization(server, title: str) -> None:
    """Another like the first, with the same people. There is no door for it yet, so it goes by the table."""
    with closing(sqlite3.connect(server.data / "keybearer.sqlite3", timeout=10)) as database, database:
        columns = [row[1] for row in database.execute("pragma table_info(organizations)") if row[1] != "id"]
        found = database.execute(f"select {', '.join(columns)} from organizations").fetchone()
        values = dict(zip(columns, found)) | {"title": title, "invite_hash": os.urandom(32)}
        marks = ", ".join("?" * len(columns))
        added = database.execute(f"insert into organizations ({', '.join(columns)}) values ({marks})",
                                 [values[column] for column in columns])
        database.execute("insert into memberships (organization_id, user_id, role, created_at) "
                         "select ?, user_id, role, created_at from memberships", [added.lastrowid])


def test_menu_switches_between_ones_organizations(visit, new_server):
    server = new_server().start()
    server.cli("org", "set", "--title", "Harbour Labs")
    add_second_organization(server, "Lighthouse")
    owner = visit(server)
    owner.sign_in(OWNER)
    for title in ("Lighthouse", "Harbour Labs"):
        owner.open_menu()
        owner.page.get_by_role("combobox", name="Organization").select_option(title)
        owner.page.get_by_role("button", name="Switch").click()
        owner.go("/organization")
        expect(owner.page.get_by_role("main")).to_contain_text(title)
        owner.open_menu()
        expect(owner.page.locator("#user-menu")).to_contain_text(f"Owner of {title}")
        owner.page.keyboard.press("Escape")
