"""A caller whose requests are only refused for what is wrong with them."""

import pytest

from keybearer import OWNER


@pytest.fixture(scope="module")
def owner(standing_server) -> dict[str, str]:
    """The headers of the owner, with a token that needs no exchange."""
    key = standing_server.cli("token", "create", "--email", OWNER, "--kind", "key")
    return {"Authorization": f"Token {key}"}
