"""The stock SDK works on the real Label Studio through the gateway, with every kind of token."""

import httpx
import pytest
from label_studio_sdk import LabelStudio as Sdk
from label_studio_sdk.core.api_error import ApiError

from studio import OWNER

GOOD = [{"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["good"]}}]


def test_a_project_from_its_making_to_its_export(sdk, kind):
    made = sdk.projects.create(title=f"By a {kind} token", label_config=(
        '<View><Text name="text" value="$text"/><Choices name="mood" toName="text"><Choice value="good"/></Choices></View>'
    ))
    assert sdk.projects.import_tasks(id=made.id, request=[{"text": "one"}, {"text": "two"}]).task_count == 2
    tasks = list(sdk.tasks.list(project=made.id))
    assert {task.data["text"] for task in tasks} == {"one", "two"}
    annotation = sdk.annotations.create(id=tasks[0].id, result=GOOD)
    # Label Studio itself says who it was.
    assert annotation.completed_by == sdk.users.whoami().id
    exported = {task["id"]: task for task in sdk.projects.exports.as_json(made.id)}
    assert exported[tasks[0].id]["annotations"][0]["result"][0]["value"] == {"choices": ["good"]}
    sdk.projects.delete(id=made.id)


def test_a_read_only_key_token_reads_and_hears_why_it_may_not_write(gateway, new_token, project):
    reader = Sdk(base_url=gateway.url, api_key=new_token("key", "--scope", "read"))
    assert reader.users.whoami().email == OWNER
    task = next(iter(reader.tasks.list(project=project)))
    assert b"".join(reader.projects.exports.download_sync(project, export_type="JSON")).startswith(b"[")
    for write in (
        lambda: reader.projects.create(title="Not by this one"),
        lambda: reader.annotations.create(id=task.id, result=GOOD),
        lambda: reader.projects.delete(id=project),
    ):
        with pytest.raises(ApiError) as refused:
            write()
        assert refused.value.status_code == 403
        assert refused.value.body["code"] == "scope_missing"
        assert "`write`" in refused.value.body["detail"]
    assert reader.projects.get(id=project).id == project


def test_a_token_for_one_project_alone(gateway, new_token, project):
    token = new_token("key", "--scope", f"GET /api/projects/{project}", "--scope", f"GET /api/projects/{project}/*")
    only = Sdk(base_url=gateway.url, api_key=token)
    assert only.projects.get(id=project).id == project
    for other in (lambda: only.users.whoami(), lambda: list(only.projects.list())):
        with pytest.raises(ApiError) as refused:
            other()
        assert refused.value.status_code == 403


def test_revocation_is_felt_by_the_next_request(gateway, new_token, project):
    token = new_token("key")
    client = Sdk(base_url=gateway.url, api_key=token)
    assert client.projects.get(id=project).id == project
    with gateway.http(Authorization=f"Bearer {token}") as holder:
        mine = holder.get("/api/v1/tokens").json()["items"]
        newest = max(mine, key=lambda one: one["created_at"])
        assert holder.delete(f"/api/v1/tokens/{newest['id']}").status_code == 204
    with pytest.raises(ApiError) as refused:
        client.projects.get(id=project)
    assert (refused.value.status_code, refused.value.body["code"]) == (401, "revoked")


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "X-API-Key"])
def test_each_kind_works_unexchanged_in_each_header(gateway, new_token, kind, scheme):
    token = new_token(kind)
    headers = {"X-API-Key": token} if scheme == "X-API-Key" else {"Authorization": f"{scheme} {token}"}
    answer = httpx.get(f"{gateway.url}/api/current-user/whoami", headers=headers)
    assert (answer.status_code, answer.json().get("email")) == (200, OWNER)


def test_who_has_another_id_over_there_is_found_by_the_address(gateway, studio, sdk, kind, new_token):
    if kind != "key":
        # Here there is one user more, so that the ids of the next one differ.
        gateway.cli("user", "add", "--email", f"only-here-{kind}@example.com", "--role", "member")
    email = f"member-{kind}@example.com"
    # Without an organization Label Studio answers such a user 500.
    theirs = sdk.users.create(email=email, username="m", first_name="M", last_name="M", active_organization=1)
    gateway.cli("user", "add", "--email", email, "--role", "member")
    member = Sdk(base_url=gateway.url, api_key=new_token(kind, email=email))
    assert (member.users.whoami().id, member.users.whoami().email) == (theirs.id, email)

    studio.set_active(email, False)
    with pytest.raises(ApiError) as refused:
        member.users.whoami()
    assert refused.value.status_code == 403
    assert "deactivated" in refused.value.body["detail"]
    studio.set_active(email, True)
    assert member.users.whoami().email == email


def test_whom_only_keybearer_knows_is_told_so(gateway, new_token):
    email = "nobody-there@example.com"
    gateway.cli("user", "add", "--email", email, "--role", "member")
    refused = httpx.get(f"{gateway.url}/api/projects/",
                        headers={"Authorization": f"Bearer {new_token('key', email=email)}"})
    assert refused.status_code == 403
    assert email in refused.json()["detail"]


def test_label_studios_own_tokens_are_refused(gateway, studio, session):
    """What Label Studio signs for itself would go past every rule of Keybearer's."""
    with httpx.Client(base_url=studio.url, cookies={"sessionid": session.cookies["sessionid"]}) as direct:
        pat = direct.post("/api/token/").json()["token"]
        access = direct.post("/api/token/refresh/", json={"refresh": pat}).json()["access"]
        assert direct.get("/api/current-user/whoami", headers={"Authorization": f"Bearer {access}"}).status_code == 200
    for token in (pat, access):
        refused = httpx.get(f"{gateway.url}/api/current-user/whoami", headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 401, refused.text
    assert httpx.post(f"{gateway.url}/api/token/refresh/", json={"refresh": pat}).status_code == 401
