//! Users, as Label Studio shows them.

use keybearer::domain::access::Role;
use keybearer::store;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn refuses_a_stranger() {
    let t = TestApp::new().await;
    let client = t.anonymous();
    client.get("/api/users").await.refusal(401);
    client.get("/api/users/1").await.refusal(401);
    client.post("/api/users", &json!({})).await.refusal(401);
    client.patch("/api/users/1", &json!({})).await.refusal(401);
    client.delete("/api/users/1").await.refusal(401);
}

#[tokio::test]
async fn refuses_a_member_what_takes_an_admin() {
    let t = TestApp::new().await;
    let client = t.client(&t.member().await).await;
    let body = json!({"username": "new", "email": "new@example.com"});
    let answer = client.post("/api/users", &body).await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"{"detail": "You do not have permission to perform this action. It takes the role admin or owner; yours is member."}"#);
    let name = json!({"first_name": "Mallory"});
    client.patch("/api/users/1", &name).await.refusal(403);
    client.delete("/api/users/1").await.refusal(403);
    // Not even oneself: leaving is the admins' business.
    client.delete("/api/users/2").await.refusal(403);
}

#[tokio::test]
async fn refuses_the_users_of_another_organization() {
    let t = TestApp::new().await;
    let (_, other) = t.other_organization().await;
    let client = t.client(&other).await;
    let answer = client.get("/api/users/1").await;
    insta::assert_compact_json_snapshot!(answer.refusal(404), @r#"{"detail": "No User matches the given query."}"#);
    let name = json!({"first_name": "Mallory"});
    client.patch("/api/users/1", &name).await.refusal(404);
    client.delete("/api/users/1").await.refusal(404);
    let seen = client.get("/api/users").await.expect(200).json();
    assert_eq!(seen.as_array().unwrap().len(), 1);
    assert_eq!(seen[0]["email"], "others@example.com");
    for unknown in ["999", "-1", "99999999999999999999"] {
        let path = format!("/api/users/{unknown}");
        client.get(&path).await.refusal(404);
    }
}

#[tokio::test]
async fn refuses_bodies_that_are_not_right() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let answer = client.post("/api/users", &json!({})).await;
    insta::assert_json_snapshot!(answer.refusal(400), @r#"
    {
      "detail": "Validation error",
      "validation_errors": {
        "username": [
          "This field is required."
        ],
        "email": [
          "This field is required."
        ]
      }
    }
    "#);
    let body = json!({"username": "x".repeat(257), "email": "new@example.com"});
    let answer = client.post("/api/users", &body).await;
    insta::assert_json_snapshot!(answer.refusal(400)["validation_errors"], @r#"
    {
      "username": [
        "Ensure this field has no more than 256 characters."
      ]
    }
    "#);
    for email in [
        "nobody",
        "@example.com",
        "a@",
        "a@b@c",
        "a b@example.com",
        "a@.com",
        "a@b\u{7}",
    ] {
        let body = json!({"username": "new", "email": email});
        let answer = client.post("/api/users", &body).await.refusal(400);
        assert!(answer["validation_errors"]["email"].is_array(), "{email}");
    }
    let taken = json!({"username": "new", "email": " OWNER@example.com "});
    let answer = client.post("/api/users", &taken).await;
    insta::assert_json_snapshot!(answer.refusal(400)["validation_errors"], @r#"
    {
      "email": [
        "user with this email address already exists."
      ]
    }
    "#);
    let email = json!({"email": "other@example.com", "first_name": "Not saved"});
    let answer = client.patch("/api/users/1", &email).await;
    insta::assert_compact_json_snapshot!(answer.refusal(405), @r#"{"detail": "Cannot update read-only field: email"}"#);
    assert_eq!(client.get("/api/users/1").await.json()["first_name"], "");
}

#[tokio::test]
async fn refuses_to_delete_the_owner() {
    let t = TestApp::new().await;
    let client = t.client(&t.admin().await).await;
    let answer = client.delete("/api/users/1").await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"{"detail": "The organization owner cannot be deleted"}"#);
    t.client(&t.owner)
        .await
        .delete("/api/users/1")
        .await
        .refusal(403);
}

#[tokio::test]
async fn makes_shows_and_changes_users() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let body = json!({"username": "ann", "email": "Ann@Example.com", "first_name": "Ann", "last_name": "Other"});
    let made = client.post("/api/users/", &body).await.expect(201).json();
    insta::assert_json_snapshot!(made, @r#"
    {
      "id": 2,
      "first_name": "Ann",
      "last_name": "Other",
      "username": "ann",
      "email": "ann@example.com",
      "last_activity": "2026-01-02T03:04:05.678000Z",
      "custom_hotkeys": {},
      "avatar": null,
      "initials": "AO",
      "phone": "",
      "active_organization": 1,
      "active_organization_meta": {
        "title": "Label Studio",
        "email": "owner@example.com"
      },
      "allow_newsletters": null,
      "date_joined": "2026-01-02T03:04:05.678000Z"
    }
    "#);
    assert_eq!(client.get("/api/users/2/").await.expect(200).json(), made);
    let all = client.get("/api/users").await.expect(200).json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[1], made);

    let body = json!({"first_name": "Anna", "phone": "1", "allow_newsletters": null});
    let changed = client.patch("/api/users/2", &body).await.expect(200).json();
    let mut expected = made.clone();
    for (field, value) in body.as_object().unwrap() {
        expected[field] = value.clone();
    }
    assert_eq!(changed, expected);
    let answer = client.get("/api/users?include=id,phone&omit=id").await;
    assert_eq!(answer.json(), json!([{"phone": ""}, {"phone": "1"}]));
}

#[tokio::test]
async fn a_member_sees_all_and_changes_himself() {
    let t = TestApp::new().await;
    let client = t.client(&t.member().await).await;
    client.get("/api/users/1").await.expect(200);
    let body = json!({"last_name": "Member"});
    let changed = client.patch("/api/users/2", &body).await.expect(200);
    assert_eq!(changed.json()["last_name"], "Member");
}

#[tokio::test]
async fn deleting_leaves_an_empty_account_and_dead_tokens() {
    let t = TestApp::with_legacy().await;
    let user = t.user("gone@example.com", Role::Admin).await;
    let session = t.browser(&user).await;
    let mut tokens = Vec::new();
    for kind in [
        TokenKind::Personal,
        TokenKind::Access,
        TokenKind::Key,
        TokenKind::Legacy,
    ] {
        tokens.push(t.text(&user, kind).await);
    }
    let owner = t.client(&t.owner).await;
    let answer = owner.delete("/api/users/2").await.expect(204);
    assert!(answer.body.is_empty());
    for token in &tokens {
        t.bearer(token).get("/api/users").await.refusal(401);
        t.token(token).get("/api/users").await.refusal(401);
        t.exchange(token).await.refusal(401);
    }
    session.get("/api/users").await.refusal(401);
    owner.get("/api/users/2").await.refusal(404);
    owner.delete("/api/users/2").await.refusal(404);
    assert_eq!(
        owner
            .get("/api/users")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // What is left: an empty row, and his tokens, ended for good.
    let mut tx = t.app.db.read().await.unwrap();
    let left = store::users::find(&mut tx, 2).await.unwrap().unwrap();
    assert_eq!(left.email, "deleted-2@deleted.invalid");
    assert_eq!((left.password_hash, left.username.as_str()), (None, ""));
    let of_him = store::tokens::TokenFilter {
        user_id: Some(2),
        limit: 100,
        ..Default::default()
    };
    let ended = store::tokens::list_by_filter(&mut tx, 1, &of_him)
        .await
        .unwrap();
    assert_eq!(ended.len(), 5, "one of each kind, and those they came from");
    assert!(ended.iter().all(|row| row.token.revoked_at.is_some()));
    drop(tx);
    // His address is free again, and whoever takes it is somebody else.
    let body = json!({"username": "again", "email": "gone@example.com"});
    let again = owner.post("/api/users", &body).await.expect(201).json();
    assert_eq!(again["id"], 3);
}
