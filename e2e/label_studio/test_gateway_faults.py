"""Label Studio goes away, comes back, and comes back with another key: clear answers, and no restart of Keybearer."""

import httpx

from keybearer import READY_WITHIN_SECONDS
from studio import OWNER


def test_it_stops_and_starts_again_with_another_key(gateway, studio, new_token):
    headers = {"Authorization": f"Bearer {new_token('key')}"}
    url = f"{gateway.url}/api/current-user/whoami"
    assert httpx.get(url, headers=headers).json()["email"] == OWNER
    assert "which accepts what Keybearer signs" in gateway.log_text()

    studio.stop()
    away = httpx.get(url, headers=headers)
    assert (away.status_code, away.json()["status_code"]) == (502, 502)
    assert "cannot be reached" in away.json()["detail"]
    page = httpx.get(f"{gateway.url}/projects/", headers={"Accept": "text/html"})
    assert page.status_code == 502
    assert page.headers["content-type"].startswith("text/html")
    # Keybearer itself is there.
    assert httpx.get(f"{gateway.url}/api/v1/me", headers=headers).status_code == 200

    key = "another-key-0123456789-0123456789-0123456789-01234"
    studio.start(SECRET_KEY=key)
    wrong = httpx.get(url, headers=headers, timeout=READY_WITHIN_SECONDS)
    assert wrong.status_code == 502
    assert "SECRET_KEY" in wrong.json()["detail"]
    assert "is not its SECRET_KEY" in gateway.log_text()

    gateway.upstream_key_file.write_text(key)
    httpx.get(url, headers=headers)
    assert httpx.get(url, headers=headers).json()["email"] == OWNER
    assert key not in gateway.log_text()
