"""The sign-in form, filled in as a browser without JavaScript would."""

import re

import httpx

CSRF_FIELD = re.compile(r'name="csrfmiddlewaretoken"[^>]*\svalue="([^"]+)"')


def session(url: str, email: str, password: str, **headers: str) -> str:
    """The value of the session cookie."""
    with httpx.Client(base_url=url, headers=headers, timeout=30) as browser:
        page = browser.get("/user/login/")
        field = CSRF_FIELD.search(page.text)
        assert field, f"no CSRF field on the sign-in page ({page.status_code}): {page.text[:300]!r}"
        answer = browser.post("/user/login/", headers={"Referer": f"{url}/user/login/"},
                              data={"email": email, "password": password, "csrfmiddlewaretoken": field[1]})
        assert answer.status_code == 302, f"sign-in of {email} answered {answer.status_code}: {answer.text[:300]!r}"
        return browser.cookies["sessionid"]
