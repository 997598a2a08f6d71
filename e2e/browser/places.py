"""Every page that somebody can come to, for the tests that look at all of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    name: str
    path: str
    # Who sees it: an attribute of Scene; None is somebody who is not signed in.
    who: str | None = None
    status: int = 200

    def __str__(self) -> str:
        return self.name


PLACES = [
    Place("sign-in", "/user/login/"),
    Place("sign-up", "{invite}"),
    Place("page-not-found", "/no-such-page", status=404),
    Place("link-not-valid", "/set-up?token=guessed", status=403),
    Place("refusals", "/docs/refusals"),
]
