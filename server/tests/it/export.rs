//! The export: everything, and no secret unless it is asked for.

use keybearer::domain::export::{self, Extra};
use keybearer::error::Error;
use keybearer_verify::TokenKind;
use serde_json::Value;

use crate::support::TestApp;

async fn exported(t: &TestApp, extra: Extra) -> String {
    let mut out = Vec::new();
    export::write(&t.app, &t.operator(), &mut out, extra)
        .await
        .unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn refuses_whoever_is_not_the_operator() {
    let t = TestApp::new().await;
    let cx = keybearer::cx::Cx {
        actor: keybearer::cx::Actor::Anonymous,
        ..t.operator()
    };
    let mut out = Vec::new();
    let refused = export::write(&t.app, &cx, &mut out, Extra::default()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    assert!(out.is_empty());
}

#[tokio::test]
async fn everything_is_in_it_and_no_secret_unless_asked_for() {
    let t = TestApp::with_legacy().await;
    let member = t.member_with_password().await;
    t.session(&member).await;
    let legacy = t.text(&member, TokenKind::Legacy).await;
    let (key, _) = t.issue(&member, TokenKind::Key).await;
    let text = exported(&t, Extra::default()).await;
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for table in [
        "users",
        "organizations",
        "memberships",
        "tokens",
        "signing_keys",
        "audit_events",
    ] {
        assert!(
            lines.iter().any(|line| line["table"] == table),
            "{table} is not in it"
        );
    }
    let token = lines
        .iter()
        .find(|line| line["id"] == key.id.as_str())
        .unwrap();
    let hash: String = key.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(token["hash"], hash.as_str());
    let user = lines
        .iter()
        .find(|line| line["email"] == "member@example.com")
        .unwrap();
    assert_eq!(
        (&user["is_active"], &user["id"]),
        (&true.into(), &member.id.into())
    );
    for secret in [
        "$argon2",
        "\"sealed\"",
        "invite_sealed",
        "invite_hash",
        "\"sessions\"",
        &legacy,
    ] {
        assert!(!text.contains(secret), "{secret} is in it");
    }
    let all = Extra {
        password_hashes: true,
        legacy_tokens: true,
    };
    let text = exported(&t, all).await;
    assert!(text.contains("$argon2id$") && text.contains(&legacy));
    assert!(!text.contains("sealed\""));
}
