//! The caller himself: who he is, and his legacy token.

use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::TestApp;

const TOKEN: &str = "/api/current-user/token";
const RESET: &str = "/api/current-user/reset-token";
const WHOAMI: &str = "/api/current-user/whoami";

#[tokio::test]
async fn refuses_a_stranger() {
    let t = TestApp::with_legacy().await;
    t.anonymous().get(TOKEN).await.refusal(401);
    t.anonymous().get(WHOAMI).await.refusal(401);
    t.anonymous().post(RESET, &json!({})).await.refusal(401);
}

#[tokio::test]
async fn refuses_to_make_a_legacy_token_while_they_are_off() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let before = client.get(TOKEN).await.expect(200).json();
    let answer = client.post(RESET, &json!({})).await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"
    {
      "detail": "Legacy tokens are switched off in this organization. An owner or admin can switch them on in its settings.",
      "code": "type_disabled"
    }
    "#);
    // It may be looked at, since it opens nothing.
    assert_eq!(client.get(TOKEN).await.json(), before);
    let text = before["token"].as_str().unwrap();
    let answer = t.token(text).get(WHOAMI).await;
    insta::assert_compact_json_snapshot!(answer.refusal(401), @r#"
    {
      "detail": "Authentication token no longer valid: legacy token authentication has been disabled for this organization",
      "code": "type_disabled"
    }
    "#);
}

#[tokio::test]
async fn refuses_the_old_legacy_token_once_it_is_reset() {
    let t = TestApp::with_legacy().await;
    let client = t.client(&t.owner).await;
    let old = client.get(TOKEN).await.json();
    let old = old["token"].as_str().unwrap();
    t.token(old).get(WHOAMI).await.expect(200);
    let new = client.post(RESET, &json!({})).await.expect(201).json();
    insta::assert_json_snapshot!(new, @r#"
    {
      "token": "41f09904d817019d82e51d61250412dddda1c36f"
    }
    "#);
    assert_eq!(client.get(TOKEN).await.json(), new);
    let answer = t.token(old).get(WHOAMI).await;
    insta::assert_compact_json_snapshot!(answer.refusal(401), @r#"{"detail": "Invalid token. This legacy token was revoked: make a new one.", "code": "revoked"}"#);
    let new = new["token"].as_str().unwrap();
    t.token(new).get(WHOAMI).await.expect(200);
}

#[tokio::test]
async fn a_legacy_token_may_reset_itself() {
    let t = TestApp::with_legacy().await;
    let text = t.text(&t.owner, TokenKind::Legacy).await;
    let client = t.token(&text);
    client.post(RESET, &json!({})).await.expect(201);
    client.post(RESET, &json!({})).await.expect(401);
}

#[tokio::test]
async fn says_who_one_is() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let mut me = client.get(WHOAMI).await.expect(200).json();
    let permissions = me.as_object_mut().unwrap().shift_remove("permissions");
    assert_eq!(permissions.unwrap().as_array().unwrap().len(), 44);
    insta::assert_json_snapshot!(me, @r#"
    {
      "id": 1,
      "first_name": "",
      "last_name": "",
      "username": "owner",
      "email": "owner@example.com",
      "last_activity": "2026-01-02T03:04:05.678000Z",
      "custom_hotkeys": {},
      "avatar": null,
      "initials": "ow",
      "phone": "",
      "active_organization": 1,
      "active_organization_meta": {
        "title": "Label Studio",
        "email": "owner@example.com"
      },
      "allow_newsletters": false,
      "date_joined": "2026-01-02T03:04:05.678000Z"
    }
    "#);
    let answer = client
        .get("/api/current-user/whoami/?include=id,email")
        .await;
    let short = json!({"id": 1, "email": "owner@example.com"});
    assert_eq!(answer.expect(200).json(), short);
}
