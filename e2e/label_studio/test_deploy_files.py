"""The files in docs/deploy as they stand: the same bytes, in front of each other at the addresses that they name.

That takes the ports 80, 443, 8080 and 8081, so ./ci runs this file in a network of its own.
"""

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from keybearer import ROOT, Server, binary, environment
from studio import OWNER, OWNER_PASSWORD, Studio

FILES = ROOT / "docs" / "deploy"
NAME = "label.example.com"
READY_WITHIN_SECONDS = 60
# What a certificate's authority would do for the real name, Caddy does by itself here.
CADDY_OPTIONS = "{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off\n}\n"


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
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Keybearer by its file, in front of a Label Studio."""
    for port in (80, 443, 8080, 8081):
        with closing(socket.socket()) as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError as error:
                pytest.fail(f"port {port}: {error.strerror}; ./ci label_studio gives these tests a network of their own")
    directory = tmp_path_factory.mktemp("deployed")
    studio = Studio(directory, port=8081, CSRF_TRUSTED_ORIGINS=f"https://{NAME}")
    server = Server(directory / "keybearer", port=8080)
    server.directory.mkdir()
    # As systemd hands it over.
    key = ["--upstream-secret-key-file", str(studio.data / ".env")]
    try:
        studio.start()
        server.start("--config", str(FILES / "keybearer.toml"), *key)
        server.cli("user", "add", "--email", OWNER, "--role", "owner")
        yield server
    finally:
        server.stop()
        studio.stop()


@pytest.fixture(params=["nginx", "caddy"])
def proxied(request, behind_a_proxy: Server, tmp_path: Path) -> Iterator[Callable[[], httpx.Client]]:
    """Makes clients of https://label.example.com, which a real proxy serves by its file."""
    command = (nginx if request.param == "nginx" else caddy)(tmp_path)
    with ExitStack() as cleanup:
        cleanup.enter_context(running(command, tmp_path / "log", XDG_DATA_HOME=str(tmp_path), HOME=str(tmp_path)))

        def client() -> httpx.Client:
            trusting = ssl.create_default_context()
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            made = httpx.Client(base_url=f"https://{NAME}", transport=Here(verify=trusting), timeout=60)
            return cleanup.enter_context(made)

        _wait_for(client, tmp_path / "log")
        yield client


class Here(httpx.HTTPTransport):
    """Finds every name on this machine."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Another request, so that the client keeps the cookies of the name that it has asked.
        url = request.url.copy_with(host="127.0.0.1")
        extensions = request.extensions | {"sni_hostname": NAME}
        return super().handle_request(httpx.Request(request.method, url, headers=request.headers,
                                                    stream=request.stream, extensions=extensions))


def nginx(folder: Path) -> list[str]:
    """What /etc/nginx is on a real machine: the main file, which includes ours, and the certificate."""
    (folder / "ssl").mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
                    "-keyout", folder / "ssl" / f"{NAME}.key", "-out", folder / "ssl" / f"{NAME}.pem"],
                   check=True, capture_output=True)
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(f"daemon off;\nuser root;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
                                       f"http {{\naccess_log off;\n{places}include {FILES / 'nginx.conf'};\n}}\n")
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path) -> list[str]:
    (folder / "Caddyfile").write_text(f"{CADDY_OPTIONS}import {FILES / 'Caddyfile'}\n")
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


def test_http_is_sent_to_https(proxied):
    answer = httpx.get("http://127.0.0.1/projects/?page=2", headers={"Host": NAME})
    assert answer.is_redirect and answer.headers["location"] == f"https://{NAME}/projects/?page=2"


def test_the_service_is_one_that_systemd_takes(tmp_path):
    # The system's own units, ours, and the program where it says that it is.
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    units, programs = tmp_path / "etc/systemd/system", tmp_path / "usr/local/bin"
    units.mkdir(parents=True)
    programs.mkdir(parents=True)
    shutil.copy(FILES / "keybearer.service", units)
    shutil.copy(binary(), programs / "keybearer")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", "keybearer.service"],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    named = re.findall(r"--config (\S+)", (FILES / "keybearer.service").read_text())
    assert named == ["/etc/keybearer/keybearer.toml"]
