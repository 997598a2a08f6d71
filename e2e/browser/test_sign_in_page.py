"""Sign in and out; what is typed wrongly; and the way back to where one was."""

from playwright.sync_api import expect

from accounts import Account


def test_wrong_password_says_so_and_keeps_the_address(visitor, member):
    visitor.go("/user/login/")
    visitor.fill(email=member.email, password="not the password")
    visitor.press("Sign in")
    email, password = visitor.page.get_by_label("E-mail address"), visitor.page.get_by_label("Password")
    expect(email).to_have_value(member.email)
    expect(password).to_have_value("")
    expect(password).to_have_accessible_description("The email and password you entered don't match.")
    visitor.sign_in(member)


def test_unknown_address_is_answered_like_a_wrong_password(visitor):
    visitor.go("/user/login/")
    visitor.fill(email="nobody@example.com", password="not the password")
    visitor.press("Sign in")
    expect(visitor.page.get_by_role("alert")).to_have_text("The email and password you entered don't match.")


def test_empty_form_is_held_back_by_the_browser(visitor):
    visitor.go("/user/login/")
    visitor.press("Sign in")
    assert visitor.page.locator("#email").evaluate("field => !field.validity.valid")
    assert visitor.watch.urls.count(visitor.page.url) == 1


def test_page_that_needs_a_sign_in_is_shown_after_it(visitor, member):
    visitor.go("/user/account/legacy-token?from=a+bookmark")
    assert visitor.path.startswith("/user/login/?next=")
    visitor.sign_in(member)
    assert visitor.path == "/user/account/legacy-token?from=a+bookmark"


def test_next_never_leads_to_another_host(visitor, member):
    visitor.go("/user/login/?next=//other.example/")
    visitor.sign_in(member)
    assert visitor.path == "/user/account/personal-access-token"


def test_sign_out_ends_the_session(visitor, member):
    visitor.sign_in(member)
    stolen = visitor.page.context.cookies()
    visitor.sign_out()
    assert not [cookie for cookie in visitor.page.context.cookies() if cookie["name"] == "sessionid"]
    visitor.page.context.add_cookies(stolen)
    visitor.go("/user/account/personal-access-token")
    assert visitor.path.startswith("/user/login/")


def test_ended_session_leads_back_to_where_one_was(visit, standing_server, member):
    here, elsewhere = visit(standing_server), visit(standing_server)
    for visitor in (here, elsewhere):
        visitor.sign_in(member)
    here.go("/user/account/legacy-token")
    # The session ends on the server while the browser still shows its cookie.
    elsewhere.page.context.add_cookies(here.page.context.cookies())
    elsewhere.go("/user/account/legacy-token")
    elsewhere.sign_out()
    here.page.reload()
    assert here.path.startswith("/user/login/?next=")
    here.sign_in(member)
    assert here.path == "/user/account/legacy-token"


def test_cookies_are_out_of_reach_of_scripts(visitor, member):
    visitor.sign_in(member)
    cookies = {cookie["name"]: cookie for cookie in visitor.page.context.cookies()}
    assert cookies["sessionid"]["httpOnly"] and cookies["sessionid"]["sameSite"] == "Lax"
    assert cookies["csrftoken"]["httpOnly"] and cookies["csrftoken"]["sameSite"] == "Lax"


def test_tries_are_limited(visit, new_server):
    server = new_server().start()
    visitor = visit(server)
    account = Account("somebody@example.com", "not the password")
    visitor.go("/user/login/")
    for _ in range(10):
        visitor.fill(email=account.email, password=account.password)
        visitor.press("Sign in")
        expect(visitor.page.get_by_role("alert")).to_be_visible()
    visitor.watch.expect(429)
    visitor.fill(email=account.email, password=account.password)
    visitor.press("Sign in")
    expect(visitor.page.get_by_role("heading", name="Too many attempts")).to_be_visible()
