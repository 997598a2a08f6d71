//! Access Token Settings: what is saved at once, what is asked about first, and what is refused.

use keybearer::config::policy::{Limit, PolicySettings};
use keybearer::domain::organizations::{self, Organization};
use keybearer::domain::upkeep;
use keybearer_verify::TokenKind;

use super::{updates, words};
use crate::support::{Answer, Client, TestApp};

const PATH: &str = "/organization/settings";

/// What the form of a new organization sends, with some of its fields changed; `None` leaves a box empty.
fn form<'a>(changes: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("personal_enabled", "on"),
        ("legacy_enabled", "on"),
        ("key_enabled", "on"),
        ("personal_ttl_days", "73000"),
        ("key_ttl_days", "90"),
        ("max_ttl_days", ""),
        ("idle_days", ""),
        ("direct_use", "allow"),
        ("scopes", ""),
        ("ip_ranges", ""),
        ("max_overlap_hours", "168"),
        ("on_reuse", "alert"),
    ];
    for (name, value) in changes {
        fields.retain(|(key, _)| key != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    fields
}

async fn stored(t: &TestApp) -> Organization {
    organizations::find(&t.app, &t.operator(), 1).await.unwrap()
}

async fn saves(t: &TestApp) -> usize {
    updates(t, "policy").await
}

/// The form on the page, as a browser would send it with a click on the button `name`.
fn hidden(page: &Answer, button: &str) -> Vec<(String, String)> {
    let html = page.text();
    let (_, form) = html
        .split_once("action=\"/organization/settings\"")
        .unwrap();
    let form = form.split("</form>").next().unwrap();
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    let mut fields: Vec<(String, String)> = inputs
        .map(|input| {
            let (name, rest) = input.split_once("\" value=\"").unwrap();
            (name.to_owned(), rest.split('"').next().unwrap().to_owned())
        })
        .filter(|(name, _)| name != "csrfmiddlewaretoken")
        .collect();
    if !button.is_empty() {
        fields.push((button.to_owned(), "on".to_owned()));
    }
    fields
}

async fn send(browser: &Client, fields: &[(String, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.submit(PATH, &fields).await
}

/// A field, what cannot stand in it, and what is said then.
const FAULTS: [(&str, &str, &str); 15] = [
    ("personal_ttl_days", "lots", "Write a whole number of days"),
    ("personal_ttl_days", "", "Write a whole number of days"),
    (
        "personal_ttl_days",
        "0",
        "A lifetime is between 1 and 73000 days.",
    ),
    (
        "key_ttl_days",
        "73001",
        "A lifetime is between 1 and 73000 days.",
    ),
    ("key_ttl_days", "1.5", "Write a whole number of days"),
    (
        "max_ttl_days",
        "-1",
        "A lifetime is between 1 and 73000 days.",
    ),
    (
        "max_ttl_days",
        "999999999999999999999",
        "or nothing for no limit",
    ),
    ("idle_days", "none", "or nothing for no limit"),
    ("idle_days", "0", "may lie unused is between 1 and 73000"),
    ("direct_use", "perhaps", "This is allow, warn or refuse."),
    ("scopes", "read\nfly", "fly"),
    (
        "ip_ranges",
        "10.0.0.0/8\nhome",
        "home is no address and no range",
    ),
    (
        "max_overlap_hours",
        "721",
        "An overlap is between 0 and 720 hours.",
    ),
    (
        "max_overlap_hours",
        "a day",
        "Write a whole number of hours",
    ),
    ("on_reuse", "shout", "This is alert or revoke_family."),
];

#[tokio::test]
async fn refuses_what_cannot_hold_beside_its_field_and_keeps_what_was_typed() {
    let t = TestApp::with_legacy().await;
    let browser = t.browser(&t.owner).await;
    for (field, typed, why) in FAULTS {
        // Something else is changed with it, and is not saved either.
        let fields = form(&[(field, Some(typed)), ("key_enabled", None)]);
        let page = browser.submit(PATH, &fields).await.expect(200);
        let (html, text) = (page.text(), words(&page));
        assert!(text.contains(why), "{field}={typed}: {text}");
        let described =
            format!("aria-describedby=\"{field}-hint {field}-fault\" aria-invalid=\"true\"");
        assert!(html.contains(&described), "{field}={typed}");
        assert!(html.contains(&format!("id=\"{field}-fault\"")), "{field}");
        if !matches!(field, "direct_use" | "on_reuse") {
            assert!(html.contains(typed), "{field}={typed} is kept");
        }
        assert!(!html.contains("name=\"key_enabled\" value=\"on\" checked"));
        let is_open = html.contains("<details class=\"more\" open>");
        let is_folded = ["scopes", "ip_ranges", "max_overlap_hours", "on_reuse"].contains(&field);
        assert_eq!(is_open, is_folded, "{field}");
    }
    assert_eq!(saves(&t).await, 0);
}

#[tokio::test]
async fn refuses_members_and_saves_nothing_for_them() {
    let t = TestApp::with_legacy().await;
    let member = t.browser(&t.member().await).await;
    member.get(PATH).await.expect(403);
    let fields = form(&[("key_enabled", None)]);
    member.submit(PATH, &fields).await.expect(403);
    assert!(stored(&t).await.key_enabled);
}

#[tokio::test]
async fn what_stops_nobody_is_saved_at_once() {
    let t = TestApp::with_legacy().await;
    let browser = t.browser(&t.owner).await;
    let fields = form(&[
        ("key_enabled", None),
        ("personal_ttl_days", Some(" 90 ")),
        ("idle_days", Some("30")),
        ("direct_use", Some("warn")),
        ("scopes", Some("read\r\n\r\n GET /api/projects/* \r\n")),
        ("max_overlap_hours", Some("24")),
        ("on_reuse", Some("revoke_family")),
    ]);
    let saved = browser.submit(PATH, &fields).await;
    assert!(
        saved.is_redirect_to("/organization?done=settings"),
        "{}",
        saved.text()
    );
    let page = browser.get(saved.header("location")).await;
    assert!(words(&page).contains("The settings are saved and in force."));
    let after = stored(&t).await;
    assert!(after.personal_enabled && after.legacy_enabled && !after.key_enabled);
    assert_eq!((after.personal_ttl_days, after.key_ttl_days), (90, 90));
    assert_eq!((after.max_ttl_days, after.idle_days), (None, Some(30)));
    assert_eq!(after.direct_use, "warn");
    assert_eq!(after.scopes, "read\nGET /api/projects/*");
    assert_eq!(after.on_reuse, "revoke_family");
    assert_eq!(saves(&t).await, 1);
    // The same once more changes nothing and records nothing.
    let same = browser.submit(PATH, &fields).await;
    assert!(same.is_redirect_to("/organization?done=unchanged"));
    assert_eq!(saves(&t).await, 1);
    // An emptied field takes the limit away again.
    let saved = browser.submit(PATH, &form(&[])).await;
    assert!(saved.is_redirect_to("/organization?done=settings"));
    let after = stored(&t).await;
    assert_eq!(after.idle_days, None);
    assert_eq!(after.scopes, "");
}

#[tokio::test]
async fn what_stops_tokens_is_saved_after_somebody_has_seen_which() {
    let t = TestApp::with_legacy().await;
    let member = t.member().await;
    let (_, text) = t.issue(&member, TokenKind::Key).await;
    t.issue(&member, TokenKind::Key).await;
    t.issue(&t.owner, TokenKind::Key).await;
    t.token(&text).get("/api/users").await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    t.advance(240);
    let browser = t.browser(&t.owner).await;
    let fields = form(&[("key_enabled", None), ("idle_days", Some("30"))]);
    let page = browser.submit(PATH, &fields).await.expect(200);
    let shown = words(&page);
    let headline = "3 tokens of 2 people stop, one used 4 minutes ago.";
    assert!(shown.contains(headline), "{shown}");
    let row = "member@example.com a test's Key token 4 minutes ago Kind switched off";
    assert!(shown.contains(row), "{shown}");
    assert!(
        shown.contains("owner@example.com a test's Key token never"),
        "{shown}"
    );
    assert!(shown.contains("Save and stop 3 tokens"), "{shown}");
    assert_eq!(saves(&t).await, 0);
    t.token(&text).get("/api/users").await.expect(200);

    // Back to the settings: as they were typed, and not saved.
    let back = send(&browser, &hidden(&page, "back")).await.expect(200);
    assert!(back.text().contains("<h1>Access Token Settings</h1>"));
    assert!(back.text().contains("value=\"30\""));
    assert!(
        !back
            .text()
            .contains("name=\"key_enabled\" value=\"on\" checked")
    );
    assert_eq!(saves(&t).await, 0);

    // One token more than was seen is shown first.
    t.issue(&member, TokenKind::Key).await;
    let page = send(&browser, &hidden(&page, "")).await.expect(200);
    assert!(words(&page).contains("Save and stop 4 tokens"));
    assert_eq!(saves(&t).await, 0);

    let saved = send(&browser, &hidden(&page, "")).await;
    assert!(
        saved.is_redirect_to("/organization?done=settings"),
        "{}",
        saved.text()
    );
    t.token(&text).get("/api/users").await.refusal(401);
    assert_eq!(stored(&t).await.idle_days, Some(30));
}

#[tokio::test]
async fn locking_label_studios_clients_out_is_asked_about_even_if_no_token_stops() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    // Legacy tokens are off in this one.
    let fields = form(&[("personal_enabled", None), ("legacy_enabled", None)]);
    let page = browser.submit(PATH, &fields).await.expect(200);
    let shown = words(&page);
    assert!(
        shown.contains("Label Studio's clients will be locked out."),
        "{shown}"
    );
    assert!(shown.contains("Save and lock the clients out"), "{shown}");
    assert!(stored(&t).await.personal_enabled);
    // A number of tokens alone is no answer to that.
    let mut fields_seen = fields.clone();
    fields_seen.push(("stops", "99"));
    browser.submit(PATH, &fields_seen).await.expect(200);
    assert!(stored(&t).await.personal_enabled);
    send(&browser, &hidden(&page, "")).await.expect(302);
    let after = stored(&t).await;
    assert!(!after.personal_enabled && !after.legacy_enabled);
    // With both off, the rest can still be changed without a question.
    let fields = form(&[
        ("personal_enabled", None),
        ("legacy_enabled", None),
        ("key_ttl_days", Some("30")),
    ]);
    browser.submit(PATH, &fields).await.expect(302);
    assert_eq!(stored(&t).await.key_ttl_days, 30);
}

#[tokio::test]
async fn what_the_servers_settings_say_does_not_look_changeable_and_is_not() {
    let t = TestApp::with(|settings| {
        settings.enable_legacy_tokens = Some(true);
        settings.policy = PolicySettings {
            key_enabled: Some(true),
            max_ttl_days: Some(Limit(None)),
            ip_ranges: Some(vec!["203.0.113.0/24".into()]),
            ..PolicySettings::default()
        };
    })
    .await;
    let browser = t.browser(&t.owner).await;
    for path in [PATH, "/organization"] {
        let html = browser.get(path).await.expect(200).text();
        for field in ["key_enabled", "max_ttl_days", "ip_ranges"] {
            let fixed = format!("aria-describedby=\"{field}-hint {field}-ruled\" disabled");
            assert!(html.contains(&fixed), "{path} {field}");
            assert!(html.contains(&format!("id=\"{field}-ruled\">Set by the server")));
        }
        assert_eq!(html.matches(" disabled").count(), 3, "{path}");
    }
    // A browser sends nothing of those fields; somebody else may.
    let mut fields = form(&[("key_enabled", None), ("ip_ranges", Some("10.0.0.0/8"))]);
    fields.push(("max_ttl_days", "5"));
    let answer = browser.submit(PATH, &fields).await;
    assert!(
        answer.is_redirect_to("/organization?done=unchanged"),
        "{}",
        answer.text()
    );
    let after = stored(&t).await;
    assert!(after.key_enabled && after.max_ttl_days.is_none());
    assert_eq!(after.ip_ranges, "203.0.113.0/24");
    // The settings rule the first organization alone.
    let (_, others) = t.other_organization().await;
    let theirs = t.browser(&others).await.get(PATH).await.expect(200);
    assert!(!theirs.text().contains(" disabled"));
}

#[tokio::test]
async fn a_long_list_of_what_stops_is_cut_and_says_so() {
    let t = TestApp::with_legacy().await;
    let member = t.member().await;
    for _ in 0..51 {
        t.issue(&member, TokenKind::Key).await;
    }
    let browser = t.browser(&t.owner).await;
    let page = browser.submit(PATH, &form(&[("key_enabled", None)])).await;
    let shown = words(&page.expect(200));
    assert!(
        shown.contains("51 tokens of 1 person stop, never used so far."),
        "{shown}"
    );
    assert!(
        shown.contains("And 1 more, used longer ago or never."),
        "{shown}"
    );
    assert_eq!(shown.matches("Kind switched off").count(), 50);
}
