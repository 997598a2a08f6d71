//! `/api/v1/tokens`: one's own tokens.

use keybearer::store;
use keybearer_verify::TokenKind;
use serde_json::{Value, json};

use super::{key, problem};
use crate::support::TestApp;

const TOKENS: &str = "/api/v1/tokens";

#[tokio::test]
async fn refuses_what_no_token_can_be() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    let long = "x".repeat(256);
    for (body, field) in [
        (json!({"kind": "access"}), "kind"),
        (json!({"kind": "other"}), "kind"),
        (json!({"kind": "key", "name": long}), "name"),
        (json!({"kind": "key", "name": "a\u{0}b"}), "name"),
        (json!({"kind": "key", "name": "a\u{202e}b"}), "name"),
        (json!({"kind": "key", "note": "a\nb"}), "note"),
        (json!({"kind": "key", "ttl_days": 0}), "ttl_days"),
        (json!({"kind": "key", "ttl_days": -1}), "ttl_days"),
        (
            json!({"kind": "key", "ttl_days": 1_000_000_000_000_i64}),
            "ttl_days",
        ),
        (json!({"kind": "key", "scopes": ["all"]}), "scopes"),
        (json!({"kind": "key", "scopes": ["GET /../x"]}), "scopes"),
        (
            json!({"kind": "key", "ip_ranges": ["300.0.0.1"]}),
            "ip_ranges",
        ),
        (
            json!({"kind": "key", "rate_per_minute": 0}),
            "rate_per_minute",
        ),
    ] {
        assert_eq!(
            problem(client.post(TOKENS, &body).await, 400)["field"],
            field,
            "{body}"
        );
    }
    let off = problem(client.post(TOKENS, &json!({"kind": "legacy"})).await, 403);
    assert_eq!(off["code"], "type_disabled");
    assert_eq!(
        client.get(TOKENS).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_token_is_made_seen_renamed_and_revoked_and_its_secret_is_told_once() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    let body = json!({"kind": "key", "name": "x".repeat(255), "note": "for CI", "ttl_days": 7,
        "scopes": ["read", "GET /api/projects/*"], "ip_ranges": ["192.0.2.7", "2001:db8::/32"], "rate_per_minute": 10});
    let answer = client.post(TOKENS, &body).await.expect(201);
    let made = answer.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("{TOKENS}/{id}"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(made["ip_ranges"], json!(["192.0.2.7/32", "2001:db8::/32"]));
    assert_eq!(made["created_at"], "2026-01-02T03:04:05.678Z");
    assert_eq!(made["expires_at"], "2026-01-09T03:04:05.678Z");
    t.bearer(secret)
        .at("192.0.2.7")
        .get("/api/v1/me")
        .await
        .expect(200);

    let path = format!("{TOKENS}/{id}");
    let seen = client.get(&path).await.expect(200);
    assert!(!seen.text().contains(secret) && seen.json().get("secret").is_none());
    assert_eq!(seen.json()["note"], "for CI");
    let renamed = client
        .patch(&path, &json!({"name": "CI"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&renamed["name"], &renamed["note"]),
        (&json!("CI"), &json!("for CI"))
    );
    client.delete(&path).await.expect(204);
    problem(client.delete(&path).await, 409);
    let body = problem(
        t.bearer(secret).at("192.0.2.7").get("/api/v1/me").await,
        401,
    );
    assert_eq!(body["code"], "revoked");
    // It stays listed, with when, by whom and why.
    let listed = client.get("/api/v1/tokens?state=revoked").await.json();
    let listed = &listed["items"][0];
    assert_eq!(listed["revoked_because"], "by_owner");
    assert_eq!(listed["revoked_by"], "owner@example.com");
    assert_eq!(listed["revoked_at"], "2026-01-02T03:04:05.678Z");
}

#[tokio::test]
async fn a_tokens_uses_are_told_by_day() {
    let t = TestApp::new().await;
    let (token, client) = key(&t, &t.owner, &[]).await;
    for _ in 0..3 {
        client.get("/api/v1/me").await.expect(200);
    }
    t.advance(86_400);
    client.get("/api/v1/me").await.expect(200);
    keybearer::domain::uses::flush(&t.app).await.unwrap();
    let uses = client
        .get(&format!("{TOKENS}/{}/uses", token.id))
        .await
        .expect(200)
        .json();
    assert_eq!(
        uses,
        json!({"days": [{"day": "2026-01-03", "uses": 1}, {"day": "2026-01-02", "uses": 3}]})
    );
    let seen = client.get(&format!("{TOKENS}/{}", token.id)).await.json();
    assert_eq!(seen["last_used_address"], "203.0.113.7");
    problem(client.get(&format!("{TOKENS}/nothing/uses")).await, 404);
}

#[tokio::test]
async fn ten_thousand_tokens_come_in_pages() {
    let t = TestApp::new().await;
    let (token, client) = key(&t, &t.owner, &[]).await;
    let mut tx = t.app.db.write().await.unwrap();
    for n in 0..10_000 {
        let mut more = token.clone();
        more.id = format!("more-{n}");
        more.family_id = more.id.clone();
        more.hash = more.id.clone().into_bytes();
        // Many of the same instant, so that the id decides between them.
        more.created_at -= i64::from(n / 100);
        store::tokens::insert(&mut tx, &more).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut ids = std::collections::HashSet::new();
    let mut cursor = String::new();
    for page in 0.. {
        assert!(page < 21, "there is no end of pages");
        let answer = client
            .get(&format!("{TOKENS}?limit=500{cursor}"))
            .await
            .expect(200)
            .json();
        for item in answer["items"].as_array().unwrap() {
            assert!(
                ids.insert(item["id"].as_str().unwrap().to_owned()),
                "twice: {item}"
            );
        }
        let Value::String(next) = &answer["next_cursor"] else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(ids.len(), 10_002);
}

#[tokio::test]
async fn a_list_is_filtered() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    t.issue(&t.owner, TokenKind::Personal).await;
    let count = async |query: &str| {
        let answer = client.get(&format!("{TOKENS}?{query}")).await.expect(200);
        answer.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count("kind=personal").await, 1);
    assert_eq!(count("kind=key&state=active").await, 1);
    assert_eq!(count("state=expired").await, 0);
    assert_eq!(count("search=A%20TEST%27S").await, 1);
    assert_eq!(count("search=%25").await, 0);
    assert_eq!(count("unused_since=2026-01-02T03:04:06Z").await, 3);
    assert_eq!(count("unused_since=2026-01-02T03:04:05Z").await, 0);
}
