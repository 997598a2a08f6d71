"""A small ML backend, as its authors write them: it fetches each task's file from Label Studio with the SDK's helper
and says how large it is.

LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY are all that it is told. It prints its port, and serves until it is ended.
"""

import json
import os
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from label_studio_sdk._extensions.label_studio_tools.core.utils.io import get_local_path


def predict(task: dict, folder: str) -> dict:
    path = get_local_path(task["data"]["image"], cache_dir=folder, task_id=task["id"])
    size = f"{os.path.getsize(path)} bytes"
    return {"result": [{"from_name": "size", "to_name": "image", "type": "choices", "value": {"choices": [size]}}],
            "score": 0.5, "model_version": "sizes"}


class Backend(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer({"status": "UP", "model_class": "Sizes", "versions": ["sizes"]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path.rstrip("/").endswith("predict"):
            with tempfile.TemporaryDirectory() as folder:
                self._answer({"results": [predict(task, folder) for task in asked["tasks"]]})
        else:
            self._answer({"model_version": "sizes"})

    def _answer(self, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
print(server.server_port, flush=True)
server.serve_forever()
