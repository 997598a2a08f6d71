"""An installation that has been in use for a while, the same in every run: what the pages look like with people and
tokens on them."""

from pathlib import Path

from accounts import OWNER, Account, new_account
from keybearer import Server
from places import Place
from visitors import Visitor


class Scene:
    def __init__(self, directory: Path):
        self.server = Server(directory).start("--enable-legacy-tokens")
        self.owner = OWNER
        self.member = new_account(self.server, name="grace")
        with self.server.http(Authorization=f"Token {self.server.cli('token', 'create', '--email', OWNER.email)}") as http:
            self.invite = http.get("/api/invite").json()["invite_url"]

    def stop(self) -> None:
        self.server.stop()

    def show(self, visitor: Visitor, place: Place) -> None:
        """Brings a visitor who has done nothing yet to the place."""
        if place.who:
            visitor.sign_in(getattr(self, place.who))
        visitor.go(place.path.format(invite=self.invite), status=place.status)
