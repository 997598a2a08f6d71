//! Organizations.

use axum::http::Method;
use serde_json::json;

use crate::support::TestApp;

const FIRST: &str = "/api/organizations/1";

#[tokio::test]
async fn refuses_a_stranger() {
    let t = TestApp::new().await;
    let client = t.anonymous();
    client.get("/api/organizations").await.refusal(401);
    let title = json!({"title": "Mine"});
    client.post("/api/organizations", &title).await.refusal(401);
    client.get(FIRST).await.refusal(401);
    client.patch(FIRST, &title).await.refusal(401);
    client.json(Method::PUT, FIRST, &title).await.refusal(401);
}

#[tokio::test]
async fn refuses_a_member_a_change() {
    let t = TestApp::new().await;
    let client = t.client(&t.member().await).await;
    let title = json!({"title": "Mine"});
    client.patch(FIRST, &title).await.refusal(403);
    client.json(Method::PUT, FIRST, &title).await.refusal(403);
    let shown = client.get(FIRST).await.expect(200).json();
    assert_eq!(shown["title"], "Label Studio");
    assert_eq!(
        shown["token"],
        json!(null),
        "the invite secret is the admins'"
    );
}

#[tokio::test]
async fn refuses_another_organization() {
    let t = TestApp::new().await;
    let (organization, other) = t.other_organization().await;
    let client = t.client(&other).await;
    let title = json!({"title": "Mine"});
    let answer = client.get(FIRST).await;
    insta::assert_compact_json_snapshot!(answer.refusal(404), @r#"{"detail": "No Organization matches the given query."}"#);
    client.patch(FIRST, &title).await.refusal(404);
    client.json(Method::PUT, FIRST, &title).await.refusal(404);
    client.get("/api/organizations/999").await.refusal(404);
    let seen = client.get("/api/organizations").await.expect(200).json();
    assert_eq!(seen.as_array().unwrap().len(), 1);
    assert_eq!(seen[0]["id"], organization.id);
}

#[tokio::test]
async fn refuses_titles_that_are_not_right() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    for title in [
        json!(""),
        json!(" "),
        json!(null),
        json!([]),
        json!("t".repeat(1001)),
    ] {
        let body = json!({"title": title});
        let answer = client.patch(FIRST, &body).await.refusal(400);
        assert!(answer["validation_errors"]["title"].is_array(), "{title}");
    }
    let answer = client.json(Method::PUT, FIRST, &json!({})).await;
    insta::assert_compact_json_snapshot!(answer.refusal(400)["validation_errors"], @r#"{"title": ["This field is required."]}"#);
}

#[tokio::test]
async fn refuses_to_make_organizations() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let body = json!({"title": "Second"});
    let answer = client.post("/api/organizations", &body).await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"{"detail": "Creating organizations over the API is disabled on this instance"}"#);
}

#[tokio::test]
async fn shows_and_changes_it() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let shown = client.get("/api/organizations/1/").await.expect(200).json();
    insta::assert_json_snapshot!(shown, @r#"
    {
      "id": 1,
      "title": "Label Studio",
      "token": "YN0kfCaHRYHjDtfJ8Mx1SsdKHiPwB6H7Go3ItLqo",
      "created_at": "2026-01-02T03:04:05.678000Z",
      "updated_at": "2026-01-02T03:04:05.678000Z",
      "contact_info": null,
      "created_by": 1,
      "users": [
        1
      ]
    }
    "#);
    let listed = client.get("/api/organizations/").await.expect(200).json();
    insta::assert_json_snapshot!(listed, @r#"
    [
      {
        "id": 1,
        "title": "Label Studio",
        "contact_info": null,
        "created_at": "2026-01-02T03:04:05.678000Z"
      }
    ]
    "#);

    t.advance(60);
    let member = t.member().await;
    let body = json!({"title": " Ours "});
    let changed = client.patch(FIRST, &body).await.expect(200).json();
    let mut expected = shown.clone();
    expected["title"] = "Ours".into();
    expected["updated_at"] = "2026-01-02T03:05:05.678000Z".into();
    expected["users"] = json!([1, member.id]);
    assert_eq!(changed, expected);
    let put = client.json(Method::PUT, FIRST, &body).await.expect(200);
    assert_eq!(put.json(), changed);
    // Nothing to change is no error.
    let same = client.patch(FIRST, &json!({"other": 1})).await.expect(200);
    assert_eq!(same.json(), changed);
}
