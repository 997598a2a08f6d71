"""The files in docs/deploy: nginx, Caddy and systemd as they stand, but for what everybody has to change in them: ports,
names of files, and Caddy's certificate, which no test can fetch.
"""

import os
import re
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from keybearer import ROOT, Server, environment, free_port
from studio import OWNER, OWNER_PASSWORD

FILES = ROOT / "docs" / "deploy"
NAME = "label.example.com"
READY_WITHIN_SECONDS = 30


def changed(name: str, changes: dict[str, str]) -> str:
    text = (FILES / name).read_text()
    for old, new in changes.items():
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, new)
    return text


@contextmanager
def running(command: list[str], log: Path, **variables: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   env=environment(**variables), cwd=log.parent)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def behind_a_proxy(studio, tmp_path_factory) -> Iterator[Server]:
    """A second Keybearer, with the settings file of docs/deploy."""
    directory = tmp_path_factory.mktemp("deployed")
    server = Server(directory)
    settings = changed("keybearer.toml", {"127.0.0.1:8080": f"127.0.0.1:{server.port}",
                                          "/var/lib/keybearer": str(server.data), "http://127.0.0.1:8081": studio.url})
    (directory / "keybearer.toml").write_text(settings)
    # As systemd hands it over.
    key = ["--upstream-secret-key-file", str(directory / "key")]
    (directory / "key").write_text(studio.secret_key())
    try:
        server.start("--config", str(directory / "keybearer.toml"), *key)
        server.cli("user", "add", "--email", OWNER, "--role", "owner")
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["nginx", "caddy"])
def proxied(request, behind_a_proxy: Server) -> Iterator[Callable[[], httpx.Client]]:
    """Makes clients of https://label.example.com, which a real proxy serves by the file as it is shipped."""
    # nginx's own user has to get in.
    folder = Path(tempfile.mkdtemp(prefix="keybearer-proxy-"))
    folder.chmod(0o755)
    port = free_port()
    with ExitStack() as cleanup:
        if request.param == "nginx":
            command = nginx(folder, port, behind_a_proxy.port)
        else:
            command = caddy(folder, port, behind_a_proxy.port)
        cleanup.enter_context(running(command, folder / "log", XDG_DATA_HOME=str(folder), HOME=str(folder)))

        def client() -> httpx.Client:
            trusting = ssl.create_default_context()
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            made = httpx.Client(base_url=f"https://{NAME}", transport=ToPort(port, trusting), timeout=60)
            return cleanup.enter_context(made)

        _wait_for(client, folder / "log")
        yield client


class ToPort(httpx.HTTPTransport):
    """Goes to a port of this machine, whatever the name and the port in the address."""

    def __init__(self, port: int, trusting: ssl.SSLContext):
        super().__init__(verify=trusting)
        self.port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Another request, so that the client keeps the cookies of the name that it has asked.
        url = request.url.copy_with(host="127.0.0.1", port=self.port)
        extensions = request.extensions | {"sni_hostname": NAME}
        return super().handle_request(httpx.Request(request.method, url, headers=request.headers,
                                                    stream=request.stream, extensions=extensions))


def nginx(folder: Path, port: int, keybearer: int) -> list[str]:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    text = changed("nginx.conf", {"listen 80;": f"listen 127.0.0.1:{free_port()};",
                                  "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
                                  f"/etc/ssl/{NAME}.pem": str(folder / "cert.pem"),
                                  f"/etc/ssl/{NAME}.key": str(folder / "key.pem"),
                                  "127.0.0.1:8080": f"127.0.0.1:{keybearer}"})
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(f"daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
                                       f"http {{\naccess_log off;\n"
                                       + "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                                                 ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
                                       + f"include {folder}/site.conf;\n}}\n")
    program = "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
    return [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, keybearer: int) -> list[str]:
    options = f"{{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off\n\thttp_port {free_port()}\n\thttps_port {port}\n}}\n"
    (folder / "Caddyfile").write_text(options + changed("Caddyfile", {"127.0.0.1:8080": f"127.0.0.1:{keybearer}"}))
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def _wait_for(client: Callable[[], httpx.Client], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            if client().get("/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
    raise AssertionError(f"the proxy was not up within {READY_WITHIN_SECONDS} s:\n{log.read_text()}")


def test_the_sdk_works_and_the_clients_address_is_known(proxied, behind_a_proxy, kind):
    if kind == "legacy":
        behind_a_proxy.cli("org", "set", "--legacy-api-tokens-enabled", "true")
    token = behind_a_proxy.cli("token", "create", "--email", OWNER, "--kind", kind)
    client = proxied()
    answer = client.get("/api/current-user/whoami", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["email"] == OWNER
    # The proxy is trusted, so a token that is bound to another address is refused.
    bound = client.post("/api/v1/tokens", json={"kind": "key", "name": "far away", "ip_ranges": ["192.0.2.0/24"]},
                        headers={"Authorization": f"Bearer {token}"})
    assert bound.status_code == 201, bound.text
    refused = client.get("/api/current-user/whoami", headers={"Authorization": f"Bearer {bound.json()['secret']}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "ip_not_allowed")


def test_people_sign_in_and_make_tokens(proxied):
    client = proxied()
    client.get("/user/login/").raise_for_status()
    form = {"email": OWNER, "password": OWNER_PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    origin = {"Origin": f"https://{NAME}", "Referer": f"https://{NAME}/user/login/"}
    answer = client.post("/user/login/", data=form, headers=origin)
    assert answer.status_code == 302, answer.text[:300]
    made = client.post("/api/token/", json={}, headers=origin | {"Sec-Fetch-Site": "same-origin"})
    assert made.status_code == 201, made.text
    assert client.post("/api/token/", json={}, headers={"Origin": "https://evil.example.com"}).status_code == 403


def test_a_large_file_is_uploaded(proxied, behind_a_proxy):
    token = behind_a_proxy.cli("token", "create", "--email", OWNER, "--kind", "key")
    client = proxied()
    client.headers["Authorization"] = f"Bearer {token}"
    project = client.post("/api/projects/", json={"title": "Large files"}).json()["id"]
    # nginx by itself takes a megabyte.
    large = {"file": ("large.png", b"x" * (8 << 20), "image/png")}
    answer = client.post(f"/api/projects/{project}/import", files=large)
    assert answer.status_code == 201, answer.text[:300]
    task = client.get("/api/tasks", params={"project": project}).json()["tasks"][0]
    [address] = task["data"].values()
    assert client.get(address).content == b"x" * (8 << 20)
    assert client.delete(f"/api/projects/{project}").status_code == 204


def test_the_service_is_one_that_systemd_takes(tmp_path):
    text = changed("keybearer.service", {"/usr/local/bin/keybearer": "/bin/true"})
    (tmp_path / "keybearer.service").write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(tmp_path / "keybearer.service")],
                          capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if "keybearer.service" in line]
    assert not complaints, complaints
    named = re.findall(r"--config (\S+)", (FILES / "keybearer.service").read_text())
    assert named == ["/etc/keybearer/keybearer.toml"]
