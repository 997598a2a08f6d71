"""Files of tasks: uploaded in full, fetched in parts, and fetched by ML backends with any kind of token.

This is where Label Studio's users are told 401 most: label-studio#7519 and #9545, label-studio-ml-backend#749, #773 and
#810, label-studio-sdk#475.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from label_studio_sdk import LabelStudio as Sdk
from label_studio_sdk._extensions.label_studio_tools.core.utils.io import get_local_path

from keybearer import environment

# One pixel, and enough after it to be read in parts.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
) + b"\0" * 4000
# What says how long a file is, and which part of it comes.
LENGTHS = ("content-length", "content-range", "accept-ranges", "content-type", "content-encoding")
LABELS = """<View><Image name="image" value="$image"/>
<Choices name="size" toName="image"><Choice value="4067 bytes"/></Choices></View>"""


@pytest.fixture
def owner(gateway, new_token) -> Sdk:
    return Sdk(base_url=gateway.url, api_key=new_token("key"))


@pytest.fixture
def pictures(gateway, owner, new_token) -> Iterator[int]:
    """A project with one uploaded picture as its task."""
    made = owner.projects.create(title="Pictures", label_config=LABELS)
    answer = httpx.post(f"{gateway.url}/api/projects/{made.id}/import", files={"file": ("one.png", PICTURE, "image/png")},
                        headers={"Authorization": f"Token {new_token('key')}"}, timeout=60)
    assert answer.status_code == 201, answer.text
    yield made.id
    owner.projects.delete(id=made.id)


def test_the_sdks_helper_fetches_an_uploaded_file(gateway, owner, pictures, new_token, kind, tmp_path):
    task = next(iter(owner.tasks.list(project=pictures)))
    path = get_local_path(task.data["image"], hostname=gateway.url, access_token=new_token(kind), cache_dir=str(tmp_path),
                          task_id=task.id)
    assert Path(path).read_bytes() == PICTURE


def test_a_read_only_token_is_enough_for_it_and_a_revoked_one_is_not(gateway, owner, pictures, new_token, tmp_path):
    task = next(iter(owner.tasks.list(project=pictures)))
    token = new_token("key", "--scope", "read")

    def fetch(folder: str) -> str:
        (tmp_path / folder).mkdir()
        return get_local_path(task.data["image"], hostname=gateway.url, access_token=token, task_id=task.id,
                              cache_dir=str(tmp_path / folder))

    assert Path(fetch("before")).read_bytes() == PICTURE
    with gateway.http() as client:
        me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    gateway.cli("token", "revoke", me["token_id"])
    with pytest.raises(Exception, match="401"):
        fetch("after")


# Label Studio sends the whole file for a part that it does not have, and no length with a whole one.
PARTS = {None: (200, PICTURE), "bytes=8-15": (206, PICTURE[8:16]), "bytes=4000-": (206, PICTURE[4000:]),
         "bytes=-16": (206, PICTURE[-16:]), "bytes=9000-": (200, PICTURE)}


@pytest.mark.parametrize("part", PARTS)
def test_a_file_and_its_parts_come_as_label_studio_sends_them(gateway, studio, owner, pictures, new_token, part):
    task = next(iter(owner.tasks.list(project=pictures)))
    asked = {"Range": part} if part else {}
    status, content = PARTS[part]
    with closing(studio.browser()) as theirs, closing(httpx.Client(base_url=gateway.url, timeout=60)) as ours:
        ours.headers["Authorization"] = f"Bearer {new_token('key')}"
        for method in ("GET", "HEAD"):
            answers = [client.request(method, task.data["image"], headers=asked) for client in (theirs, ours)]
            direct, through = [{name: answer.headers.get(name) for name in LENGTHS} for answer in answers]
            assert (through, answers[1].status_code) == (direct, answers[0].status_code), method
            assert answers[1].status_code == status
            assert answers[1].content == answers[0].content == (content if method == "GET" else b"")
            assert status == 200 or through["content-length"] == str(len(content))


@pytest.fixture
def backend(gateway, new_token, kind) -> Iterator[str]:
    """The address of an ML backend that was given a token of that kind."""
    script = Path(__file__).parent / "ml_backend.py"
    told = environment(LABEL_STUDIO_URL=gateway.url, LABEL_STUDIO_API_KEY=new_token(kind))
    process = subprocess.Popen([sys.executable, str(script)], env=told, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_an_ml_backend_predicts(gateway, owner, pictures, backend, new_token):
    owner.ml.create(project=pictures, url=backend, title="Sizes")
    asked = httpx.post(f"{gateway.url}/api/dm/actions", params={"id": "retrieve_tasks_predictions", "project": pictures},
                       json={"selectedItems": {"all": True, "excluded": []}}, timeout=60,
                       headers={"Authorization": f"Bearer {new_token('key')}"})
    assert asked.status_code == 200, asked.text
    predictions = [one for task in owner.tasks.list(project=pictures, fields="all") for one in task.predictions]
    assert [one["result"][0]["value"]["choices"] for one in map(_plain, predictions)] == [[f"{len(PICTURE)} bytes"]]


def _plain(prediction: object) -> dict:
    return prediction if isinstance(prediction, dict) else prediction.model_dump()
