//! The page about the use of tokens: who sees it, what it says, and its numbers as CSV.

use keybearer::domain::{daily_counts, tokens, upkeep};
use keybearer_verify::TokenKind;

use crate::support::{Client, TestApp};

const PAGE: &str = "/organization/use";
const FILES: [&str; 4] = ["requests", "shares", "expiring", "refusals"];
const WHOAMI: &str = "/api/current-user/whoami";
const DAY_SECONDS: i64 = 86_400;

/// An installation whose tokens were used yesterday and today, and refused.
async fn in_use() -> (TestApp, Client) {
    let t = TestApp::with_legacy().await;
    let (_, legacy) = t.issue(&t.owner, TokenKind::Legacy).await;
    let (token, key) = t.issue(&t.owner, TokenKind::Key).await;
    for text in [&legacy, &legacy, &key] {
        t.bearer(text).get(WHOAMI).await.expect(200);
    }
    t.advance(DAY_SECONDS);
    t.bearer(&key).get(WHOAMI).await.expect(200);
    tokens::revoke(&t.app, &t.operator(), &token.id)
        .await
        .unwrap();
    t.bearer(&key).get(WHOAMI).await.expect(401);
    upkeep::flush(&t.app).await.unwrap();
    let browser = t.browser(&t.owner).await;
    (t, browser)
}

async fn csv(browser: &Client, name: &str) -> Vec<String> {
    let file = browser.get(&format!("{PAGE}/{name}.csv")).await.expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    assert_eq!(file.header("content-disposition"), disposition);
    file.text().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn refuses_members_and_says_whom_to_ask() {
    let (t, _) = in_use().await;
    let member = t.member().await;
    let browser = t.browser(&member).await;
    for path in FILES.map(|name| format!("{PAGE}/{name}.csv")) {
        browser.get(&path).await.expect(403);
    }
    let page = browser.get(PAGE).await.expect(403).text();
    assert!(page.contains("mailto:owner@example.com"), "{page}");
    assert!(!page.contains("<svg class"), "{page}");
    let stranger = t.anonymous().get(PAGE).await;
    assert!(stranger.is_redirect_to("/user/login/?next=%2Forganization%2Fuse"));
    // A token opens no page, whatever it may do.
    let token = t.client(&t.owner).await.get(PAGE).await;
    assert!(token.is_redirect_to("/user/login/?next=%2Forganization%2Fuse"));
}

#[tokio::test]
async fn another_organizations_numbers_are_not_seen() {
    let (t, own) = in_use().await;
    let (_, others) = t.other_organization().await;
    let browser = t.browser(&others).await;
    let page = browser.get(PAGE).await.expect(200).text();
    assert!(page.contains("No token was used in the last 90 days."));
    assert!(!page.contains("<svg class"), "{page}");
    let zeros = |line: &String| line.ends_with("\"0\",\"0\",\"0\"");
    assert!(csv(&browser, "requests").await[1..].iter().all(zeros));
    assert!(!csv(&own, "requests").await[1..].iter().all(zeros));
    assert_eq!(csv(&browser, "refusals").await[0], "day");
}

#[tokio::test]
async fn each_chart_has_a_picture_words_and_its_numbers() {
    let (_t, browser) = in_use().await;
    let page = browser.get(PAGE).await.expect(200).text();
    for says in [
        "4 requests in the last 90 days, 1 of them today.",
        "50% of the requests of the last 7 days came with a legacy token.",
        "No token expires in the next 30 days.",
        "1 refusal in the last 90 days, most often with the cause “Revoked” (1).",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    // Nothing ends soon, so there is nothing to draw of that.
    assert_eq!(page.matches("<svg class=\"plot\"").count(), 3);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), 3);
    assert_eq!(page.matches("<details>").count(), 3);
    for variable in ["--chart-personal", "--chart-legacy", "--chart-a"] {
        assert!(page.contains(&format!("fill=\"var({variable})\"")));
    }
    for (at, _) in page.match_indices(" id=\"") {
        let id = page[at + 5..].split('"').next().unwrap();
        let times = page.matches(&format!(" id=\"{id}\"")).count();
        assert_eq!(times, 1, "{id}");
    }
    for forbidden in ["style=", "<style", "<script>", "onclick"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[tokio::test]
async fn the_files_have_every_day_also_those_without_any() {
    let (_t, browser) = in_use().await;
    let requests = csv(&browser, "requests").await;
    assert_eq!(requests.len(), 1 + daily_counts::DAYS_BACK);
    assert_eq!(requests[0], "day,personal,key,legacy");
    assert_eq!(requests[1], "\"2025-10-06\",\"0\",\"0\",\"0\"");
    assert_eq!(requests[89], "\"2026-01-02\",\"0\",\"1\",\"2\"");
    assert_eq!(requests[90], "\"2026-01-03\",\"0\",\"1\",\"0\"");
    let shares = csv(&browser, "shares").await;
    assert_eq!(shares.len(), 1 + daily_counts::WEEKS_BACK);
    assert_eq!(shares[12], "\"2025-12-28\",\"0\",\"2\",\"2\"");
    let expiring = csv(&browser, "expiring").await;
    assert_eq!(expiring.len(), 1 + daily_counts::DAYS_AHEAD);
    let refusals = csv(&browser, "refusals").await;
    assert_eq!(refusals[0], "day,revoked");
    assert_eq!(refusals[90], "\"2026-01-03\",\"1\"");
    for name in ["", "x.csv", "requests", "requests.json"] {
        browser
            .get(&format!("{PAGE}/{name}"))
            .await
            .expect(match name {
                "" => 200,
                _ => 404,
            });
    }
}

#[tokio::test]
async fn a_hundredth_that_is_left_is_neither_none_nor_all() {
    let t = TestApp::with_legacy().await;
    let browser = t.browser(&t.owner).await;
    let day = t.app.clock.now().div_euclid(86_400_000);
    t.database
        .meddle(&format!(
            "insert into daily_uses (organization_id, day, kind, uses) values \
             (1, {day}, 'legacy', 1), (1, {day}, 'personal', 100000), \
             (1, {day} - 80, 'legacy', 100000), (1, {day} - 80, 'personal', 1)"
        ))
        .await;
    let page = browser.get(PAGE).await.expect(200).text();
    let says = "1% of the requests of the last 7 days came with a legacy token, down from 99% 12 weeks ago.";
    assert!(page.contains(says), "{page}");
}
