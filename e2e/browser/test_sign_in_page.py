"""Sign in: what is typed wrongly."""

from playwright.sync_api import expect

from accounts import Account


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
    expect(visitor.page.get_by_role("heading", name="Too many tries")).to_be_visible()
