//! Making tokens on the pages of one's account.

use keybearer::domain::policy::PolicyChange;
use keybearer_verify::TokenKind;

use super::browse::{make, secret};
use crate::support::TestApp;

#[tokio::test]
async fn refuses_what_is_not_right_and_keeps_what_was_typed() {
    let t = TestApp::new().await;
    t.change_settings(PolicyChange {
        max_ttl_days: Some(Some(60)),
        ..PolicyChange::default()
    })
    .await;
    let browser = t.browser(&t.owner).await;
    for (field, value) in [
        ("ttl_days", "61"),
        ("ttl_days", "0"),
        ("ttl_days", "soon"),
        ("name", "a\u{202e}b"),
        ("rules", "GET"),
        ("ip_ranges", "nowhere"),
        ("rate_per_minute", "0"),
        ("rate_per_minute", "many"),
    ] {
        let fields = [("name", "Nightly"), ("note", "of Ada"), (field, value)];
        let page = make(&browser, "key-token", &fields).await.expect(200);
        let html = page.text();
        assert!(
            html.contains(&format!("id=\"{field}-fault\"")),
            "{field}: {html}"
        );
        assert!(html.contains(value), "{field} is kept");
        assert!(html.contains("value=\"of Ada\""));
        assert!(html.contains("at most 60 days"));
    }
    let html = browser.get("/user/account/key-token").await.text();
    assert!(html.contains("You have no key token yet."));
}

#[tokio::test]
async fn shows_a_new_secret_once_with_lines_that_use_it() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for (kind, path) in [("personal", "personal-access-token"), ("key", "key-token")] {
        let page = make(&browser, path, &[("name", "CI")]).await.expect(200);
        assert_eq!(page.header("cache-control"), "no-store");
        let html = page.text();
        let secret = secret(&html);
        assert_eq!(html.matches(&secret).count(), 3, "secret, Python and curl");
        assert!(html.contains("It will not be shown again"));
        t.bearer(&secret)
            .get("/api/current-user/whoami")
            .await
            .expect(200);
        let later = browser.get(&format!("/user/account/{path}")).await.text();
        assert!(!later.contains(&secret) && later.contains("CI"), "{kind}");
    }
}

#[tokio::test]
async fn a_token_gets_what_its_form_says() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let fields = [
        ("name", "Reader"),
        ("note", "of Ada"),
        ("ttl_days", "7"),
        ("scope", "read"),
        ("scope", "tokens"),
        ("rules", "GET /api/projects/*\r\n\r\n"),
        ("ip_ranges", "192.0.2.0/24\r\n127.0.0.1"),
        ("rate_per_minute", "30"),
    ];
    make(&browser, "key-token", &fields).await.expect(200);
    let tokens = browser.get("/api/v1/tokens?kind=key").await.json();
    let token = &tokens["items"][0];
    assert_eq!(token["name"], "Reader");
    assert_eq!(token["note"], "of Ada");
    assert_eq!(
        token["scopes"],
        serde_json::json!(["read", "tokens", "GET /api/projects/*"])
    );
    assert_eq!(
        token["ip_ranges"],
        serde_json::json!(["192.0.2.0/24", "127.0.0.1/32"])
    );
    assert_eq!(token["rate_per_minute"], 30);
    let id = token["id"].as_str().unwrap();
    let html = browser
        .get(&format!("/user/tokens/{id}"))
        .await
        .expect(200)
        .text();
    for text in [
        "Reader",
        "of Ada",
        "GET /api/projects/*",
        "192.0.2.0/24",
        "30 requests a minute",
        id,
    ] {
        assert!(html.contains(text), "{text}");
    }
}

#[tokio::test]
async fn a_kind_that_is_off_says_so_and_makes_nothing() {
    let t = TestApp::with_legacy().await;
    let browser = t.browser(&t.owner).await;
    t.issue(&t.owner, TokenKind::Key).await;
    t.change_settings(PolicyChange {
        key_enabled: Some(false),
        legacy_enabled: Some(false),
        ..PolicyChange::default()
    })
    .await;
    let html = browser
        .get("/user/account/key-token")
        .await
        .expect(200)
        .text();
    assert!(html.contains("switched key tokens off"));
    assert!(html.contains("Blocked") && !html.contains("Create New Token"));
    assert_eq!(
        html.matches("<span class=\"off\">switched off</span>")
            .count(),
        2
    );
    make(&browser, "key-token", &[]).await.expect(403);
    let html = browser
        .get("/user/account/legacy-token")
        .await
        .expect(200)
        .text();
    assert!(html.contains("switched legacy tokens off: yours is refused"));
    browser
        .get("/user/account/legacy-token/reset")
        .await
        .expect(403);
    browser
        .submit("/user/account/legacy-token/reset", &[])
        .await
        .expect(403);
}
