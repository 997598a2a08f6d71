//! When, whence and by what a token was last used, and how often: true for every kind, written down
//! apart from the requests, and lost by nothing but a crash.

use keybearer::domain::tokens::{self, listing};
use keybearer::domain::{introspection, upkeep, uses};
use keybearer_verify::{Purpose, TokenKind};
use serde_json::json;

use crate::support::{START_MS, TestApp};

const WHOAMI: &str = "/api/current-user/whoami";
const DAY_SECONDS: i64 = 86_400;

#[tokio::test]
async fn every_kind_is_counted_on_the_token_that_was_shown() {
    let t = TestApp::with_legacy().await;
    for kind in [TokenKind::Personal, TokenKind::Key, TokenKind::Legacy] {
        let (token, text) = t.issue(&t.owner, kind).await;
        let client = t.bearer(&text).with("user-agent", "a client/1.0");
        client.get(WHOAMI).await.expect(200);
        client.get(WHOAMI).await.expect(200);
        upkeep::flush(&t.app).await.unwrap();
        let used = tokens::find(&t.app, &t.operator(), &token.id)
            .await
            .unwrap();
        assert_eq!(used.last_used_at, Some(START_MS), "{kind:?}");
        assert_eq!(used.last_used_address.as_deref(), Some("203.0.113.7"));
        assert_eq!(used.last_used_client.as_deref(), Some("a client/1.0"));
        let days = listing::uses(&t.app, &t.operator(), &token.id, 7).await;
        assert_eq!(days.unwrap(), [(START_MS.div_euclid(86_400_000), 2)]);
    }
}

#[tokio::test]
async fn an_exchange_and_its_access_token_count_for_the_personal_one() {
    let t = TestApp::new().await;
    let (token, personal) = t.issue(&t.owner, TokenKind::Personal).await;
    let access = t.access(&personal).await;
    t.bearer(&access).get(WHOAMI).await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    let days = listing::uses(&t.app, &t.operator(), &token.id, 7).await;
    assert_eq!(days.unwrap(), [(START_MS.div_euclid(86_400_000), 2)]);
}

#[tokio::test]
async fn a_refused_request_is_no_use() {
    let t = TestApp::new().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    tokens::revoke(&t.app, &t.operator(), &token.id)
        .await
        .unwrap();
    t.bearer(&text).get(WHOAMI).await.refusal(401);
    upkeep::flush(&t.app).await.unwrap();
    let unused = tokens::find(&t.app, &t.operator(), &token.id)
        .await
        .unwrap();
    assert_eq!(unused.last_used_at, None);
}

#[tokio::test]
async fn each_day_has_its_own_count_and_a_clock_set_back_makes_no_use_newer() {
    let t = TestApp::new().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    t.advance(DAY_SECONDS);
    t.bearer(&text).get(WHOAMI).await.expect(200);
    t.set_time(START_MS);
    t.bearer(&text).get(WHOAMI).await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    let used = tokens::find(&t.app, &t.operator(), &token.id)
        .await
        .unwrap();
    assert_eq!(used.last_used_at, Some(START_MS + DAY_SECONDS * 1000));
    let today = START_MS.div_euclid(86_400_000);
    let days = listing::uses(&t.app, &t.operator(), &token.id, 7).await;
    assert_eq!(days.unwrap(), [(today + 1, 1), (today, 1)]);
}

#[tokio::test]
async fn the_last_days_are_days_and_not_those_with_uses() {
    let t = TestApp::new().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    let page = format!("/user/tokens/{}", token.id);
    t.bearer(&text).get(WHOAMI).await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    t.advance(29 * DAY_SECONDS);
    let first = START_MS.div_euclid(86_400_000);
    let days = listing::uses(&t.app, &t.operator(), &token.id, 30).await;
    assert_eq!(days.unwrap(), [(first, 1)]);
    let html = t.browser(&t.owner).await.get(&page).await.text();
    assert!(html.contains("Use in the last 30 days"), "{html}");
    assert!(!html.contains("It was not used in these days."), "{html}");
    t.advance(DAY_SECONDS);
    let days = listing::uses(&t.app, &t.operator(), &token.id, 30).await;
    assert_eq!(days.unwrap(), []);
    let html = t.browser(&t.owner).await.get(&page).await.text();
    assert!(html.contains("It was not used in these days."), "{html}");
}

#[tokio::test]
async fn what_cannot_be_written_down_is_kept_for_the_next_time() {
    let t = TestApp::new().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    t.bearer(&text).get(WHOAMI).await.expect(200);
    t.database
        .meddle("alter table token_uses rename to elsewhere")
        .await;
    assert!(upkeep::flush(&t.app).await.is_err());
    t.database
        .meddle("alter table elsewhere rename to token_uses")
        .await;
    t.bearer(&text).get(WHOAMI).await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    let days = listing::uses(&t.app, &t.operator(), &token.id, 7).await;
    assert_eq!(days.unwrap(), [(START_MS.div_euclid(86_400_000), 2)]);
}

#[tokio::test]
async fn a_storm_from_many_threads_is_counted_to_the_last_request() {
    let t = TestApp::new().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    let cx = t.operator();
    let found = introspection::check(&t.app, &cx, &text, Purpose::Api).await;
    let known = found.unwrap().known;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..10_000).for_each(|_| t.app.uses.note(&cx, &known.grant)));
        }
    });
    uses::flush(&t.app).await.unwrap();
    let days = listing::uses(&t.app, &t.operator(), &token.id, 7).await;
    assert_eq!(days.unwrap(), [(START_MS.div_euclid(86_400_000), 80_001)]);
}

#[tokio::test]
async fn an_idle_token_rests_by_its_written_uses() {
    let t = TestApp::new().await;
    let (_, text) = t.issue(&t.owner, TokenKind::Key).await;
    t.change_settings(serde_json::from_value(json!({"idle_days": 7})).unwrap())
        .await;
    t.advance(6 * DAY_SECONDS);
    t.bearer(&text).get(WHOAMI).await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    t.advance(6 * DAY_SECONDS);
    t.bearer(&text).get(WHOAMI).await.expect(200);
    t.advance(8 * DAY_SECONDS);
    let refused = t.bearer(&text).get(WHOAMI).await.refusal(401);
    assert_eq!(refused["code"], "lifetime_over_policy");
}
