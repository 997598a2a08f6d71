"""Follows every link and sends every form that it can come to, starting from some pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

from playwright.sync_api import APIResponse, Error, Page, Response

# What differs between two addresses of one page, or two forms of one kind.
VARIABLE = re.compile(r"/[0-9A-Za-z]{16}\b|/[0-9a-f]{32}\b|/\d+\b|(?<==)[^&]+")
FORMS = """() => [...document.forms].map((form, index) => ({
    // A field may be called action or method too, and then stands in its form's place.
    index, action: new URL(form.getAttribute("action") ?? "", location).href,
    method: form.getAttribute("method") ?? "get",
    // Which button is pressed makes another form of it.
    buttons: [...form.querySelectorAll("button:not([type=button])")].map(button => `${button.name}=${button.value}`),
}))"""
SEND = """([index, nth]) => {
    const form = document.forms[index];
    for (const field of form.querySelectorAll("[required]")) {
        if (!field.value) field.value = field.type === "email" ? "nobody@example.com" : "Passw0rd!somebody";
    }
    form.requestSubmit(form.querySelectorAll("button:not([type=button])")[nth]);
}"""


@dataclass
class Crawl:
    """Signs in again with `sign_in` when a form has ended the session."""

    page: Page
    base: str
    sign_in: Callable[[], None]
    faults: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    forms: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def run(self, starts: list[str]) -> None:
        waiting = list(starts)
        while waiting:
            url = waiting.pop(0)
            if (shape := self._shape(url)) in self.pages:
                continue
            self.pages[shape] = url
            self._open(url)
            waiting += self._look()
        # Forms that sign out come last, so that the others are sent by somebody who is signed in.
        for shape, form in sorted(self.forms.items(), key=lambda item: ("logout" in item[0], "sessions" in item[0])):
            self._send(shape, form)

    def _shape(self, url: str) -> str:
        return VARIABLE.sub("~", url.removeprefix(self.base))

    def _open(self, url: str) -> None:
        try:
            self._judge(url, self.page.goto(url))
        except Error as error:
            # What is to be saved, such as CSV, is no page that a browser goes to.
            if "Download is starting" not in str(error):
                raise
            self._judge(url, self.page.context.request.get(url))
        if "/user/login" in self.page.url and "/user/login" not in url:
            self.sign_in()
            self._judge(url, self.page.goto(url))

    def _look(self) -> list[str]:
        """The page's links; its forms are noted down."""
        here = self.page.url
        links = self.page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
        assets = self.page.eval_on_selector_all("[src], link[href]", "all => all.map(one => one.src || one.href)")
        for asset in assets:
            self._must_be_ours(here, asset)
        for form in self.page.evaluate(FORMS):
            self._must_be_ours(here, form["action"])
            for nth, button in enumerate(form["buttons"]):
                shape = f"{form['method']} {self._shape(form['action'])} {VARIABLE.sub('~', '/' + button)}"
                self.forms.setdefault(shape, (here, form["index"], nth))
        found = [urldefrag(urljoin(here, link))[0] for link in links if not link.startswith("mailto:")]
        for link in found:
            self._must_be_ours(here, link)
        # Signing out by the link is the form's matter.
        return [link for link in found if link.startswith(self.base) and not link.endswith("/logout")]

    def _send(self, shape: str, form: tuple[str, int, int]) -> None:
        here, index, nth = form
        self._open(here)
        with self.page.expect_navigation() as gone:
            self.page.evaluate(SEND, [index, nth])
        self._judge(shape, gone.value)
        self._must_be_ours(shape, self.page.url)

    def _judge(self, what: str, answer: Response | APIResponse | None) -> None:
        if answer is None or answer.status >= 400:
            self.faults.append(f"{what} answered {answer and answer.status}")
        while isinstance(answer, Response) and (step := answer.request.redirected_from):
            self._must_be_ours(what, answer.url)
            answer = step.response()

    def _must_be_ours(self, where: str, url: str) -> None:
        if not url.startswith(f"{self.base}/"):
            self.faults.append(f"{where} leads to {url}")
