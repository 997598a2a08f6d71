"""Every page that somebody can come to, for the tests that look at all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import own_tokens
from visitors import Visitor


@dataclass(frozen=True)
class Place:
    # Also the name of its picture.
    name: str
    # Names in braces are keys of Scene.paths.
    path: str
    # Who sees it: an attribute of Scene; None is somebody who is not signed in.
    who: str | None = None
    status: int = 200
    # What is done at the address to come to the place.
    then: Callable[[Visitor], None] | None = None
    # How its picture in the documents is taken.
    look: str = "1280-light"

    def __str__(self) -> str:
        return self.name


def fold_out(text: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.page.locator("summary", has_text=text).first.click()


def press(name: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.press(name)


def make_token(visitor: Visitor) -> None:
    own_tokens.make(visitor, own_tokens.KEYS, "nightly export", ttl_days="30")


def switch_keys_off(visitor: Visitor) -> None:
    visitor.page.get_by_role("switch", name="Key Tokens").uncheck()
    visitor.press("Save")
    visitor.page.get_by_role("heading", name="Save the settings?").wait_for()


def choose_two_tokens(visitor: Visitor) -> None:
    for name in ("ML backend", "notebook"):
        visitor.page.get_by_role("checkbox", name=f"Select {name} of").check()
    visitor.press("Revoke the selected")
    visitor.page.get_by_role("heading", name="Revoke 2 tokens?").wait_for()


def mistype_lifetime(visitor: Visitor) -> None:
    visitor.fill(name="nightly export", ttl_days="a month")
    visitor.press("Create")
    visitor.page.get_by_role("alert").wait_for()


PLACES = [
    Place("sign-in", "/user/login/"),
    Place("sign-up", "{invite}", look="390-light"),
    Place("page-not-found", "/no-such-page", status=404, look="390-dark"),
    Place("link-not-valid", "/set-up?token=guessed", status=403, look="390-light"),
    Place("api", "/api/v1/docs", look="1280-dark"),
    Place("refusals", "/docs/refusals", look="390-light"),
    Place("menu", "/user/account/personal-info", "admin", then=Visitor.open_menu, look="1280-dark"),
    Place("personal-info", "/user/account/personal-info", "member"),
    Place("personal-access-tokens", "/user/account/personal-access-token", "member"),
    Place("key-tokens", "/user/account/key-token", "member", then=fold_out("Expired and revoked")),
    Place("new-key-token", "/user/account/key-token", "admin", then=fold_out("Note, scopes and limits")),
    Place("mistyped-lifetime", "/user/account/key-token", "admin", then=mistype_lifetime, look="390-dark"),
    Place("ended-tokens", "/user/account/key-token?state=ended", "member", look="390-light"),
    Place("no-tokens-yet", "/user/account/personal-access-token", "admin", look="390-light"),
    Place("legacy-token", "/user/account/legacy-token", "member"),
    Place("reset-legacy-token", "/user/account/legacy-token/reset", "member", look="390-dark"),
    Place("password", "/user/account/password", "member", look="390-light"),
    Place("sessions", "/user/account/sessions", "member"),
    Place("token", "/user/tokens/{nightly export}", "member"),
    Place("ended-token", "/user/tokens/{old laptop}", "member", look="1280-dark"),
    Place("rotate", "/user/tokens/{nightly export}/rotate", "member", look="390-light"),
    Place("revoke", "/user/tokens/{nightly export}/revoke", "member", look="390-light"),
    Place("members", "/organization", "admin"),
    Place("members-not-found", "/organization?q=nobody", "admin", look="390-light"),
    Place("add-members", "/organization", "admin", then=press("Add Members")),
    Place("invite-link", "/organization/invite", "admin", then=fold_out("Reset the link"), look="390-dark"),
    Place("access-token-settings", "/organization", "admin", then=press("Access Token Settings")),
    Place("access-token-settings-page", "/organization/settings", "admin", then=fold_out("More"), look="390-light"),
    Place("save-the-settings", "/organization/settings", "admin", then=switch_keys_off),
    Place("rename-organization", "/organization/title", "admin", look="390-dark"),
    Place("member", "/organization/members/{grace}", "admin"),
    Place("revoke-all-tokens", "/organization/members/{grace}/revoke", "admin", look="390-light"),
    Place("remove-member", "/organization/members/{grace}/remove", "admin", look="390-dark"),
    Place("organization-tokens", "/organization/tokens", "admin"),
    Place("revoke-several", "/organization/tokens", "admin", then=choose_two_tokens, look="390-light"),
    Place("use", "/organization/use", "admin"),
    Place("audit", "/organization/audit", "admin"),
    Place("audit-filtered", "/organization/audit?action=token.revoke", "admin", look="390-light"),
    Place("not-allowed", "/organization", "member", status=403, look="390-light"),
    # It makes a token, so it comes last.
    Place("new-token", "/user/account/key-token", "owner", then=make_token),
]
