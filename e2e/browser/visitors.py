"""Somebody in front of a browser: a profile of his own, one page, and what he does on every page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, Response, expect

from accounts import Account
from watch import Watch

HEIGHT = 800
# The pages are served from this machine; what is not there after this does not come.
PATIENCE_MS = 10_000
RELOAD_AFTER_MS = 250
RELOADS = PATIENCE_MS // RELOAD_AFTER_MS


@dataclass(frozen=True)
class Way:
    """How somebody looks at the pages."""

    width: int = 1280
    scripts: bool = True

    def __str__(self) -> str:
        return f"{self.width}-{'scripts' if self.scripts else 'plain'}"


WAYS = [Way(width, scripts) for width in (1280, 390) for scripts in (True, False)]


class Visitor:
    def __init__(self, page: Page, url: str, way: Way, watch: Watch):
        self.page = page
        self.url = url
        self.way = way
        self.watch = watch

    def go(self, path: str, status: int = 200) -> Response:
        """Opens the page at `path` below the server's URL, which must answer with `status`."""
        if status >= 400:
            self.watch.expect(status)
        response = self.page.goto(self.url + path)
        assert response.status == status, f"{path} answered {response.status}"
        return response

    @property
    def path(self) -> str:
        """Where he is, below the server's URL."""
        assert self.page.url.startswith(self.url), f"{self.page.url} is not below {self.url}"
        return self.page.url[len(self.url):]

    def fill(self, **fields: str) -> None:
        """Fills in the fields with these names; what a password field gets is a secret from then on."""
        for name, text in fields.items():
            field = self.page.locator(f"main [name={name}]:visible")
            if field.get_attribute("type") == "password":
                self.watch.secrets.add(text)
            field.fill(text)

    def press(self, name: str) -> None:
        """Presses the button in the page's content that says `name`."""
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()

    def sign_in(self, account: Account) -> None:
        """By the form; from the sign-in page if he is on it, else from wherever he is sent."""
        if "/user/login" not in self.page.url:
            self.go("/user/login/")
        self.fill(email=account.email, password=account.password)
        self.press("Sign in")
        expect(self.page.locator(".who-name")).to_be_visible()

    def reload_until(self, locator: Locator, text: str) -> None:
        """Loads the page again until the text is there: a use is written down within five seconds."""
        for _ in range(RELOADS):
            if text in (locator.text_content() or ""):
                return
            self.page.wait_for_timeout(RELOAD_AFTER_MS)
            self.page.reload()
        raise AssertionError(f"no {text!r} in {locator.text_content()!r}")

    def focus(self, name: str, *, within: int = 60) -> None:
        """Goes by the Tab key, and by nothing else, to the control with this accessible name."""
        passed = []
        for _ in range(within):
            self.page.keyboard.press("Tab")
            focused = self.page.locator(":focus")
            # Out of the document's end the focus is the browser's own for one step.
            if focused.count() == 0:
                continue
            passed.append(focused.aria_snapshot().split("\n")[0])
            if f'"{name}"' in passed[-1]:
                assert focused.evaluate("element => element.matches(':focus-visible')")
                return
        raise AssertionError(f"the Tab key does not lead to {name!r}, but to {passed}")

    def open_menu(self) -> None:
        """The menu behind his name."""
        self.page.locator(".who-button").click()
        expect(self.page.locator("#user-menu")).to_be_visible()

    def sign_out(self) -> None:
        self.open_menu()
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()


@contextmanager
def visiting(browser: Browser, url: str, way: Way = Way(), **options) -> Iterator[Visitor]:
    """A fresh profile, checked for complaints when it is left without an error."""
    context = browser.new_context(viewport={"width": way.width, "height": HEIGHT}, locale="en-GB",
                                  java_script_enabled=way.scripts, **options)
    context.set_default_timeout(PATIENCE_MS)
    origin = "/".join(url.split("/")[:3])
    watch = Watch(context, origin=origin)
    try:
        yield Visitor(context.new_page(), url, way, watch)
        watch.check()
    finally:
        context.close()
