//! The audit log: one event for each change, whichever door it came by, in a chain that shows every
//! gap.

use axum::http::Method;
use keybearer::domain::audit::{self, AuditEvent, AuditFilter, Chain};
use keybearer_verify::TokenKind;

use crate::support::{TestApp, forge};
use crate::v1::{TABLE, key, routes};

const LABEL_STUDIO: &str = include_str!("../../src/http/label_studio/mod.rs");

/// Each route that changes something: a body for it, and its one event; none for those that write
/// nothing worth a record.
///
/// The id of a user is the member's, that of a token another one of the owner's.
#[rustfmt::skip]
const CHANGES: [(&str, &str, &str, Option<&str>); 21] = [
    ("POST", "/api/token", "{}", Some("token.issue")),
    // An exchange gives out what the personal access token could do already.
    ("POST", "/api/token/refresh", r#"{"refresh": "OWNERS"}"#, None),
    ("POST", "/api/token/blacklist", r#"{"refresh": "LISTED"}"#, Some("token.revoke")),
    ("POST", "/api/token/rotate", r#"{"refresh": "OWNERS"}"#, Some("token.rotate")),
    ("POST", "/api/jwt/settings", r#"{"api_token_ttl_days": 7}"#, Some("organization.update")),
    ("POST", "/api/current-user/reset-token", "", Some("token.issue")),
    ("PATCH", "/api/current-user/hotkeys", r#"{"custom_hotkeys": {}}"#, Some("user.hotkeys")),
    ("POST", "/api/users", r#"{"username": "n", "email": "new@example.com"}"#, Some("user.add")),
    ("PATCH", "/api/users/{id}", r#"{"phone": "1"}"#, Some("user.update")),
    ("DELETE", "/api/users/{id}", "", Some("user.delete")),
    // It is always refused.
    ("POST", "/api/organizations", r#"{"title": "New"}"#, None),
    ("PATCH", "/api/organizations/{id}", r#"{"title": "New"}"#, Some("organization.update")),
    ("PUT", "/api/organizations/{id}", r#"{"title": "New"}"#, Some("organization.update")),
    ("DELETE", "/api/organizations/{id}/memberships/{user_id}", "", Some("member.remove")),
    ("POST", "/api/invite/reset-token", "", Some("organization.update")),
    ("POST", "/api/v1/tokens", r#"{"kind": "key"}"#, Some("token.issue")),
    ("PATCH", "/api/v1/tokens/{id}", r#"{"name": "x"}"#, Some("token.rename")),
    ("DELETE", "/api/v1/tokens/{id}", "", Some("token.revoke")),
    ("POST", "/api/v1/tokens/{id}/rotation", "", Some("token.rotate")),
    ("DELETE", "/api/v1/users/{id}/tokens", "", Some("token.revoke_all")),
    ("PATCH", "/api/v1/organizations/{id}/policy", r#"{"key_ttl_days": 7}"#, Some("organization.update")),
];

async fn events(t: &TestApp) -> Vec<AuditEvent> {
    let filter = AuditFilter {
        limit: 1000,
        ..AuditFilter::default()
    };
    audit::list(&t.app, &t.operator(), filter).await.unwrap()
}

#[test]
fn every_route_that_changes_something_is_in_the_table() {
    let mut there: Vec<(String, String)> = [TABLE, LABEL_STUDIO]
        .iter()
        .flat_map(|table| routes(table))
        .collect();
    there.retain(|(method, _)| method != "GET");
    let mut told: Vec<(String, String)> = CHANGES
        .iter()
        .map(|row| (row.0.into(), row.1.into()))
        .collect();
    there.sort();
    told.sort();
    assert_eq!(told, there);
}

#[tokio::test]
async fn every_change_has_exactly_one_event() {
    for (method, path, body, action) in CHANGES {
        let t = TestApp::with_legacy().await;
        let member = t.member().await;
        let (token, _) = key(&t, &t.owner, &[]).await;
        let (_, client) = key(&t, &t.owner, &[]).await;
        let owners = t.issue(&t.owner, TokenKind::Personal).await.1;
        let ids = if path.contains("/users/") {
            member.id.to_string()
        } else if path.contains("/tokens/") {
            token.id
        } else {
            "1".into()
        };
        let path = path
            .replace("{id}", &ids)
            .replace("{user_id}", &member.id.to_string());
        let body = body
            .replace("OWNERS", &owners)
            .replace("LISTED", &forge::unsigned_part(&owners));
        let before = events(&t).await.len();
        let json = (!body.is_empty()).then_some("application/json");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = client
            .send(method.clone(), &path, json, body.into_bytes())
            .await;
        let after = events(&t).await;
        let new: Vec<&str> = after
            .iter()
            .take(after.len() - before)
            .map(|event| event.action.as_str())
            .collect();
        let expected: Vec<&str> = action.into_iter().collect();
        assert_eq!(new, expected, "{method} {path}: {}", answer.text());
        if action.is_some() {
            assert!(answer.status < 300, "{method} {path}: {}", answer.text());
            assert_eq!(after[0].actor, "owner@example.com");
            assert_eq!(after[0].address, "203.0.113.7");
            // What is refused leaves no event.
            let refused = t.anonymous().send(method, &path, None, Vec::new()).await;
            assert!(refused.status >= 400);
            assert_eq!(events(&t).await.len(), after.len());
        }
    }
}

#[tokio::test]
async fn the_chain_shows_what_was_changed_or_taken_away() {
    let meddled = async |sql: &str| {
        let t = TestApp::new().await;
        for _ in 0..5 {
            t.issue(&t.owner, TokenKind::Key).await;
        }
        let count = i64::try_from(events(&t).await.len()).unwrap();
        assert_eq!(
            audit::verify(&t.app).await.unwrap(),
            Chain::Whole { events: count }
        );
        t.database
            .meddle(&sql.replace("LAST", &count.to_string()))
            .await;
        (audit::verify(&t.app).await.unwrap(), count)
    };
    for column in ["actor", "address", "action", "subject", "outcome", "detail"] {
        let (chain, _) = meddled(&format!(
            "update audit_events set {column} = 'x' where id = 3"
        ))
        .await;
        assert_eq!(chain, Chain::Broken { at: 3 }, "{column}");
    }
    for change in ["at = at + 1", "actor_id = 9", "organization_id = 9"] {
        let (chain, _) = meddled(&format!("update audit_events set {change} where id = 3")).await;
        assert_eq!(chain, Chain::Broken { at: 3 }, "{change}");
    }
    let (chain, _) = meddled("delete from audit_events where id = 3").await;
    assert_eq!(chain, Chain::Broken { at: 4 });
    let (chain, count) = meddled("delete from audit_events where id = LAST").await;
    assert_eq!(
        chain,
        Chain::CutOff {
            written: count,
            there: count - 1
        }
    );
    let (chain, count) = meddled("delete from audit_events").await;
    assert_eq!(
        chain,
        Chain::CutOff {
            written: count,
            there: 0
        }
    );
}
