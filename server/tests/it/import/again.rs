//! Importing again: what is new comes, what has ended ends, and nothing else changes.

use keybearer::domain::access::Role;
use keybearer::domain::signing_keys;
use keybearer::domain::users::changing;
use serde_json::json;

use super::source::{Source, import, legacy_text, live_tokens, odd, secret_key};
use crate::support::TestApp;

/// An installation with one user (7) from Label Studio.
async fn moved_in() -> (TestApp, Source) {
    let settings = |settings: &mut keybearer::config::Settings| {
        settings.enable_legacy_tokens = Some(true);
        settings.archive_after_days = Some(1);
    };
    let (t, source) = (TestApp::with(settings).await, Source::empty().await);
    source.user(7, "seven@example.com").await;
    source.organization(1, 7).await;
    source.member(1, 7).await;
    source.legacy(7, &legacy_text('7')).await;
    source.import(&t.app).await.unwrap();
    (t, source)
}

#[tokio::test]
async fn brings_only_what_is_new() {
    let (t, source) = moved_in().await;
    source.user(8, "eight@example.com").await;
    source.member(1, 8).await;
    let old = source.personal(7).await;
    source.import(&t.app).await.unwrap();
    let new = source.personal(8).await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!((report.users.new, report.users.known), (0, 2));
    assert_eq!(
        (report.personal_tokens.new, report.personal_tokens.known),
        (1, 1)
    );
    assert_eq!(
        (report.legacy_tokens.new, report.legacy_tokens.known),
        (0, 1)
    );
    for token in [&old, &new] {
        t.exchange(token).await.expect(200);
    }
    assert_eq!(live_tokens(&t, "label_studio").await, [2]);
    let events = keybearer::domain::audit::AuditFilter {
        action: Some("import.label_studio".into()),
        limit: 10,
        ..Default::default()
    };
    let cx = t.operator();
    let list = || keybearer::domain::audit::list(&t.app, &cx, events.clone());
    assert_eq!(list().await.unwrap().len(), 3);
    // A run that brings nothing leaves no event.
    source.import(&t.app).await.unwrap();
    assert_eq!(list().await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_has_ended_there_ends_here() {
    let (t, source) = moved_in().await;
    let revoked = source.personal(7).await;
    let orphaned = source.personal(7).await;
    let kept = source.personal(7).await;
    source.import(&t.app).await.unwrap();
    t.exchange(&revoked).await.expect(200);
    source.blacklist(&revoked).await;
    let text = orphaned.rsplit_once('.').unwrap().0;
    source
        .run(&format!(
            "update token_blacklist_outstandingtoken set user_id = null where token = '{text}'"
        ))
        .await;
    source
        .run(&format!(
            "update authtoken_token set \"key\" = '{}'",
            legacy_text('8')
        ))
        .await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!((report.revoked_since, report.legacy_tokens.new), (3, 1));
    for token in [&revoked, &orphaned] {
        assert_eq!(t.exchange(token).await.refusal(401)["code"], "revoked");
    }
    t.exchange(&kept).await.expect(200);
    t.token(&legacy_text('7'))
        .get("/api/current-user/whoami")
        .await
        .refusal(401);
    t.token(&legacy_text('8'))
        .get("/api/current-user/whoami")
        .await
        .expect(200);
}

#[tokio::test]
async fn what_was_changed_here_stays() {
    let (t, source) = moved_in().await;
    let personal = source.personal(7).await;
    source.import(&t.app).await.unwrap();
    // Here: the token is revoked, the legacy token reset.
    let seven = t.token(&legacy_text('7'));
    let own = seven
        .post("/api/current-user/reset-token", &json!({}))
        .await
        .expect(201)
        .json();
    t.anonymous()
        .post("/api/token/blacklist", &json!({"refresh": personal}))
        .await
        .expect(204);
    changing::set_active(&t.app, &t.operator(), 7, false)
        .await
        .unwrap();
    changing::set_active(&t.app, &t.operator(), 7, true)
        .await
        .unwrap();
    // There: the account is deactivated, the member removed, the settings are changed.
    source
        .run(
            "update htx_user set is_active = false; \
                update organizations_organizationmember set deleted_at = '2025-12-31 00:00:00'; \
                update jwt_auth_jwtsettings set api_tokens_enabled = false",
        )
        .await;
    let report = source.import(&t.app).await.unwrap();
    let told = odd(&report);
    for part in [
        "deactivated in Label Studio",
        "removed in Label Studio",
        "token settings differ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    t.exchange(&personal).await.refusal(401);
    let own = own["token"].as_str().unwrap();
    t.token(own)
        .get("/api/current-user/whoami")
        .await
        .expect(200);
    t.token(&legacy_text('7'))
        .get("/api/current-user/whoami")
        .await
        .refusal(401);
}

#[tokio::test]
async fn a_reset_there_does_not_drive_out_a_reset_here() {
    let (t, source) = moved_in().await;
    let seven = t.token(&legacy_text('7'));
    let own = seven
        .post("/api/current-user/reset-token", &json!({}))
        .await;
    let own = own.expect(201).json()["token"].as_str().unwrap().to_owned();
    source
        .run(&format!(
            "update authtoken_token set \"key\" = '{}'",
            legacy_text('9')
        ))
        .await;
    let report = source.import(&t.app).await.unwrap();
    assert!(
        odd(&report).contains("another one here already"),
        "{}",
        odd(&report)
    );
    t.token(&own)
        .get("/api/current-user/whoami")
        .await
        .expect(200);
}

#[tokio::test]
async fn somebody_who_has_a_new_address_is_still_himself() {
    let (t, source) = moved_in().await;
    source
        .run("update htx_user set email = 'sette@example.com' where id = 7")
        .await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!(report.users.known, 1);
    // But an address that somebody has taken here is a conflict.
    t.user("acht@example.com", Role::Member).await;
    source.user(80, "acht@example.com").await;
    source.import(&t.app).await.unwrap_err();
}

#[tokio::test]
async fn a_wrong_key_is_taken_away_and_the_right_one_put_in() {
    let (t, source) = moved_in().await;
    let personal = source.personal(7).await;
    let mut request = source.request();
    request.secret_key = Some(secret_key("not the key that signed anything at all"));
    import(&t.app, request).await.unwrap();
    assert_eq!(
        t.exchange(&personal).await.refusal(401)["code"],
        "bad_signature"
    );
    let keys = signing_keys::list(&t.app, &t.operator()).await.unwrap();
    let wrong = keys
        .iter()
        .find(|key| key.origin == "label_studio")
        .unwrap();
    signing_keys::remove(&t.app, &t.operator(), &wrong.id, true)
        .await
        .unwrap();
    source.import(&t.app).await.unwrap();
    t.exchange(&personal).await.expect(200);
}

#[tokio::test]
async fn what_ended_here_and_was_archived_does_not_come_back() {
    let (t, source) = moved_in().await;
    let personal = source.personal(7).await;
    source.import(&t.app).await.unwrap();
    t.anonymous()
        .post("/api/token/blacklist", &json!({"refresh": personal}))
        .await
        .expect(204);
    let mut tx = t.app.db.read().await.unwrap();
    let live = keybearer::store::tokens::list_live_by_user(&mut tx, (7, 1), "legacy", 0, 1);
    let legacy = live.await.unwrap();
    drop(tx);
    keybearer::domain::tokens::revoke(&t.app, &t.operator(), &legacy[0].id)
        .await
        .unwrap();
    t.advance(3 * 86_400);
    let archived = keybearer::domain::archive::run(&t.app).await.unwrap();
    assert_eq!(archived, 2);
    let report = source.import(&t.app).await.unwrap();
    assert_eq!(
        (report.personal_tokens.new, report.legacy_tokens.new),
        (0, 0)
    );
    assert!(odd(&report).contains("ended long ago"), "{}", odd(&report));
    t.exchange(&personal).await.refusal(401);
    t.token(&legacy_text('7'))
        .get("/api/current-user/whoami")
        .await
        .refusal(401);
}
