"""A session in Label Studio, through the gateway: Label Studio's own business, and the same person's at Keybearer."""

from contextlib import closing

import httpx

from conftest import sign_in
from studio import OWNER, OWNER_PASSWORD


def test_label_studio_sees_its_own_session(session):
    assert session.get("/api/current-user/whoami").json()["email"] == OWNER
    made = session.post("/api/projects/", json={"title": "By the session"},
                        headers={"X-CSRFToken": session.cookies["csrftoken"]})
    assert made.status_code == 201, made.text


def test_keybearers_pages_know_who_it_is(gateway, session):
    page = session.get("/keybearer/user/account/personal-access-token")
    assert page.status_code == 200
    assert OWNER in page.text
    stranger = httpx.get(f"{gateway.url}/keybearer/user/account/personal-access-token")
    assert stranger.status_code == 302
    assert stranger.headers["location"].startswith("/user/login/?next=%2Fkeybearer%2F")


def test_who_signs_up_in_label_studio_is_a_member_here(gateway, session):
    invite = session.get("/api/invite").json()["invite_url"]
    with httpx.Client(base_url=gateway.url, timeout=60, headers={"Sec-Fetch-Site": "same-origin"}) as newcomer:
        newcomer.get(invite).raise_for_status()
        form = {"email": "newcomer@example.com", "password": OWNER_PASSWORD,
                "csrfmiddlewaretoken": newcomer.cookies["csrftoken"]}
        assert newcomer.post(invite, data=form).status_code == 302
        made = newcomer.post("/api/token/", json={})
        assert made.status_code == 201, made.text
        # Any member may ask which kinds there are; the page needs it. None may change it.
        assert newcomer.get("/api/jwt/settings").status_code == 200
        assert newcomer.post("/api/jwt/settings", json={"api_tokens_enabled": True}).status_code == 403
    me = httpx.get(f"{gateway.url}/api/v1/me", headers={"Authorization": f"Bearer {made.json()['token']}"}).json()
    assert (me["email"], me["role"]) == ("newcomer@example.com", "member")


def test_a_session_does_not_serve_another_site(gateway):
    with closing(sign_in(gateway.url)) as client:
        client.headers["Sec-Fetch-Site"] = "cross-site"
        assert client.post("/api/token/", json={}).status_code == 403
        del client.headers["Sec-Fetch-Site"]
        assert client.post("/api/token/", json={}, headers={"Origin": "https://evil.example.com"}).status_code == 403
