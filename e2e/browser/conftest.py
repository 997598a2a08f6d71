"""Fixtures of the browser suite. It runs on SQLite; what differs by engine is not the pages' matter, and
test_on_each_engine.py walks through them once on each."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from accounts import Account, new_account
from keybearer import Server
from scene import Scene
from visitors import PATIENCE_MS, WAYS, Visitor, Way, visiting


@pytest.fixture(scope="session")
def engine() -> str:
    return "sqlite"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = os.environ.get("KEYBEARER_CHROMIUM") or shutil.which("chromium")
    assert program, "there is no chromium: apt-get install chromium, or name one in KEYBEARER_CHROMIUM"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    """Wide and narrow, with JavaScript and without."""
    return request.param


@pytest.fixture
def visit(chromium: Browser, way: Way) -> Iterator[Callable[..., Visitor]]:
    """Opens further browsers at a server, each with its own cookies, all of the test's way."""
    with ExitStack() as visits:
        yield lambda server, **options: visits.enter_context(visiting(chromium, server.url, way, **options))


@pytest.fixture
def visitor(visit: Callable[..., Visitor], standing_server: Server) -> Visitor:
    """Somebody at the server that all tests share."""
    return visit(standing_server)


@pytest.fixture
def member(standing_server: Server) -> Account:
    """A member of the shared server's organization, whom no other test knows."""
    return new_account(standing_server)


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """An installation in use, to be looked at and not changed."""
    scene = Scene(tmp_path_factory.mktemp("scene"))
    yield scene
    scene.stop()
