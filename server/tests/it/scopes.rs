//! What a token's scopes, address ranges and limit of requests let through.

use axum::http::Method;
use keybearer::domain::tokens::TokenSpec;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::TestApp;
use crate::v1::{key, key_from, made, problem};

const WORDS: [&str; 4] = ["read", "write", "tokens", "admin"];

/// A request of the owner, and the words of which each alone lets it through.
#[rustfmt::skip]
const ACTIONS: [(&str, &str, &str, &[&str]); 17] = [
    ("GET", "/api/v1/me", "", &["read", "write"]),
    ("GET", "/api/v1/tokens", "", &["read", "write"]),
    ("GET", "/api/v1/tokens/OTHER", "", &["read", "write"]),
    ("GET", "/api/v1/tokens/OTHER/uses", "", &["read", "write"]),
    ("GET", "/api/v1/organizations/1/policy", "", &["read", "write"]),
    ("GET", "/api/users", "", &["read", "write"]),
    ("GET", "/api/current-user/whoami", "", &["read", "write"]),
    ("PATCH", "/api/current-user/hotkeys", r#"{"custom_hotkeys": {}}"#, &["write"]),
    ("PATCH", "/api/v1/tokens/OTHER", r#"{"name": "x"}"#, &["tokens"]),
    ("POST", "/api/v1/tokens/OTHER/rotation", "", &["tokens"]),
    ("DELETE", "/api/v1/tokens/OTHER", "", &["tokens"]),
    ("GET", "/api/v1/audit-events", "", &["admin"]),
    ("GET", "/api/v1/notices", "", &["admin"]),
    ("GET", "/api/v1/organizations/1/tokens", "", &["admin"]),
    ("PATCH", "/api/v1/organizations/1/policy", "{}", &["admin"]),
    ("DELETE", "/api/v1/users/2/tokens", "", &["admin"]),
    ("GET", "/api/invite", "", &["admin"]),
];

#[tokio::test]
async fn each_scope_lets_through_what_it_says_and_nothing_else() {
    for (method, path, body, words) in ACTIONS {
        let t = TestApp::with_legacy().await;
        t.member().await;
        for scope in WORDS
            .into_iter()
            .map(Some)
            .chain([Some("GET /api/*"), None])
        {
            let scopes: Vec<&str> = scope.into_iter().collect();
            let (other, _) = key(&t, &t.owner, &scopes).await;
            let (_, client) = key(&t, &t.owner, &scopes).await;
            let path = path.replace("OTHER", &other.id);
            let json = (!body.is_empty()).then_some("application/json");
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = client
                .send(method, &path, json, body.as_bytes().to_vec())
                .await;
            if scope.is_none_or(|scope| words.contains(&scope)) {
                assert!(
                    answer.status < 300,
                    "{path} with {scope:?}: {}",
                    answer.text()
                );
            } else {
                assert_eq!(
                    answer.status,
                    403,
                    "{path} with {scope:?}: {}",
                    answer.text()
                );
                assert!(answer.text().contains("scope_missing"), "{}", answer.text());
                let challenge = answer.header("www-authenticate");
                assert!(
                    challenge.contains("error=\"insufficient_scope\""),
                    "{challenge}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_token_cannot_make_more_than_itself() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &["read", "tokens", "GET /api/projects/*"]).await;
    let make = async |scopes: &[&str]| {
        let body = json!({"kind": "key", "scopes": scopes});
        client.post("/api/v1/tokens", &body).await
    };
    for more in [
        &[][..],
        &["write"],
        &["admin"],
        &["read", "admin"],
        &["POST /api/projects/*"],
        &["* /"],
    ] {
        assert_eq!(
            problem(make(more).await, 400)["field"],
            "scopes",
            "{more:?}"
        );
    }
    for no_more in [
        &["read"][..],
        &["tokens"],
        &["GET /api/projects/7"],
        &["read", "tokens"],
    ] {
        make(no_more).await.expect(201);
    }
    // Nor by way of another kind: Label Studio's door hands out tokens without any limit.
    let body = problem(
        client
            .post("/api/v1/tokens", &json!({"kind": "personal"}))
            .await,
        400,
    );
    assert_eq!(body["field"], "scopes");
    client.post("/api/token", &json!({})).await.expect(400);
}

#[tokio::test]
async fn a_limited_token_gets_at_no_secret_that_may_do_more() {
    let t = TestApp::with_legacy().await;
    let (other, _) = key(&t, &t.owner, &[]).await;
    let limited = async |scopes: &[&str], ranges: &[&str], rate| {
        let mut spec = TokenSpec::new(TokenKind::Key, t.owner.id);
        spec.rate_per_minute = rate;
        made(&t, spec, (scopes, ranges)).await
    };
    for (token, client) in [
        limited(&["tokens", "admin"], &[], None).await,
        limited(&[], &["0.0.0.0/0", "::/0"], None).await,
        limited(&[], &[], Some(1000)).await,
    ] {
        client.get("/api/current-user/token").await.refusal(403);
        client
            .post("/api/current-user/reset-token", &json!({}))
            .await
            .refusal(403);
        let rotation = format!("/api/v1/tokens/{}/rotation", other.id);
        let refused = problem(client.post(&rotation, &json!({})).await, 403);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("may do more than itself"), "{detail}");
        let own = format!("/api/v1/tokens/{}/rotation", token.id);
        client.post(&own, &json!({})).await.expect(201);
    }
}

#[tokio::test]
async fn a_new_token_is_bound_as_the_one_that_makes_it() {
    let t = TestApp::with_legacy().await;
    let mut spec = TokenSpec::new(TokenKind::Key, t.owner.id);
    spec.rate_per_minute = Some(1000);
    let ranges = ["0.0.0.0/0", "2001:db8::/32"];
    let (_, client) = made(&t, spec, (&[], &ranges)).await;
    for (ranges, rate, field) in [
        (json!([]), json!(1000), "ip_ranges"),
        (json!(["::/0"]), json!(1000), "ip_ranges"),
        (json!(["192.0.2.0/24", "::/0"]), json!(1000), "ip_ranges"),
        (json!(["192.0.2.0/24"]), json!(null), "rate_per_minute"),
        (json!(["192.0.2.0/24"]), json!(1001), "rate_per_minute"),
    ] {
        let body = json!({"kind": "key", "ip_ranges": ranges, "rate_per_minute": rate});
        let refused = problem(client.post("/api/v1/tokens", &body).await, 400);
        assert_eq!(refused["field"], field, "{body}");
    }
    let body = json!({"kind": "key", "ip_ranges": ["2001:db8:1::/48"], "rate_per_minute": 1000});
    client.post("/api/v1/tokens", &body).await.expect(201);
    for kind in ["personal", "legacy"] {
        let body = json!({"kind": kind});
        problem(client.post("/api/v1/tokens", &body).await, 400);
    }
    client.post("/api/token", &json!({})).await.expect(400);
}

#[tokio::test]
async fn a_read_only_token_neither_makes_tokens_nor_reads_the_legacy_one() {
    let t = TestApp::with_legacy().await;
    let (token, client) = key(&t, &t.owner, &["read"]).await;
    client.get("/api/current-user/token").await.refusal(403);
    client
        .post("/api/current-user/reset-token", &json!({}))
        .await
        .refusal(403);
    client.post("/api/token", &json!({})).await.refusal(403);
    for kind in ["key", "personal", "legacy"] {
        let body = problem(
            client
                .post("/api/v1/tokens", &json!({"kind": kind, "scopes": ["read"]}))
                .await,
            403,
        );
        assert_eq!(body["code"], "scope_missing");
    }
    problem(
        client
            .post(&format!("/api/v1/tokens/{}/rotation", token.id), &json!({}))
            .await,
        403,
    );
    problem(
        client.delete(&format!("/api/v1/tokens/{}", token.id)).await,
        403,
    );
}

#[tokio::test]
async fn a_token_is_let_in_from_its_ranges_alone() {
    let t = TestApp::with(|settings| {
        settings.trusted_proxies = Some(vec!["10.0.0.0/8".parse().unwrap()]);
    })
    .await;
    let (_, client) = key_from(&t, &t.owner, &["192.0.2.0/24", "2001:db8::/32"]).await;
    let forwarded =
        |proxy: &str, hops: &str| client.clone().at(proxy).with("x-forwarded-for", hops);
    for inside in [
        client.clone().at("192.0.2.7"),
        client.clone().at("::ffff:192.0.2.7"),
        client.clone().at("2001:db8::7"),
        forwarded("10.0.0.1", "192.0.2.7"),
        forwarded("10.0.0.1", "203.0.113.9, 192.0.2.7, 10.0.0.2"),
        forwarded("::ffff:10.0.0.1", "::ffff:192.0.2.7"),
        // Whom nobody trusts may say what he likes: he is where he is.
        forwarded("192.0.2.7", "203.0.113.9"),
    ] {
        inside.get("/api/v1/me").await.expect(200);
    }
    for outside in [
        client.clone().at("203.0.113.9"),
        client.clone().at("2001:db9::7"),
        client.clone().at("10.0.0.1"),
        forwarded("203.0.113.9", "192.0.2.7"),
        // The leftmost hop is what the client itself wrote.
        forwarded("10.0.0.1", "192.0.2.7, 203.0.113.9"),
        forwarded("10.0.0.1", "192.0.2.7, nonsense"),
    ] {
        let body = problem(outside.get("/api/v1/me").await, 401);
        assert_eq!(body["code"], "ip_not_allowed");
    }
}

#[tokio::test]
async fn a_limit_of_requests_is_told_and_kept() {
    let t = TestApp::new().await;
    let spec = TokenSpec {
        rate_per_minute: Some(2),
        ..TokenSpec::new(TokenKind::Key, t.owner.id)
    };
    let (_, client) = made(&t, spec, (&[], &[])).await;
    for left in [1, 0] {
        let answer = client.get("/api/v1/me").await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=2;w=60");
        assert_eq!(
            answer.header("ratelimit"),
            format!("\"token\";r={left};t=60")
        );
    }
    let answer = client.get("/api/v1/me").await;
    assert_eq!(answer.header("retry-after"), "60");
    let body = problem(answer, 429);
    assert_eq!(
        (&body["code"], &body["retry_after_seconds"]),
        (&json!("rate_limited"), &json!(60))
    );
    t.advance(60);
    client.get("/api/v1/me").await.expect(200);
}
