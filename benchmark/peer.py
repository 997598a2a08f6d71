"""Label Studio from PyPI behind a production WSGI server, on SQLite: what users of it have today."""

import subprocess
import sys
from pathlib import Path

import running
from drive import Request, Work

VERSION = "1.23.2"
WORKERS = 4
VENV = running.ROOT / ".venv-label-studio-bench"


def start(stack, folder: Path) -> running.Program:
    python = VENV / "bin" / "python"
    # pip makes the programs last: without them it was stopped in the middle.
    if not (VENV / "bin" / "label-studio").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        f"label-studio=={VERSION}", "gunicorn"], check=True)
    data = folder / "label-studio"
    data.mkdir()
    environment = {
        "PATH": f"{VENV / 'bin'}:/usr/bin:/bin", "HOME": str(data), "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "DJANGO_DB": "sqlite", "DJANGO_SETTINGS_MODULE": "label_studio.core.settings.label_studio", "LATEST_VERSION_CHECK": "0",
        "COLLECT_ANALYTICS": "0", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": "", "DEBUG": "0",
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "1",
    }
    setup = ["label-studio", "init", "bench", "--data-dir", str(data), "--username", running.OWNER, "--password",
             running.PASSWORD, "--user-token", running.LEGACY, "--enable-legacy-api-token", "--no-browser"]
    subprocess.run([str(VENV / "bin" / setup[0]), *setup[1:]], env=environment, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=300)
    port = running.free_port()
    site = next((VENV / "lib").glob("python*")) / "site-packages" / "label_studio"
    server = running.Program(
        ["env", *[f"{name}={value}" for name, value in environment.items()], str(VENV / "bin" / "gunicorn"),
         "label_studio.core.wsgi:application", "--chdir", str(site), "--pythonpath", str(site.parent), "-w", str(WORKERS),
         "-b", f"127.0.0.1:{port}"], port, "/health", folder, within=120)
    stack.callback(server.stop)
    return server


def works(server) -> list[Work]:
    """What is asked of it; its owner has one personal token afterwards."""
    status, made = server.ask("POST", "/api/token/", f"Token {running.LEGACY}", {})
    if status != 201:
        running.fail(f"Label Studio makes no token: {status} {made}")
    personal = made["token"]

    def is_owner(answer):
        return isinstance(answer, dict) and answer.get("email") == running.OWNER

    whoami = "/api/current-user/whoami"

    def bearers():
        access = server.ask("POST", "/api/token/refresh/", body={"refresh": personal})[1]["access"]
        return [Request("GET", whoami, f"Bearer {access}")]

    return [
        Work("Label Studio: exchange", server,
             [Request("POST", "/api/token/refresh/", body=f'{{"refresh":"{personal}"}}')], lambda answer: "access" in answer,
             "echo"),
        Work("Label Studio: whoami, access token", server, bearers(), is_owner, "hello", renew=bearers),
        Work("Label Studio: whoami, legacy token", server, [Request("GET", whoami, f"Token {running.LEGACY}")], is_owner,
             "hello"),
    ]
