//! How long a token opens the door: to the second, and no longer than its rulers let it.

use keybearer::domain::access::Role;
use keybearer::domain::passwords::Password;
use keybearer::domain::policy::PolicyChange;
use keybearer::domain::users::adding::{self, UserSpec};
use keybearer::domain::users::{User, changing};
use keybearer::domain::{members, tokens};
use keybearer::error::Error;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::{START_MS, TestApp, forge};

const WHOAMI: &str = "/api/current-user/whoami";
const KINDS: [TokenKind; 4] = [
    TokenKind::Personal,
    TokenKind::Access,
    TokenKind::Key,
    TokenKind::Legacy,
];

/// Passes if `text` is refused everywhere, and for that reason.
async fn expect_refused(t: &TestApp, text: &str, code: &str) {
    for client in [t.bearer(text), t.token(text), t.api_key(text)] {
        assert_eq!(client.get(WHOAMI).await.refusal(401)["code"], code);
    }
}

async fn expect_accepted(t: &TestApp, text: &str) {
    t.bearer(text).get(WHOAMI).await.expect(200);
}

/// A user with a token of each kind.
async fn with_tokens(t: &TestApp) -> (User, Vec<String>) {
    let user = t.member().await;
    let mut texts = Vec::new();
    for kind in KINDS {
        texts.push(t.text(&user, kind).await);
    }
    (user, texts)
}

#[tokio::test]
async fn a_personal_access_token_ends_ten_seconds_after_its_time() {
    let t = TestApp::new().await;
    t.change_settings(PolicyChange {
        personal_ttl_days: Some(1),
        ..PolicyChange::default()
    })
    .await;
    let text = t.personal(&t.owner).await;
    let end = forge::claims(&text)["exp"].as_i64().unwrap() * 1000;
    t.set_time(end + 9_999);
    expect_accepted(&t, &text).await;
    t.exchange(&text).await.expect(200);
    t.set_time(end + 10_000);
    expect_refused(&t, &text, "expired").await;
    assert_eq!(t.exchange(&text).await.refusal(401)["code"], "expired");
    // It is a matter of the clock alone: nothing was written.
    t.set_time(end);
    expect_accepted(&t, &text).await;
}

#[tokio::test]
async fn a_key_token_ends_ten_seconds_after_its_time() {
    let t = TestApp::new().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    let end = token.expires_at.unwrap();
    assert_eq!(end, START_MS + 90 * 86_400_000);
    t.set_time(end + 9_999);
    expect_accepted(&t, &text).await;
    t.set_time(end + 10_000);
    expect_refused(&t, &text, "expired").await;
}

#[tokio::test]
async fn an_access_token_lives_five_minutes_and_ten_seconds() {
    let t = TestApp::new().await;
    let text = t.text(&t.owner, TokenKind::Access).await;
    let end = forge::claims(&text)["exp"].as_i64().unwrap() * 1000;
    assert_eq!(end, START_MS / 1000 * 1000 + 300_000);
    t.set_time(end + 9_999);
    expect_accepted(&t, &text).await;
    t.set_time(end + 10_000);
    expect_refused(&t, &text, "expired").await;
}

#[tokio::test]
async fn an_access_token_says_no_later_end_than_its_personal_one() {
    let t = TestApp::new().await;
    t.change_settings(PolicyChange {
        personal_ttl_days: Some(1),
        ..PolicyChange::default()
    })
    .await;
    let personal = t.personal(&t.owner).await;
    t.advance(86_400 - 60);
    let access = t.access(&personal).await;
    assert_eq!(
        forge::claims(&access)["exp"],
        forge::claims(&personal)["exp"]
    );
}

#[tokio::test]
async fn a_clock_that_is_ten_seconds_slow_still_knows_a_new_token() {
    let t = TestApp::new().await;
    let text = t.text(&t.owner, TokenKind::Access).await;
    t.advance(-10);
    expect_accepted(&t, &text).await;
    t.advance(-1);
    expect_refused(&t, &text, "malformed").await;
}

#[tokio::test]
async fn a_legacy_token_never_ends() {
    let t = TestApp::with_legacy().await;
    let text = t.text(&t.owner, TokenKind::Legacy).await;
    t.advance(200 * 365 * 86_400);
    expect_accepted(&t, &text).await;
}

#[tokio::test]
async fn a_deactivated_users_tokens_rest_until_he_is_active_again() {
    let t = TestApp::with_legacy().await;
    let (user, texts) = with_tokens(&t).await;
    let browser = t.browser(&user).await;
    let set_active = async |is_active| {
        let done = changing::set_active(&t.app, &t.operator(), user.id, is_active).await;
        done.unwrap();
    };
    set_active(false).await;
    for text in &texts {
        expect_refused(&t, text, "user_inactive").await;
    }
    assert_eq!(
        t.exchange(&texts[0]).await.refusal(401)["code"],
        "user_inactive"
    );
    browser.get(WHOAMI).await.refusal(401);
    set_active(true).await;
    for text in &texts {
        expect_accepted(&t, text).await;
    }
    t.exchange(&texts[0]).await.expect(200);
    // The browser has to sign in again.
    browser.get(WHOAMI).await.refusal(401);
}

#[tokio::test]
async fn a_removed_members_tokens_and_sessions_are_refused() {
    let t = TestApp::with_legacy().await;
    let (user, texts) = with_tokens(&t).await;
    let browser = t.browser(&user).await;
    members::remove(&t.app, &t.operator(), 1, user.id)
        .await
        .unwrap();
    for text in &texts {
        expect_refused(&t, text, "not_a_member").await;
    }
    assert_eq!(
        t.exchange(&texts[0]).await.refusal(401)["code"],
        "not_a_member"
    );
    browser.get(WHOAMI).await.refusal(401);
}

#[tokio::test]
async fn a_removed_member_who_is_added_again_makes_new_tokens_and_signs_in_anew() {
    let t = TestApp::with_legacy().await;
    let (user, texts) = with_tokens(&t).await;
    let browser = t.browser(&user).await;
    members::remove(&t.app, &t.operator(), 1, user.id)
        .await
        .unwrap();
    let with_password = UserSpec {
        password: Some(Password::new("another password")),
        ..UserSpec::new(&user.email, Role::Member)
    };
    let refused = adding::add(&t.app, &t.operator(), 1, with_password).await;
    assert!(matches!(
        refused,
        Err(Error::Invalid {
            field: Some("password"),
            ..
        })
    ));
    let body = json!({"username": "x", "email": user.email});
    let owner = t.client(&t.owner).await;
    let again = owner.post("/api/users", &body).await.expect(201).json();
    assert_eq!(again["id"], user.id);
    browser.get(WHOAMI).await.refusal(401);
    for text in &texts {
        expect_refused(&t, text, "revoked").await;
    }
    let (_, new) = t.issue(&user, TokenKind::Key).await;
    expect_accepted(&t, &new).await;
}

#[tokio::test]
async fn a_type_that_is_switched_off_rests_until_it_is_on_again() {
    let t = TestApp::with_legacy().await;
    let (_, texts) = with_tokens(&t).await;
    let switch = async |on: bool| {
        t.change_settings(PolicyChange {
            personal_enabled: Some(on),
            legacy_enabled: Some(on),
            key_enabled: Some(on),
            force: true,
            ..PolicyChange::default()
        })
        .await;
    };
    switch(false).await;
    for text in &texts {
        expect_refused(&t, text, "type_disabled").await;
    }
    assert_eq!(
        t.exchange(&texts[0]).await.refusal(401)["code"],
        "type_disabled"
    );
    switch(true).await;
    for text in &texts {
        expect_accepted(&t, text).await;
    }
}

#[tokio::test]
async fn each_type_has_a_switch_of_its_own() {
    let t = TestApp::with_legacy().await;
    let (_, texts) = with_tokens(&t).await;
    let off = Some(false);
    let changes = [
        PolicyChange {
            personal_enabled: off,
            ..PolicyChange::default()
        },
        PolicyChange {
            key_enabled: off,
            ..PolicyChange::default()
        },
        PolicyChange {
            personal_enabled: Some(true),
            legacy_enabled: off,
            key_enabled: Some(true),
            ..PolicyChange::default()
        },
    ];
    let accepted = [
        [false, false, true, true],
        [false, false, false, true],
        [true, true, true, false],
    ];
    for (change, accepted) in changes.into_iter().zip(accepted) {
        t.change_settings(change).await;
        for (text, accepted) in texts.iter().zip(accepted) {
            let status = t.bearer(text).get(WHOAMI).await.status;
            assert_eq!(status, if accepted { 200 } else { 401 });
        }
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_and_for_good() {
    let t = TestApp::with_legacy().await;
    let user = t.member().await;
    for kind in [TokenKind::Personal, TokenKind::Key, TokenKind::Legacy] {
        let (token, text) = t.issue(&user, kind).await;
        expect_accepted(&t, &text).await;
        tokens::revoke(&t.app, &t.operator(), &token.id)
            .await
            .unwrap();
        expect_refused(&t, &text, "revoked").await;
        changing::set_active(&t.app, &t.operator(), user.id, false)
            .await
            .unwrap();
        changing::set_active(&t.app, &t.operator(), user.id, true)
            .await
            .unwrap();
        expect_refused(&t, &text, "revoked").await;
    }
}

#[tokio::test]
async fn a_role_holds_at_the_next_request() {
    let t = TestApp::new().await;
    let user = t.user("admin@example.com", Role::Admin).await;
    let client = t.client(&user).await;
    client.get("/api/jwt/settings").await.expect(200);
    let demote = format!(
        "update memberships set role = 'member' where user_id = {}",
        user.id
    );
    t.database.meddle(&demote).await;
    client.get("/api/jwt/settings").await.refusal(403);
}
