//! The organization's Access Token Settings.

use keybearer_verify::TokenKind;
use serde_json::{Value, json};

use crate::support::{TestApp, forge};

const PATH: &str = "/api/jwt/settings";

#[tokio::test]
async fn refuses_strangers_and_members() {
    let t = TestApp::new().await;
    let off = json!({"api_tokens_enabled": false, "force": true});
    t.anonymous().get(PATH).await.expect(401);
    t.anonymous().post(PATH, &off).await.expect(401);
    let member = t.client(&t.member().await).await;
    member.get(PATH).await.expect(403);
    let answer = member.post(PATH, &off).await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"{"detail": "You do not have permission to perform this action. It takes the role admin or owner; yours is member."}"#);
    let owner = t.client(&t.owner).await;
    assert_eq!(owner.get(PATH).await.json()["api_tokens_enabled"], true);
}

#[tokio::test]
async fn refuses_values_that_are_not_right() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let before = owner.get(PATH).await.json();
    let body = json!({"api_tokens_enabled": "perhaps", "legacy_api_tokens_enabled": null, "api_token_ttl_days": 1.5});
    let answer = owner.post(PATH, &body).await;
    insta::assert_json_snapshot!(answer.refusal(400), @r#"
    {
      "detail": "Validation error",
      "validation_errors": {
        "api_tokens_enabled": [
          "Must be a valid boolean."
        ],
        "legacy_api_tokens_enabled": [
          "This field may not be null."
        ],
        "api_token_ttl_days": [
          "A valid integer is required."
        ]
      }
    }
    "#);
    for days in [0, -1, 73_001, i64::MAX] {
        let answer = owner.post(PATH, &json!({"api_token_ttl_days": days})).await;
        let why = &answer.refusal(400)["validation_errors"]["api_token_ttl_days"][0];
        assert_eq!(why, "A lifetime is between 1 and 73000 days.", "{days}");
    }
    // One wrong field, and none is changed.
    let body = json!({"legacy_api_tokens_enabled": true, "api_token_ttl_days": 0});
    owner.post(PATH, &body).await.expect(400);
    assert_eq!(owner.get(PATH).await.json(), before);
}

#[tokio::test]
async fn refuses_to_lock_everybody_out_unless_forced() {
    let t = TestApp::new().await;
    let owner = t.token(&t.text(&t.owner, TokenKind::Key).await);
    let off = json!({"api_tokens_enabled": false});
    let answer = owner.post(PATH, &off).await;
    insta::assert_json_snapshot!(answer.refusal(400), @r#"
    {
      "detail": "Validation error",
      "validation_errors": {
        "non_field_errors": [
          "This would switch off personal access tokens and legacy tokens both, and lock every Label Studio client out, yours too. Leave one on, or say \"force\": true."
        ]
      }
    }
    "#);
    let forced = json!({"api_tokens_enabled": false, "force": true});
    owner.post(PATH, &forced).await.expect(200);
    // Now that both are off, switching the second off again locks nobody out any more, but says so.
    let off = json!({"legacy_api_tokens_enabled": false});
    owner.post(PATH, &off).await.expect(400);
    let ttl = json!({"api_token_ttl_days": 5});
    owner.post(PATH, &ttl).await.expect(200);
}

#[tokio::test]
async fn refuses_the_settings_of_another_organization() {
    let t = TestApp::new().await;
    let (_, other) = t.other_organization().await;
    let client = t.client(&other).await;
    let body = json!({"api_token_ttl_days": 3});
    client.post(PATH, &body).await.expect(200);
    // It was the other's own that changed.
    let owner = t.client(&t.owner).await;
    assert_eq!(owner.get(PATH).await.json()["api_token_ttl_days"], 73_000);
    assert_eq!(client.get(PATH).await.json()["api_token_ttl_days"], 3);
}

#[tokio::test]
async fn owner_and_admin_see_and_change_them() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let admin = t.client(&t.admin().await).await;
    let shown = owner.get("/api/jwt/settings/").await.expect(200);
    insta::assert_json_snapshot!(shown.json(), @r#"
    {
      "api_tokens_enabled": true,
      "legacy_api_tokens_enabled": false,
      "api_token_ttl_days": 73000
    }
    "#);
    let body = json!({"api_tokens_enabled": true, "legacy_api_tokens_enabled": true, "api_token_ttl_days": 30});
    let changed = admin.post(PATH, &body).await.expect(200).json();
    assert_eq!(changed, body);
    assert_eq!(owner.get(PATH).await.json(), body);
}

#[tokio::test]
async fn an_absent_field_stays_as_it_is_in_a_form_too() {
    let t = TestApp::with_legacy().await;
    let owner = t.client(&t.owner).await;
    let fields = [("api_token_ttl_days", "12")];
    let answer = owner.form(PATH, &fields).await.expect(200).json();
    let expected = json!({"api_tokens_enabled": true, "legacy_api_tokens_enabled": true, "api_token_ttl_days": 12});
    assert_eq!(answer, expected);
    assert_eq!(
        owner.post(PATH, &json!({})).await.expect(200).json(),
        expected
    );
}

#[tokio::test]
async fn the_lifetime_holds_for_tokens_made_and_rotated_from_now_on() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let before = t.personal(&t.owner).await;
    let body = json!({"api_token_ttl_days": 7});
    owner.post(PATH, &body).await.expect(200);
    let lifetime =
        |claims: Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    let made = owner.post("/api/token", &json!({})).await.json();
    assert_eq!(
        lifetime(forge::claims(made["token"].as_str().unwrap())),
        7 * 86_400
    );
    assert_eq!(made["expires_at"], "2026-01-09T03:04:05Z");
    let body = json!({"refresh": before});
    let rotated = owner.post("/api/token/rotate", &body).await.json();
    let rotated = forge::claims(rotated["refresh"].as_str().unwrap());
    assert_eq!(lifetime(rotated), 7 * 86_400);
}
