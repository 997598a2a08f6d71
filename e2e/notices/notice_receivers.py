"""A mail server, a webhook and something that is neither, each told by the test how to behave."""

import email
import email.policy
import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

PATIENCE_SECONDS = 30


def wait_until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.05)


class MailServer:
    """aiosmtpd on a port of its own. `say` maps a mail to the server's answer to it."""

    def __init__(self, port: int, say: Callable[[EmailMessage], str] | None = None, login: tuple[str, str] | None = None):
        self.accepted: list[EmailMessage] = []
        self.seen: list[EmailMessage] = []
        self.logins: list[tuple[str, str]] = []
        self.say = say or (lambda mail: "250 taken")
        self.login = login
        self.port = port
        options = {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False} if login else {}
        self._controller = Controller(self, hostname="127.0.0.1", port=port, **options)

    def __enter__(self) -> "MailServer":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _authenticate(self, server, session, envelope, mechanism, data: LoginPassword) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.logins[-1] == self.login)

    async def handle_DATA(self, server, session, envelope) -> str:
        import asyncio
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.seen.append(mail)
        # In a thread: the test's answer may take its time, and other connections go on.
        answer = await asyncio.get_running_loop().run_in_executor(None, self.say, mail)
        if answer.startswith("250"):
            self.accepted.append(mail)
        return answer


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Hook:
    """A webhook on a port of its own. `say` maps a post to a status, or to None for a hang-up."""

    port: int
    say: Callable[[Post], int | None] = lambda post: 200
    posts: list[Post] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/notices"

    def __enter__(self) -> "Hook":
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                post = Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                hook.posts.append(post)
                status = hook.say(post)
                try:
                    if status is None:
                        self.close_connection = True
                        return
                    self.send_response(status)
                    self.send_header("Location", f"{hook.url}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    # The server was killed or waited no longer.
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def garbage(port: int):
    """Answers whatever connects with bytes that are no protocol's. Gives the list of connections."""
    listener = socket.create_server(("127.0.0.1", port))
    connections: list[object] = []

    def serve() -> None:
        while True:
            try:
                connection, address = listener.accept()
            except OSError:
                return
            connections.append(address)
            with connection:
                try:
                    connection.sendall(b"\x00\xff\x16 you are wrong here\r\n\r\n" * 20)
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
