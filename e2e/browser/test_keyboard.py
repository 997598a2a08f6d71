"""Everything by keyboard: Tab, Enter, Escape and typing, and nothing else."""

from playwright.sync_api import expect

from own_tokens import row


def test_sign_in_menu_create_and_revoke_by_keyboard_alone(visitor, member):
    page, press, write = visitor.page, visitor.page.keyboard.press, visitor.page.keyboard.type
    visitor.go("/user/login/")
    visitor.focus("Skip to the content")
    visitor.focus("E-mail address")
    write(member.email)
    visitor.focus("Password")
    write(member.password)
    press("Enter")
    expect(page.locator(".who-name")).to_be_visible()

    visitor.focus(member.email)
    press("Enter")
    expect(page.locator("#user-menu")).to_be_visible()
    press("Escape")
    expect(page.locator("#user-menu")).to_be_hidden()
    assert page.locator(":focus").evaluate("element => element.classList.contains('who-button')")
    press("Enter")
    visitor.focus("Account & Settings", within=5)
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Personal Info")

    visitor.focus("Key Tokens")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Key Tokens")
    visitor.focus("Name")
    write("by keyboard")
    press("Enter")
    expect(page.get_by_role("heading", name="Copy your token now")).to_be_visible()
    visitor.focus("I have copied it")
    press("Enter")
    expect(row(visitor, "by keyboard")).to_be_visible()

    visitor.focus("Revoke by keyboard")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke “by keyboard”?")
    visitor.focus("Revoke by keyboard")
    press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The token is revoked")
