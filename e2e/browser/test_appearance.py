"""Light and dark: the system's setting until somebody chooses, and what he has chosen after it."""

from playwright.sync_api import expect

GROUND = {"light": "rgb(245, 244, 241)", "dark": "rgb(21, 23, 26)"}


def test_pages_follow_the_system(visitor):
    visitor.go("/user/login/")
    for scheme, ground in GROUND.items():
        visitor.page.emulate_media(color_scheme=scheme)
        expect(visitor.page.locator("body")).to_have_css("background-color", ground)


def test_choice_outlives_the_system_setting_and_the_session(visitor, member):
    visitor.sign_in(member)
    visitor.go("/user/account/legacy-token")
    visitor.page.emulate_media(color_scheme="light")
    for theme in ("Dark", "Light"):
        visitor.open_menu()
        visitor.page.get_by_role("button", name=theme).click()
        assert visitor.path == "/user/account/legacy-token"
        expect(visitor.page.locator("body")).to_have_css("background-color", GROUND[theme.lower()])
        visitor.open_menu()
        expect(visitor.page.get_by_role("button", name=theme)).to_have_attribute("aria-pressed", "true")
        visitor.page.keyboard.press("Escape")
        expect(visitor.page.locator("#user-menu")).to_be_hidden()
    visitor.sign_out()
    visitor.page.emulate_media(color_scheme="dark")
    expect(visitor.page.locator("body")).to_have_css("background-color", GROUND["light"])
    visitor.page.context.clear_cookies(name="theme")
    visitor.page.reload()
    expect(visitor.page.locator("body")).to_have_css("background-color", GROUND["dark"])
