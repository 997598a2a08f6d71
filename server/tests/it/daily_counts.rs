//! What an organization's admins see of the use of its tokens, by day: true, whole, and nobody
//! else's.

use keybearer::domain::daily_counts::{self, Counts, DAYS_AHEAD, DAYS_BACK, Report, WEEKS_BACK};
use keybearer::domain::tokens::TokenSpec;
use keybearer::domain::users::User;
use keybearer::domain::{tokens, upkeep};
use keybearer::error::Error;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::{START_MS, TestApp, signed_in};
use crate::v1::{key, made};

const WHOAMI: &str = "/api/current-user/whoami";
const DAY_SECONDS: i64 = 86_400;
const TODAY: i64 = START_MS.div_euclid(86_400_000);

async fn report(t: &TestApp, user: &User) -> Report {
    upkeep::flush(&t.app).await.unwrap();
    let cx = signed_in(t, user).await;
    daily_counts::report(&t.app, &cx).await.unwrap()
}

/// The counts that are not zero: name, day from the first one, count.
fn seen(counts: &Counts) -> Vec<(&str, usize, i64)> {
    let mut seen = Vec::new();
    for series in &counts.series {
        for (at, count) in series.counts.iter().enumerate().filter(|pair| *pair.1 > 0) {
            seen.push((series.name.as_str(), at, *count));
        }
    }
    seen
}

/// A legacy token of an organization that has switched them off.
async fn switched_off(t: &TestApp) -> String {
    let (_, text) = t.issue(&t.owner, TokenKind::Legacy).await;
    let change = json!({"legacy_enabled": false});
    t.change_settings(serde_json::from_value(change).unwrap())
        .await;
    text
}

#[tokio::test]
async fn refuses_members_and_tokens_without_the_scope() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let cx = signed_in(&t, &member).await;
    let refused = daily_counts::report(&t.app, &cx).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let refused = daily_counts::report(&t.app, &t.operator()).await;
    assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    let admin = t.admin().await;
    let cx = signed_in(&t, &admin).await;
    daily_counts::report(&t.app, &cx).await.unwrap();
}

#[tokio::test]
async fn requests_are_counted_by_day_and_kind_and_access_tokens_as_personal_ones() {
    let t = TestApp::with_legacy().await;
    let (_, key) = t.issue(&t.owner, TokenKind::Key).await;
    let (_, legacy) = t.issue(&t.owner, TokenKind::Legacy).await;
    let personal = t.personal(&t.owner).await;
    for text in [&key, &key, &legacy] {
        t.bearer(text).get(WHOAMI).await.expect(200);
    }
    t.advance(DAY_SECONDS);
    let access = t.access(&personal).await;
    for text in [&key, &access] {
        t.bearer(text).get(WHOAMI).await.expect(200);
    }
    let report = report(&t, &t.owner).await;
    assert_eq!(report.requests.first_day, TODAY + 2 - 90);
    assert!(
        report
            .requests
            .series
            .iter()
            .all(|series| series.counts.len() == DAYS_BACK)
    );
    let (yesterday, today) = (DAYS_BACK - 2, DAYS_BACK - 1);
    let expected = [
        ("personal", today, 2),
        ("key", yesterday, 2),
        ("key", today, 1),
        ("legacy", yesterday, 1),
    ];
    assert_eq!(seen(&report.requests), expected);
    let week = WEEKS_BACK - 1;
    let expected = [("personal", week, 2), ("key", week, 3), ("legacy", week, 1)];
    assert_eq!(seen(&report.weeks), expected);
    assert_eq!(report.weeks.first_day, TODAY + 2 - 84);
}

#[tokio::test]
async fn what_is_older_than_the_window_is_not_shown() {
    let t = TestApp::with_legacy().await;
    let (_, text) = t.issue(&t.owner, TokenKind::Legacy).await;
    t.bearer(&text).get(WHOAMI).await.expect(200);
    t.advance(89 * DAY_SECONDS);
    let shown = report(&t, &t.owner).await;
    assert_eq!(seen(&shown.requests), [("legacy", 0, 1)]);
    t.advance(DAY_SECONDS);
    assert_eq!(report(&t, &t.owner).await.requests.total(), 0);
}

#[tokio::test]
async fn a_refusal_counts_by_what_the_client_was_told() {
    let t = TestApp::with_legacy().await;
    let switched_off = switched_off(&t).await;
    let (revoked, revoked_text) = t.issue(&t.owner, TokenKind::Key).await;
    tokens::revoke(&t.app, &t.operator(), &revoked.id)
        .await
        .unwrap();
    let (_, read_only) = key(&t, &t.owner, &["read"]).await;
    let spec = TokenSpec {
        rate_per_minute: Some(1),
        ..TokenSpec::new(TokenKind::Key, t.owner.id)
    };
    let (_, limited) = made(&t, spec, (&[], &[])).await;
    t.bearer(&switched_off).get(WHOAMI).await.expect(401);
    for _ in 0..3 {
        t.bearer(&revoked_text).get(WHOAMI).await.expect(401);
    }
    read_only.get("/api/v1/audit-events").await.expect(403);
    read_only.delete("/api/users/1").await.expect(403);
    limited.get(WHOAMI).await.expect(200);
    limited.get(WHOAMI).await.expect(429);
    let report = report(&t, &t.owner).await;
    let today = DAYS_BACK - 1;
    let expected = [
        ("revoked", today, 3),
        ("scope_missing", today, 2),
        ("rate_limited", today, 1),
        ("type_disabled", today, 1),
    ];
    assert_eq!(seen(&report.refusals), expected);
}

#[tokio::test]
async fn a_stranger_makes_no_count_grow() {
    let t = TestApp::with_signing_secret().await;
    let (_, other) = t.issue(&t.owner, TokenKind::Key).await;
    let unknown = other.replace("kb_", "kb_x");
    let strange = ["x".repeat(40), "f".repeat(40), unknown, "a.b.c".into()];
    for text in &strange {
        t.bearer(text).get(WHOAMI).await.expect(401);
    }
    t.anonymous().get(WHOAMI).await.expect(401);
    let report = report(&t, &t.owner).await;
    assert!(report.refusals.series.is_empty());
    assert_eq!(report.requests.total(), 0);
}

#[tokio::test]
async fn another_organization_sees_its_own_numbers_alone() {
    let t = TestApp::with_legacy().await;
    let (_, others) = t.other_organization().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    t.bearer(&text).get(WHOAMI).await.expect(200);
    tokens::revoke(&t.app, &t.operator(), &token.id)
        .await
        .unwrap();
    t.bearer(&text).get(WHOAMI).await.expect(401);
    t.issue(&t.owner, TokenKind::Personal).await;
    let (_, theirs) = t.issue(&others, TokenKind::Legacy).await;
    t.bearer(&theirs).get(WHOAMI).await.expect(200);

    let report_of_others = report(&t, &others).await;
    let today = DAYS_BACK - 1;
    assert_eq!(seen(&report_of_others.requests), [("legacy", today, 1)]);
    assert_eq!(seen(&report_of_others.refusals), []);
    assert_eq!(report_of_others.expiring.total(), 0);
    let own = report(&t, &t.owner).await;
    assert_eq!(seen(&own.requests), [("key", today, 1)]);
    assert_eq!(seen(&own.refusals), [("revoked", today, 1)]);
}

#[tokio::test]
async fn living_tokens_that_end_within_thirty_days_are_counted_by_day() {
    let t = TestApp::with_legacy().await;
    let issue = async |kind, ttl_days| {
        let spec = TokenSpec {
            ttl_days: Some(ttl_days),
            ..TokenSpec::new(kind, t.owner.id)
        };
        let made = tokens::issue(&t.app, &t.operator(), spec).await;
        made.unwrap().0.id
    };
    issue(TokenKind::Personal, 1).await;
    issue(TokenKind::Personal, 1).await;
    issue(TokenKind::Key, 29).await;
    // Beyond the window, without an end, revoked; replaced by one that ends when it did.
    issue(TokenKind::Key, 30).await;
    t.issue(&t.owner, TokenKind::Legacy).await;
    let revoked = issue(TokenKind::Key, 2).await;
    tokens::revoke(&t.app, &t.operator(), &revoked)
        .await
        .unwrap();
    let rotated = issue(TokenKind::Key, 3).await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    client
        .post(
            &format!("/api/v1/tokens/{rotated}/rotation"),
            &json!({"overlap_hours": 48}),
        )
        .await
        .expect(201);

    let shown = report(&t, &t.owner).await.expiring;
    assert_eq!(shown.first_day, TODAY);
    assert_eq!(shown.series[0].counts.len(), DAYS_AHEAD);
    let expected = [("personal", 1, 2), ("key", 3, 1), ("key", 29, 1)];
    assert_eq!(seen(&shown), expected);
    // A day later what has ended is gone, and one more day is in sight.
    t.advance(DAY_SECONDS);
    let shown = report(&t, &t.owner).await.expiring;
    let expected = [("key", 2, 1), ("key", 28, 1), ("key", 29, 1)];
    assert_eq!(seen(&shown), expected);
}

#[tokio::test]
async fn refusals_that_could_not_be_written_down_are_written_down_next_time() {
    let t = TestApp::with_legacy().await;
    let text = switched_off(&t).await;
    t.bearer(&text).get(WHOAMI).await.expect(401);
    t.database
        .meddle("alter table daily_refusals rename to elsewhere")
        .await;
    assert!(upkeep::flush(&t.app).await.is_err());
    t.database
        .meddle("alter table elsewhere rename to daily_refusals")
        .await;
    t.bearer(&text).get(WHOAMI).await.expect(401);
    let shown = report(&t, &t.owner).await.refusals;
    assert_eq!(seen(&shown), [("type_disabled", DAYS_BACK - 1, 2)]);
}

#[tokio::test]
async fn what_was_counted_before_the_table_was_there_is_in_it() {
    let t = TestApp::new().await;
    for _ in 0..2 {
        let (_, text) = t.issue(&t.owner, TokenKind::Key).await;
        t.bearer(&text).get(WHOAMI).await.expect(200);
    }
    upkeep::flush(&t.app).await.unwrap();
    t.database
        .meddle(
            "drop table daily_uses; drop table daily_refusals; \
             drop index tokens_organization_expiry; \
             delete from migrations where name = '0005_daily_counts'",
        )
        .await;
    t.another_node().await;
    let shown = report(&t, &t.owner).await.requests;
    assert_eq!(seen(&shown), [("key", DAYS_BACK - 1, 2)]);
}
