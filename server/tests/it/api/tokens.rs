//! Personal access tokens: list, make, exchange, rotate, revoke.

use keybearer::domain::policy::PolicyChange;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::{TestApp, forge};

/// This one has no other key, as in Label Studio.
const MISSING: &str = r#"{"detail":"Token is invalid or already blacklisted."}"#;

#[tokio::test]
async fn refuses_a_stranger() {
    let t = TestApp::new().await;
    for path in ["/api/token", "/api/token/"] {
        let answer = t.anonymous().get(path).await.expect(401);
        assert_eq!(
            answer.header_lines("www-authenticate"),
            ["Token", "Bearer realm=\"api\""]
        );
    }
    let answer = t.anonymous().post("/api/token", &json!({})).await;
    insta::assert_json_snapshot!(answer.expect(401).json(), @r#"
    {
      "id": "1dfdaed9-5a45-4c73-8f04-b3d4be3d9578",
      "status_code": 401,
      "version": "1.23.2",
      "detail": "Authentication credentials were not provided.",
      "exc_info": null
    }
    "#);
    let rotated = json!({"refresh": t.personal(&t.owner).await});
    let answer = t.anonymous().post("/api/token/rotate", &rotated).await;
    assert_eq!(
        answer.expect(401).header_lines("www-authenticate"),
        ["Bearer realm=\"api\"", "Token realm=\"api\""]
    );
}

#[tokio::test]
async fn refuses_bodies_that_are_not_right() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let answer = client.post("/api/token", &json!({"name": ["a"]})).await;
    insta::assert_compact_json_snapshot!(answer.refusal(400), @r#"{"detail": "Validation error", "validation_errors": {"name": ["Not a valid string."]}}"#);
    let long = json!({"name": "n".repeat(256)});
    let answer = client.post("/api/token", &long).await;
    insta::assert_compact_json_snapshot!(answer.refusal(400)["validation_errors"], @r#"{"name": ["Ensure this field has no more than 255 characters."]}"#);
    for path in [
        "/api/token/refresh",
        "/api/token/blacklist",
        "/api/token/rotate",
    ] {
        let answer = client.post(path, &json!({})).await.expect(400).json();
        let why = &answer["validation_errors"]["refresh"][0];
        assert_eq!(why, "This field is required.", "{path}");
        let answer = client.post(path, &json!({"refresh": null})).await;
        let why = &answer.expect(400).json()["validation_errors"]["refresh"][0];
        assert_eq!(why, "This field may not be null.", "{path}");
    }
}

#[tokio::test]
async fn refuses_while_the_type_is_off() {
    let t = TestApp::with_legacy().await;
    let personal = t.personal(&t.owner).await;
    let access = t.access(&personal).await;
    let client = t.token(&t.text(&t.owner, TokenKind::Legacy).await);
    t.change_settings(PolicyChange {
        personal_enabled: Some(false),
        ..PolicyChange::default()
    })
    .await;
    let answer = client.post("/api/token", &json!({})).await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"
    {
      "detail": "Personal access tokens are switched off in this organization. An owner or admin can switch them on in its settings.",
      "code": "type_disabled"
    }
    "#);
    let body = json!({"refresh": personal});
    client.post("/api/token/rotate", &body).await.expect(403);
    insta::assert_compact_json_snapshot!(t.exchange(&personal).await.refusal(401), @r#"
    {
      "detail": "Token is invalid. Personal access tokens are switched off in this organization: an owner or admin can switch them on in its settings.",
      "code": "type_disabled"
    }
    "#);
    let answer = t.bearer(&access).get("/api/token").await;
    insta::assert_compact_json_snapshot!(answer.refusal(401), @r#"
    {
      "detail": "Authentication credentials were not provided. Personal access tokens are switched off in this organization: an owner or admin can switch them on in its settings.",
      "code": "type_disabled"
    }
    "#);
}

#[tokio::test]
async fn refuses_to_exchange_what_is_no_personal_access_token() {
    let t = TestApp::with_legacy().await;
    let access = t.text(&t.owner, TokenKind::Access).await;
    insta::assert_compact_json_snapshot!(t.exchange(&access).await.refusal(401), @r#"
    {
      "detail": "Token has wrong type. This is an access token; a personal access token is needed here.",
      "code": "wrong_token_type"
    }
    "#);
    let key = t.text(&t.owner, TokenKind::Key).await;
    insta::assert_compact_json_snapshot!(t.exchange(&key).await.refusal(401), @r#"
    {
      "detail": "Token is invalid. This is a key token; it is used as it is and needs no exchange.",
      "code": "wrong_token_type"
    }
    "#);
    let legacy = t.text(&t.owner, TokenKind::Legacy).await;
    assert_eq!(
        t.exchange(&legacy).await.expect(401).json()["code"],
        "wrong_token_type"
    );
    let listed = forge::unsigned_part(&t.personal(&t.owner).await);
    assert_eq!(
        t.exchange(&listed).await.expect(401).json()["detail"],
        "Token is invalid"
    );
}

#[tokio::test]
async fn refuses_to_rotate_or_revoke_what_is_not_the_callers() {
    let t = TestApp::new().await;
    let member = t.client(&t.member().await).await;
    let owners = t.personal(&t.owner).await;
    let whole = json!({"refresh": owners});
    let listed = json!({"refresh": forge::unsigned_part(&owners)});
    let answer = member.post("/api/token/rotate", &whole).await;
    insta::assert_compact_json_snapshot!(answer.refusal(400), @r#"{"detail": "Validation error", "validation_errors": {"non_field_errors": ["Invalid refresh token"]}}"#);
    let answer = member.post("/api/token/blacklist", &listed).await;
    assert_eq!(answer.expect(404).text(), MISSING);
    let answer = t.anonymous().post("/api/token/blacklist", &listed).await;
    let unknown = answer.expect(401).json();
    assert_eq!(
        unknown["detail"],
        "Authentication credentials were not provided."
    );
    t.exchange(&owners).await.expect(200);

    let (_, other_owner) = t.other_organization().await;
    let other = t.client(&other_owner).await;
    other.post("/api/token/rotate", &whole).await.expect(400);
    other
        .post("/api/token/blacklist", &listed)
        .await
        .expect(404);
    t.exchange(&owners).await.expect(200);
}

#[tokio::test]
async fn refuses_a_second_token_where_one_is_the_most() {
    let t = TestApp::with(|settings| settings.strict_single_pat = Some(true)).await;
    let member = t.member().await;
    let client = t.token(&t.text(&t.owner, TokenKind::Key).await);
    let first = client.post("/api/token", &json!({})).await.expect(201);
    let answer = client.post("/api/token", &json!({})).await;
    insta::assert_compact_json_snapshot!(answer.refusal(409), @r#"{"detail": "You already have a valid token. Please revoke it before creating a new one."}"#);
    // Another user's token is in nobody's way, and a revoked one in none.
    t.personal(&member).await;
    let body = json!({"refresh": first.json()["token"]});
    client.post("/api/token/blacklist", &body).await.expect(204);
    client.post("/api/token", &json!({})).await.expect(201);
}

#[tokio::test]
async fn makes_and_lists_tokens() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let body = json!({"name": " the robot's ", "unknown": 1});
    let answer = client.post("/api/token/", &body).await.expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    insta::assert_json_snapshot!(made, @r#"
    {
      "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6ODA3NDUyMzA0NSwiaWF0IjoxNzY3MzIzMDQ1LCJqdGkiOiIwMTliN2NhOThmMmU0MWYwOTkwNGQ4MTcwMTlkODJlNSIsInVzZXJfaWQiOiIxIn0.1vcsiD9bmZ8KBeHXhi5JrN1QXBSLzdWCcZJAc9RWIy4",
      "id": "019b7ca98f2e41f09904d817019d82e5",
      "name": "the robot's",
      "created_at": "2026-01-02T03:04:05Z",
      "expires_at": "2225-11-15T03:04:05Z"
    }
    "#);
    let claims = forge::claims(made["token"].as_str().unwrap());
    insta::assert_json_snapshot!(claims, @r#"
    {
      "token_type": "refresh",
      "exp": 8074523045,
      "iat": 1767323045,
      "jti": "019b7ca98f2e41f09904d817019d82e5",
      "user_id": "1"
    }
    "#);

    t.advance(60);
    let listed = client.get("/api/token").await.expect(200).json();
    insta::assert_json_snapshot!(listed, @r#"
    [
      {
        "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6ODA3NDUyMzA0NSwiaWF0IjoxNzY3MzIzMDQ1LCJqdGkiOiIwMTliN2NhOThmMmU5NTg4ZjgwOTkxMmYzNjNiZDJmZSIsInVzZXJfaWQiOiIxIn0",
        "id": "019b7ca98f2e9588f809912f363bd2fe",
        "name": "a test's",
        "created_at": "2026-01-02T03:04:05Z",
        "expires_at": "2225-11-15T03:04:05Z"
      },
      {
        "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6ODA3NDUyMzA0NSwiaWF0IjoxNzY3MzIzMDQ1LCJqdGkiOiIwMTliN2NhOThmMmU0MWYwOTkwNGQ4MTcwMTlkODJlNSIsInVzZXJfaWQiOiIxIn0",
        "id": "019b7ca98f2e41f09904d817019d82e5",
        "name": "the robot's",
        "created_at": "2026-01-02T03:04:05Z",
        "expires_at": "2225-11-15T03:04:05Z"
      }
    ]
    "#);
    let mut shown = made.clone();
    shown["token"] = forge::unsigned_part(made["token"].as_str().unwrap()).into();
    assert!(listed.as_array().unwrap().contains(&shown));
}

#[tokio::test]
async fn lists_only_what_still_works_and_is_ones_own() {
    let t = TestApp::new().await;
    let client = t.token(&t.text(&t.owner, TokenKind::Key).await);
    t.personal(&t.member().await).await;
    assert_eq!(client.get("/api/token").await.json(), json!([]));
    let text = t.personal(&t.owner).await;
    assert_eq!(
        client
            .get("/api/token")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let body = json!({"refresh": text});
    client.post("/api/token/blacklist", &body).await.expect(204);
    assert_eq!(client.get("/api/token").await.json(), json!([]));
}

#[tokio::test]
async fn exchanges() {
    let t = TestApp::new().await;
    let personal = t.personal(&t.owner).await;
    for path in ["/api/token/refresh", "/api/token/refresh/"] {
        let body = json!({"refresh": personal});
        let answer = t.anonymous().post(path, &body).await.expect(200);
        assert_eq!(answer.header("allow"), "POST, OPTIONS");
    }
    // Whatever the headers say, the body decides.
    let client = t.bearer("nonsense");
    let form = [("refresh", personal.as_str())];
    let answer = client
        .form("/api/token/refresh", &form)
        .await
        .expect(200)
        .json();
    insta::assert_json_snapshot!(answer, @r#"
    {
      "access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzY3MzIzMzQ1LCJpYXQiOjE3NjczMjMwNDUsImp0aSI6ImJlM2Q5NTc4OWUwZDY1ZDQ2YTVmOGQ2NWEzZGEzYjA3IiwidXNlcl9pZCI6IjEiLCJwYXQiOiIwMTliN2NhOThmMmU5NTg4ZjgwOTkxMmYzNjNiZDJmZSJ9.RY-H862D7vofew6eUnPrrpCalaQKti6X9_zfwJxCxWk"
    }
    "#);
    let claims = forge::claims(answer["access"].as_str().unwrap());
    insta::assert_json_snapshot!(claims, @r#"
    {
      "token_type": "access",
      "exp": 1767323345,
      "iat": 1767323045,
      "jti": "be3d95789e0d65d46a5f8d65a3da3b07",
      "user_id": "1",
      "pat": "019b7ca98f2e9588f809912f363bd2fe"
    }
    "#);
}

#[tokio::test]
async fn rotates_and_kills_the_old_one_at_once() {
    let t = TestApp::new().await;
    let old = t.personal(&t.owner).await;
    let access = t.access(&old).await;
    let key = t.token(&t.text(&t.owner, TokenKind::Key).await);
    let body = json!({"refresh": old});
    let rotated = key
        .post("/api/token/rotate/", &body)
        .await
        .expect(200)
        .json();
    insta::assert_json_snapshot!(rotated, @r#"
    {
      "refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6ODA3NDUyMzA0NSwiaWF0IjoxNzY3MzIzMDQ1LCJqdGkiOiIwMTliN2NhOThmMmVlNDc1ZTcwOWY0ZTQyM2ZkYTYwMCIsInVzZXJfaWQiOiIxIn0.WBjkLu3sJqTY4fKdwiW1ZOhj6HawtdMtI-b-uLw1MEE"
    }
    "#);
    insta::assert_compact_json_snapshot!(t.exchange(&old).await.refusal(401), @r#"{"detail": "Token is blacklisted. This personal access token was revoked: make a new one.", "code": "revoked"}"#);
    t.bearer(&old).get("/api/token").await.expect(401);
    let answer = t.bearer(&access).get("/api/token").await;
    insta::assert_compact_json_snapshot!(answer.refusal(401), @r#"
    {
      "detail": "Authentication credentials were not provided. The personal access token behind this access token was revoked: make a new one.",
      "code": "revoked"
    }
    "#);
    let new = rotated["refresh"].as_str().unwrap();
    t.bearer(&t.access(new).await)
        .get("/api/token")
        .await
        .expect(200);
    // A second try of the same rotation does not take the successor away.
    let answer = key.post("/api/token/rotate", &body).await;
    insta::assert_compact_json_snapshot!(answer.refusal(400), @r#"{"detail": "Validation error", "validation_errors": {"non_field_errors": ["Invalid refresh token"]}}"#);
    t.exchange(new).await.expect(200);
}

#[tokio::test]
async fn a_token_can_rotate_itself() {
    let t = TestApp::new().await;
    let old = t.personal(&t.owner).await;
    let body = json!({"refresh": old});
    let client = t.bearer(&old);
    client.post("/api/token/rotate", &body).await.expect(200);
    client.post("/api/token/rotate", &body).await.expect(401);
}

#[tokio::test]
async fn whoever_holds_the_whole_token_may_revoke_it() {
    let t = TestApp::new().await;
    let text = t.personal(&t.owner).await;
    let access = t.access(&text).await;
    let body = json!({"refresh": text});
    let path = "/api/token/blacklist/";
    let answer = t.anonymous().post(path, &body).await.expect(204);
    assert!(answer.body.is_empty());
    t.exchange(&text).await.expect(401);
    t.bearer(&access).get("/api/token").await.expect(401);
    let answer = t.anonymous().post(path, &body).await.expect(404);
    assert_eq!(answer.text(), MISSING);
}

#[tokio::test]
async fn owner_and_admin_may_revoke_what_is_listed() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let admin = t.client(&t.admin().await).await;
    let own = t.token(&t.text(&member, TokenKind::Key).await);
    for client in [own, admin] {
        let text = t.personal(&member).await;
        let body = json!({"refresh": forge::unsigned_part(&text)});
        client.post("/api/token/blacklist", &body).await.expect(204);
        t.exchange(&text).await.expect(401);
    }
}

#[tokio::test]
async fn refuses_to_revoke_an_access_token() {
    let t = TestApp::new().await;
    let body = json!({"refresh": t.text(&t.owner, TokenKind::Access).await});
    let answer = t.anonymous().post("/api/token/blacklist", &body).await;
    insta::assert_compact_json_snapshot!(answer.refusal(401), @r#"
    {
      "detail": "Token has wrong type. This is an access token; a personal access token is needed here.",
      "code": "wrong_token_type"
    }
    "#);
}
