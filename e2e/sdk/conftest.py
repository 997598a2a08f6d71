"""The clients that the SDK tests use: both modes, with every kind of credential."""

import logging
from collections.abc import Callable, Iterator

import pytest

from clients import Requests, Sdk
from keybearer import OWNER, Server

KINDS = ("personal", "legacy", "key")


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def new_sdk(mode: str) -> Iterator[Callable[..., Sdk]]:
    opened: list[Sdk] = []

    def make(server: Server, **options) -> Sdk:
        opened.append(Sdk(mode, server.url, **options))
        return opened[-1]

    yield make
    for sdk in opened:
        sdk.close()


@pytest.fixture
def pat(server: Server) -> str:
    """The owner's first personal access token."""
    return server.cli("token", "create", "--email", OWNER, "--kind", "personal")


@pytest.fixture
def sdk(server: Server, new_sdk: Callable[..., Sdk], pat: str) -> Sdk:
    """The owner's client with a PAT, as the documentation tells to make it."""
    return new_sdk(server, api_key=pat)


@pytest.fixture
def requests_seen() -> Iterator[Requests]:
    requests, logger = Requests(), logging.getLogger("httpx")
    level = logger.level
    logger.addHandler(requests)
    logger.setLevel(logging.INFO)
    yield requests
    logger.removeHandler(requests)
    logger.setLevel(level)
