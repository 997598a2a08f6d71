"""How tokens are used, in pictures and in numbers; and what was done, filtered and saved."""

import csv
import io
import json

from playwright.sync_api import expect

from accounts import OWNER
from own_tokens import KEYS, make, status_of


def saved(visitor, link: str) -> str:
    """What the browser saves when the link is followed."""
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name=link).first.click()
    return download.value.path().read_text()


def test_use_is_shown_as_picture_as_table_and_as_csv(visit, standing_server):
    owner = visit(standing_server)
    owner.sign_in(OWNER)
    secret = make(owner, KEYS, "counted")
    assert status_of(standing_server, secret) == 200
    owner.go("/organization/use")
    chart = owner.page.get_by_role("region").filter(has=owner.page.get_by_role("heading", name="Requests per day"))
    owner.reload_until(owner.page.get_by_role("main"), "Numbers")
    expect(chart.first.locator("svg").first).to_be_visible()
    expect(chart.first.locator("table").first).to_be_hidden()
    chart.first.locator("summary").first.click()
    expect(chart.first.locator("table").first).to_be_visible()
    rows = list(csv.DictReader(io.StringIO(saved(owner, "CSV"))))
    assert len(rows) >= 90 and sum(int(count) for row in rows for name, count in row.items() if count.isdigit()) > 0


def test_audit_is_filtered_and_saved(visit, standing_server, member):
    owner, other = visit(standing_server), visit(standing_server)
    other.sign_in(member)
    make(other, KEYS, "told of")
    owner.sign_in(OWNER)
    owner.go("/organization/audit")
    owner.fill(actor=member.email)
    owner.page.get_by_label("What", exact=True).select_option("token.issue")
    owner.press("Filter")
    events = owner.page.get_by_role("main").get_by_role("row").filter(has_text=member.email)
    expect(events).to_have_count(1)
    lines = [json.loads(line) for line in saved(owner, "Export JSON lines").splitlines()]
    assert [line["action"] for line in lines] == ["token.issue"]
    assert len(list(csv.DictReader(io.StringIO(saved(owner, "Export CSV"))))) == 1
    owner.page.get_by_role("link", name="Show all").click()
    expect(owner.page.get_by_role("main").get_by_role("row").nth(5)).to_be_visible()
