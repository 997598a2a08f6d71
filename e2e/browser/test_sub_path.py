"""Behind a proxy below a path: every link, form, file and redirect of every page stays there and works."""

import re

import pytest
from playwright.sync_api import expect

import crawler
from accounts import OWNER, new_account
from keybearer import Server
from own_tokens import KEYS, PERSONAL, make
from proxy import Proxy
from visitors import visiting


@pytest.fixture(params=[True, False], ids=["prefix-stripped", "prefix-kept"])
def behind_proxy(request, tmp_path):
    server = Server(tmp_path)
    with Proxy("/tokens", server.port, strips=request.param) as proxy:
        server.start("--public-url", f"{proxy.url}/", "--enable-legacy-tokens")
        yield server, proxy
        server.stop()


def test_every_link_and_form_stays_below_the_path_and_works(chromium, behind_proxy):
    server, proxy = behind_proxy
    member = new_account(server)
    with visiting(chromium, proxy.url) as visitor:
        visitor.sign_in(OWNER)
        for path, name in ((PERSONAL, "one"), (KEYS, "two")):
            make(visitor, path, name)
        with visiting(chromium, proxy.url) as other:
            other.sign_in(member)
            make(other, KEYS, "of the member")
        crawl = crawler.Crawl(visitor.page, proxy.url, lambda: visitor.sign_in(OWNER))
        crawl.run([f"{proxy.url}{path}" for path in ("/", "/user/login/", "/docs/refusals", "/organization")])
    assert not crawl.faults, "\n".join(crawl.faults)
    # For an answer that is no page, such as openapi.json, Chromium asks the host for an icon by itself.
    assert set(proxy.strays) <= {"/favicon.ico"}, proxy.strays
    # The crawler has been everywhere: no fewer pages and forms than there were when this was written.
    assert len(crawl.pages) >= 20, sorted(crawl.pages)
    assert len(crawl.forms) >= 20, sorted(crawl.forms)


def test_set_up_and_invite_links_lead_below_the_path(chromium, tmp_path):
    server = Server(tmp_path)
    with Proxy("/tokens", server.port, strips=False) as proxy:
        server.start_without_owner("--public-url", f"{proxy.url}/")
        try:
            link = re.search(r"^http://\S+/set-up\?token=\S+$", server.log_text(), re.MULTILINE)[0]
            assert link.startswith(f"{proxy.url}/set-up?token=")
            with visiting(chromium, proxy.url) as visitor:
                visitor.page.goto(link)
                visitor.fill(email=OWNER.email, password=OWNER.password)
                visitor.press("Create the owner's account")
                expect(visitor.page.locator(".who-name")).to_have_text(OWNER.email)
                visitor.go("/organization/invite")
                invite = visitor.page.get_by_label("Invite link").first.input_value()
                assert invite.startswith(f"{proxy.url}/user/signup/?token=")
            with visiting(chromium, proxy.url) as newcomer:
                newcomer.page.goto(invite)
                newcomer.fill(email="newcomer@example.com", password="Passw0rd!newcomer")
                newcomer.press("Create account")
                assert newcomer.page.url == f"{proxy.url}/user/account/personal-access-token"
        finally:
            server.stop()
        assert not proxy.strays, proxy.strays
