//! The page of the audit log: who sees it, its filter, its pages, its files, and its word on whether
//! the log is whole.

use keybearer_verify::TokenKind;
use serde_json::Value;

use crate::support::sources::files;
use crate::support::{Client, TestApp};

const PAGE: &str = "/organization/audit";

/// The ids of the events on a page, in its order.
fn ids(page: &str) -> Vec<i64> {
    let rows = page.split("<tr id=\"event-").skip(1);
    rows.map(|row| row.split('"').next().unwrap().parse().unwrap())
        .collect()
}

async fn shown(browser: &Client, query: &str) -> String {
    browser
        .get(&format!("{PAGE}{query}"))
        .await
        .expect(200)
        .text()
}

#[tokio::test]
async fn refuses_members_and_says_whom_to_ask() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let browser = t.browser(&member).await;
    for path in ["/events.csv", "/events.jsonl"] {
        browser.get(&format!("{PAGE}{path}")).await.expect(403);
    }
    let page = browser.get(PAGE).await.expect(403).text();
    assert!(page.contains("mailto:owner@example.com"), "{page}");
    assert!(ids(&page).is_empty());
    let stranger = t.anonymous().get(&format!("{PAGE}?actor=x")).await;
    assert!(stranger.is_redirect_to("/user/login/?next=%2Forganization%2Faudit%3Factor%3Dx"));
}

#[tokio::test]
async fn refuses_days_that_are_none_and_keeps_what_was_typed() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for (query, fault) in [
        ("from=x%22y", "Write a day, such as 2026-01-31."),
        ("to=2026-02-30", "Write a day, such as 2026-01-31."),
        (
            "from=2026-01-02&to=2026-01-01",
            "This day is before the first one.",
        ),
    ] {
        let query = format!("?{query}&subject=user+%3Cb%3E");
        let page = browser
            .get(&format!("{PAGE}{query}"))
            .await
            .expect(400)
            .text();
        assert!(page.contains(fault), "{page}");
        assert!(page.contains("value=\"user &#60;b&#62;\""), "{page}");
        assert!(ids(&page).is_empty());
        let file = browser.get(&format!("{PAGE}/events.csv{query}")).await;
        assert!(file.expect(400).text().contains(fault));
    }
    browser.get(&format!("{PAGE}/events.xml")).await.expect(404);
}

#[tokio::test]
async fn another_organizations_events_are_not_seen() {
    let t = TestApp::new().await;
    let (_, others) = t.other_organization().await;
    t.issue(&t.owner, TokenKind::Key).await;
    let browser = t.browser(&others).await;
    for query in ["", "?actor=owner@example.com", "?subject=user+1"] {
        let page = shown(&browser, query).await;
        assert!(!page.contains("owner@example.com</a>"), "{page}");
        for file in ["/events.csv", "/events.jsonl"] {
            let file = browser
                .get(&format!("{PAGE}{file}{query}"))
                .await
                .expect(200);
            assert!(!file.text().contains("owner@example.com"));
        }
    }
}

#[tokio::test]
async fn what_the_operator_does_to_the_organization_is_seen_by_its_admins_alone() {
    let t = TestApp::new().await;
    let (_, others) = t.other_organization().await;
    let (token, _) = t.issue(&t.owner, TokenKind::Key).await;
    let query = format!("?subject=token+{}", token.id);
    let own = t.browser(&t.owner).await;
    let page = shown(&own, &query).await;
    assert_eq!(ids(&page).len(), 1);
    assert!(page.contains("operator</a>") && page.contains("command line"));
    let theirs = t.browser(&others).await;
    assert!(ids(&shown(&theirs, &query).await).is_empty());
}

#[tokio::test]
async fn the_filter_takes_each_field_and_all_together() {
    let t = TestApp::new().await;
    let member = t.member().await;
    t.advance(86_400);
    let client = t.client(&member).await;
    let made = client
        .post(
            "/api/v1/tokens",
            &serde_json::json!({"kind": "key", "name": "mine"}),
        )
        .await
        .expect(201)
        .json();
    let browser = t.browser(&t.owner).await;
    let all = ids(&shown(&browser, "").await);
    assert!(all.is_sorted_by(|a, b| a > b) && all.len() >= 4, "{all:?}");
    let subject = format!("subject=token+{}", made["id"].as_str().unwrap());
    let together = format!(
        "?actor=+Member@example.com&action=token.issue&{subject}&outcome=ok&from=2026-01-03&to=2026-01-03"
    );
    for query in [
        &together,
        &format!("?{subject}"),
        "?actor=member@example.com",
    ] {
        let page = shown(&browser, query).await;
        assert_eq!(ids(&page).len(), 1, "{query}");
        assert!(page.contains("Token made"), "{query}");
        assert!(page.contains("kind: key"), "{query}");
        assert!(page.contains("Show all"), "{query}");
    }
    for query in [
        "?from=2026-01-04",
        "?outcome=wrong_password",
        "?to=2026-01-01",
        "?actor=x",
    ] {
        let page = shown(&browser, query).await;
        assert!(ids(&page).is_empty(), "{query}");
        assert!(page.contains("No event matches this filter."), "{query}");
    }
    // A day ends with its last moment: what happened on it is on it.
    let first_day = ids(&shown(&browser, "?to=2026-01-02").await);
    let second_day = ids(&shown(&browser, "?from=2026-01-03").await);
    assert!(!first_day.is_empty() && !second_day.is_empty());
    assert_eq!(first_day.len() + second_day.len(), all.len());
}

#[tokio::test]
async fn the_pages_have_every_event_once() {
    let t = TestApp::new().await;
    for _ in 0..60 {
        t.issue(&t.owner, TokenKind::Key).await;
    }
    let browser = t.browser(&t.owner).await;
    let mut seen = Vec::new();
    let mut path = format!("{PAGE}?action=token.issue");
    loop {
        let page = browser.get(&path).await.expect(200).text();
        seen.extend(ids(&page));
        let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else {
            break;
        };
        path = rest.split('"').next().unwrap().replace("&#38;", "&");
        assert!(path.contains("action=token.issue"), "{path}");
    }
    assert_eq!(seen.len(), 60);
    assert!(seen.is_sorted_by(|a, b| a > b));
}

#[tokio::test]
async fn the_files_have_what_the_filter_matches_and_no_formulas() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let name = "=HYPERLINK(\"x\")";
    for name in [name, "plain"] {
        client
            .post(
                "/api/v1/tokens",
                &serde_json::json!({"kind": "key", "name": name}),
            )
            .await
            .expect(201);
    }
    let browser = t.browser(&t.owner).await;
    let query = "?actor=owner@example.com&action=token.issue";
    let csv = browser
        .get(&format!("{PAGE}/events.csv{query}"))
        .await
        .expect(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename=\"events.csv\""
    );
    let text = csv.text();
    assert_eq!(text.lines().count(), 3);
    assert!(text.starts_with("id,at,actor,actor_id,address,action,"));
    for cell in text.lines().flat_map(|line| line.split("\",\"")) {
        let cell = cell.trim_start_matches('"');
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
    let lines = browser
        .get(&format!("{PAGE}/events.jsonl{query}"))
        .await
        .expect(200);
    assert_eq!(lines.header("content-type"), "application/jsonl");
    let text = lines.text();
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["detail"]["name"], name);
}

#[tokio::test]
async fn a_file_of_more_than_a_batch_has_every_event_once() {
    let t = TestApp::new().await;
    t.database
        .meddle(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 2500) \
             insert into audit_events (id, at, actor, address, action, subject, organization_id, outcome, detail, \
             previous_digest, digest) select 1000 + i, i, 'many', '', 'token.issue', 'token x', 1, 'ok', '{}', '', '' \
             from n",
        )
        .await;
    let browser = t.browser(&t.owner).await;
    let file = browser
        .get(&format!("{PAGE}/events.jsonl?actor=many"))
        .await;
    let text = file.expect(200).text();
    let ids: Vec<i64> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_i64()
                .unwrap()
        })
        .collect();
    assert_eq!(ids.len(), 2500);
    assert!(ids.is_sorted_by(|a, b| a > b));
}

#[tokio::test]
async fn the_page_says_when_the_log_was_meddled_with() {
    for (sql, is_whole) in [
        ("select 1", true),
        ("update audit_events set actor = 'x' where id = 2", false),
        ("delete from audit_events where id = 2", false),
        (
            "delete from audit_events where id = (select max(id) from audit_events)",
            false,
        ),
    ] {
        let t = TestApp::new().await;
        let browser = t.browser(&t.owner).await;
        t.issue(&t.owner, TokenKind::Key).await;
        t.database.meddle(sql).await;
        let page = shown(&browser, "").await;
        assert_eq!(page.contains("Checked just now"), is_whole, "{sql}");
        assert_eq!(page.contains("The log was changed"), !is_whole, "{sql}");
    }
}

#[tokio::test]
async fn an_older_event_that_was_meddled_with_is_a_matter_of_the_command_alone() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for _ in 0..5 {
        t.issue(&t.owner, TokenKind::Key).await;
    }
    let cx = crate::support::signed_in(&t, &t.owner).await;
    let newest = async |most| {
        let chain = keybearer::domain::audit::verify_newest(&t.app, &cx, most).await;
        format!("{:?}", chain.unwrap())
    };
    assert_eq!(newest(3).await, "Whole { events: 3 }");
    t.database
        .meddle("update audit_events set actor = 'x' where id = 1")
        .await;
    assert_eq!(newest(3).await, "Whole { events: 3 }");
    assert_eq!(newest(1000).await, "Broken { at: 1 }");
    assert!(shown(&browser, "").await.contains("The log was changed"));
}

#[tokio::test]
async fn every_action_that_is_recorded_can_be_chosen_and_has_words() {
    // These are no organization's, or no events of the log.
    let others = ["signing_key.", "token.expired", "token.expiring"];
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let page = shown(&browser, "").await;
    let nouns = [
        "user.",
        "token.",
        "member.",
        "organization.",
        "session.",
        "signing_key.",
    ];
    let mut found = 0;
    for source in files("server/src/domain", &[".rs"]) {
        for text in source.text.split('"').skip(1).step_by(2) {
            let is_action = nouns.iter().any(|noun| {
                text.strip_prefix(noun).is_some_and(|verb| {
                    !verb.is_empty() && verb.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                })
            });
            if is_action && !others.iter().any(|other| text.starts_with(other)) {
                assert!(
                    page.contains(&format!("<option value=\"{text}\"")),
                    "{text}"
                );
                found += 1;
            }
        }
    }
    assert!(found > 15, "{found}");
}
