//! Tokens that ended long ago are moved out of the way, if the operator wants it so.

use keybearer::domain::{archive, tokens, upkeep};
use keybearer::store;
use keybearer_verify::TokenKind;

use crate::support::TestApp;

const DAY: i64 = 86_400;

async fn is_there(t: &TestApp, id: &str) -> bool {
    let mut tx = t.app.db.read().await.unwrap();
    store::tokens::find(&mut tx, id).await.unwrap().is_some()
}

#[tokio::test]
async fn refuses_an_archived_token_and_keeps_what_is_worth_knowing() {
    let t = TestApp::with(|settings| settings.archive_after_days = Some(30)).await;
    let (revoked, text) = t.issue(&t.owner, TokenKind::Key).await;
    let (late, _) = t.issue(&t.owner, TokenKind::Key).await;
    let (live, _) = t.issue(&t.owner, TokenKind::Personal).await;
    let client = t.api_key(&text);
    client.get("/api/current-user/whoami").await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    tokens::revoke(&t.app, &t.operator(), &revoked.id)
        .await
        .unwrap();
    t.advance(DAY);
    tokens::revoke(&t.app, &t.operator(), &late.id)
        .await
        .unwrap();
    t.advance(29 * DAY + 1);
    upkeep::clear(&t.app).await.unwrap();
    assert!(!is_there(&t, &revoked.id).await, "revoked 30 days ago");
    assert!(is_there(&t, &late.id).await, "revoked 29 days ago");
    assert!(is_there(&t, &live.id).await, "it lives");
    client.get("/api/current-user/whoami").await.expect(401);
    let dump = String::from_utf8_lossy(&t.database.dump().await).into_owned();
    assert!(dump.contains(&revoked.id), "it is nowhere any more");
    // It lived 90 days; 30 more, and its end is long ago too.
    let (expiring, _) = t.issue(&t.owner, TokenKind::Key).await;
    t.advance(120 * DAY + 1);
    assert_eq!(archive::run(&t.app).await.unwrap(), 2);
    assert!(!is_there(&t, &expiring.id).await, "expired 30 days ago");
    assert!(is_there(&t, &live.id).await, "it lives");
}

#[tokio::test]
async fn nothing_is_archived_unless_the_operator_wants_it() {
    let t = TestApp::new().await;
    let (token, _) = t.issue(&t.owner, TokenKind::Key).await;
    tokens::revoke(&t.app, &t.operator(), &token.id)
        .await
        .unwrap();
    t.advance(10_000 * DAY);
    assert_eq!(archive::run(&t.app).await.unwrap(), 0);
    assert!(is_there(&t, &token.id).await);
}
