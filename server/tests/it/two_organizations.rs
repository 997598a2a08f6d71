//! Somebody who is a member of two organizations: what he does with the token of one stays in that
//! one, and no admin of the one rules over the other.

use keybearer::domain::organizations::Organization;
use keybearer::domain::policy::PolicyChange;
use keybearer::domain::users::User;
use keybearer::store;
use keybearer::store::organizations::Membership;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::{START_MS, TestApp};

/// The others' owner, who is a plain member of the first organization too and works there now. The
/// first text is a key token of the first organization, the second one of the others.
async fn in_both(t: &TestApp) -> (User, Organization, [String; 2]) {
    let (others, user) = t.other_organization().await;
    let theirs = t.text(&user, TokenKind::Key).await;
    let mut tx = t.app.db.write().await.unwrap();
    let membership = Membership {
        id: 0,
        organization_id: 1,
        user_id: user.id,
        role: "member".into(),
        created_at: START_MS,
        removed_at: None,
    };
    let added = store::organizations::insert_membership(&mut tx, &membership).await;
    added.unwrap();
    let user = User {
        active_organization_id: Some(1),
        ..user
    };
    store::users::update(&mut tx, &user).await.unwrap();
    tx.commit().await.unwrap();
    let first = t.text(&user, TokenKind::Key).await;
    (user, others, [first, theirs])
}

#[tokio::test]
async fn each_token_acts_in_its_own_organization() {
    let t = TestApp::new().await;
    let (_, _, [first, theirs]) = in_both(&t).await;
    t.token(&first)
        .get("/api/organizations/1")
        .await
        .expect(200);
    t.token(&first)
        .get("/api/organizations/2")
        .await
        .refusal(404);
    t.token(&first).get("/api/jwt/settings").await.refusal(403);
    t.token(&theirs)
        .get("/api/organizations/2")
        .await
        .expect(200);
    t.token(&theirs)
        .get("/api/organizations/1")
        .await
        .refusal(404);
    t.token(&theirs).get("/api/jwt/settings").await.expect(200);
    let both = t.token(&first).get("/api/organizations").await.json();
    assert_eq!(both.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_switch_of_one_does_not_touch_the_other() {
    let t = TestApp::new().await;
    let (_, _, [first, theirs]) = in_both(&t).await;
    t.change_settings(PolicyChange {
        key_enabled: Some(false),
        ..PolicyChange::default()
    })
    .await;
    t.token(&first).get("/api/users").await.refusal(401);
    t.token(&theirs).get("/api/users").await.expect(200);
}

#[tokio::test]
async fn a_removal_from_one_does_not_touch_the_other() {
    let t = TestApp::new().await;
    let (user, _, [first, theirs]) = in_both(&t).await;
    let owner = t.client(&t.owner).await;
    let path = format!("/api/organizations/1/memberships/{}", user.id);
    owner.delete(&path).await.expect(204);
    t.token(&first).get("/api/users").await.refusal(401);
    t.token(&theirs).get("/api/users").await.expect(200);
    t.browser(&user).await.get("/api/users").await.expect(200);
}

#[tokio::test]
async fn an_admin_of_one_does_not_delete_the_others_owner() {
    let t = TestApp::new().await;
    let (user, _, [_, theirs]) = in_both(&t).await;
    let owner = t.client(&t.owner).await;
    owner.delete(&format!("/api/users/{}", user.id)).await;
    t.token(&theirs).get("/api/jwt/settings").await.expect(200);
}

#[tokio::test]
async fn a_new_token_belongs_where_the_caller_acts() {
    let t = TestApp::new().await;
    let (_, _, [_, theirs]) = in_both(&t).await;
    let client = t.token(&theirs);
    let made = client
        .post("/api/token", &json!({}))
        .await
        .expect(201)
        .json();
    let listed = client.get("/api/token").await.json();
    assert_eq!(
        listed.as_array().unwrap().len(),
        1,
        "what was made is listed"
    );
    assert_eq!(
        made["expires_at"], "2026-02-01T03:04:05Z",
        "by the others' 30 days"
    );
    let made = t.bearer(made["token"].as_str().unwrap());
    made.get("/api/organizations/2").await.expect(200);
}

#[tokio::test]
async fn a_legacy_token_is_reset_where_the_caller_acts() {
    // Legacy tokens are off in the first organization and on in the others'.
    let t = TestApp::new().await;
    let (_, _, [first, theirs]) = in_both(&t).await;
    let reset = "/api/current-user/reset-token";
    t.token(&first).post(reset, &json!({})).await.refusal(403);
    let client = t.token(&theirs);
    let new = client.post(reset, &json!({})).await.expect(201).json();
    assert_eq!(client.get("/api/current-user/token").await.json(), new);
    let new = t.token(new["token"].as_str().unwrap());
    new.get("/api/organizations/2").await.expect(200);
}
