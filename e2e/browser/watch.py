"""What a browser complains of while a test uses the pages, and every address that it asks for.

A page that works but breaks the Content-Security-Policy, asks another host, or puts a secret into an
address is a page that fails its test.
"""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

# Personal access tokens and access tokens, key tokens, legacy tokens.
TOKEN = re.compile(r"eyJ[\w-]+\.eyJ|\bkb_[0-9A-Za-z]{20}|\b[0-9a-f]{40}\b")
# Chromium's line for an answer of 400 and more, which `answered` judges with its status.
NOT_LOADED = "Failed to load resource: the server responded with a status of"


class Watch:
    """Listens to one browser context until the test ends."""

    def __init__(self, context: BrowserContext, *, origin: str):
        self.origin = origin
        self.urls: list[str] = []
        self.faults: list[str] = []
        self.secrets: set[str] = set()
        self._expected: list[int] = []
        context.on("page", self._listen)

    def expect(self, status: int) -> None:
        """The next answer with this status is no fault."""
        self._expected.append(status)

    def _listen(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(NOT_LOADED):
            self.faults.append(f"console {message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        self.urls.append(request.url)
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.faults.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status < 400:
            return
        if response.status in self._expected:
            self._expected.remove(response.status)
        else:
            self.faults.append(f"{response.request.method} {response.url} answered {response.status}")

    def _failed(self, request: Request) -> None:
        # What becomes a download, or is not there yet when the page is left, is ended by the browser itself.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.method} {request.url} failed: {request.failure}")

    def check(self) -> None:
        """Fails the test if anything was wrong on the way."""
        assert not self.faults, "\n".join(self.faults)
        assert not self._expected, f"no answer had the status {self._expected}"
        for url in self.urls:
            assert not TOKEN.search(url), f"a token in an address: {url}"
            for secret in self.secrets:
                assert secret not in url, f"a secret in an address: {url}"
