"""One Label Studio and one Keybearer in front of it, for all tests of this folder.

What differs by the database's engine is not the gateway's matter, so it runs on SQLite.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest
from label_studio_sdk import LabelStudio as Sdk
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from keybearer import Server
from studio import OWNER, OWNER_PASSWORD, Studio

KINDS = ("personal", "key", "legacy")
LABELS = """<View><Text name="text" value="$text"/>
<Choices name="mood" toName="text"><Choice value="good"/><Choice value="bad"/></Choices></View>"""


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    # The ML backend is on this machine.
    studio = Studio(tmp_path_factory.mktemp("label-studio"), ML_BLOCK_LOCAL_IP="false", SSRF_PROTECTION_ENABLED="false")
    try:
        yield studio.start()
    finally:
        studio.stop()


@pytest.fixture(scope="session")
def gateway(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("gateway")
    server = Server(directory)
    # A copy, so that a test can write another key into it.
    server.upstream_key_file = directory / "label-studio.env"
    shutil.copy(studio.data / ".env", server.upstream_key_file)
    flags = ["--upstream", studio.url, "--upstream-secret-key-file", str(server.upstream_key_file)]
    try:
        server.start("--enable-legacy-tokens", *flags)
        # The ids of the two sides are not the same: here this user is the second.
        server.cli("user", "add", "--email", OWNER, "--role", "owner")
        yield server
    finally:
        server.stop()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def new_token(gateway: Server) -> Callable[..., str]:
    def make(kind: str, *flags: str, email: str = OWNER) -> str:
        return gateway.cli("token", "create", "--email", email, "--kind", kind, *flags)

    return make


@pytest.fixture
def sdk(gateway: Server, new_token: Callable[..., str], kind: str) -> Sdk:
    """The owner's stock client, with each kind of token in turn."""
    return Sdk(base_url=gateway.url, api_key=new_token(kind))


@pytest.fixture
def project(gateway: Server, new_token: Callable[..., str]) -> Iterator[int]:
    """A project with two tasks."""
    owner = Sdk(base_url=gateway.url, api_key=new_token("key"))
    made = owner.projects.create(title="Moods", label_config=LABELS)
    owner.projects.import_tasks(id=made.id, request=[{"text": "one"}, {"text": "two"}])
    yield made.id
    owner.projects.delete(id=made.id)


def sign_in(url: str, email: str = OWNER, password: str = OWNER_PASSWORD) -> httpx.Client:
    """A client with Label Studio's session, as its sign-in page gives it to a browser."""
    client = httpx.Client(base_url=url, timeout=60, headers={"Sec-Fetch-Site": "same-origin"})
    client.get("/user/login/").raise_for_status()
    form = {"email": email, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    answer = client.post("/user/login/", data=form)
    assert answer.status_code == 302, answer.text[:500]
    return client


@pytest.fixture
def session(gateway: Server) -> Iterator[httpx.Client]:
    """The owner, signed in to Label Studio through the gateway."""
    with closing(sign_in(gateway.url)) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = os.environ.get("KEYBEARER_CHROMIUM") or shutil.which("chromium")
    assert program, "there is no chromium: apt-get install chromium, or name one in KEYBEARER_CHROMIUM"
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, gateway: Server) -> Iterator[BrowserContext]:
    """A browser's window in which the owner has signed in on Label Studio's own page."""
    context = chromium.new_context(base_url=gateway.url)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto("/user/login/")
    page.get_by_label("Email").or_(page.locator("input[name=email]")).first.fill(OWNER)
    page.locator("input[name=password]").fill(OWNER_PASSWORD)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url(lambda url: "/user/login" not in url)
    page.close()
    yield context
    context.close()
