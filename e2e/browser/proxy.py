"""A reverse proxy that has Keybearer below a path of its host, and tells of everything that is asked for elsewhere."""

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from keybearer import free_port

# Between two neighbours, not from end to end (RFC 9110, 7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}


class Proxy:
    """Listens at `http://127.0.0.1:PORT` and hands what is below `prefix` on. `strips` takes the prefix away on the way,
    as nginx does when proxy_pass ends in a slash."""

    def __init__(self, prefix: str, upstream_port: int, *, strips: bool):
        self.prefix = prefix
        self.upstream_port = upstream_port
        self.strips = strips
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{prefix}"
        # Paths that were asked for and are not ours.
        self.strays: list[str] = []

    def __enter__(self) -> "Proxy":
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.startswith(f"{self.proxy.prefix}/"):
            self.proxy.strays.append(self.path)
            return self._answer(404, [], b"not below the prefix")
        path = self.path.removeprefix(self.proxy.prefix) if self.proxy.strips else self.path
        upstream = HTTPConnection("127.0.0.1", self.proxy.upstream_port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        upstream.request(self.command, path, body, headers | {"X-Forwarded-For": "192.0.2.1"})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self._answer(answer.status, answer.getheaders(), content)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_HEAD = _pass_on

    def log_message(self, *_) -> None:
        pass
