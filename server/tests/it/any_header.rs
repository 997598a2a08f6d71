//! Any token in any header: each kind, in each spelling, at each sort of endpoint.

use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::TestApp;

/// Header and what stands before the token in it.
const HEADERS: [(&str, &str); 10] = [
    ("authorization", "Bearer "),
    ("authorization", "bearer "),
    ("authorization", "BEARER "),
    ("authorization", "Token "),
    ("authorization", "token "),
    ("authorization", "TOKEN "),
    ("authorization", " Bearer   "),
    ("authorization", "Token\t"),
    ("x-api-key", ""),
    ("x-api-key", "  "),
];

const KINDS: [TokenKind; 4] = [
    TokenKind::Personal,
    TokenKind::Access,
    TokenKind::Key,
    TokenKind::Legacy,
];

#[tokio::test]
async fn every_kind_is_accepted_in_every_header() {
    let t = TestApp::with_legacy().await;
    for kind in KINDS {
        let text = t.text(&t.owner, kind).await;
        for (name, start) in HEADERS {
            let client = t.anonymous().with(name, &format!("{start}{text}"));
            for path in [
                "/api/current-user/whoami",
                "/api/users/",
                "/api/organizations/1",
            ] {
                let status = client.get(path).await.status;
                assert_eq!(status, 200, "{kind:?} in {name}: {start:?} at {path}");
            }
            // The rotation view authenticates in another order; 400 is the body's fault.
            let answer = client.post("/api/token/rotate", &json!({})).await;
            assert_eq!(answer.status, 400, "{kind:?} in {name}: {start:?}");
        }
    }
}

#[tokio::test]
async fn nonsense_is_refused_in_every_header() {
    let t = TestApp::with_legacy().await;
    for text in ["x", "a.b.c", "kb_x", &"0".repeat(40), "null", "undefined"] {
        for (name, start) in HEADERS {
            let client = t.anonymous().with(name, &format!("{start}{text}"));
            let answer = client.get("/api/users").await.expect(401);
            assert_eq!(answer.header_lines("www-authenticate").len(), 2);
            let body = json!({"refresh": "x"});
            client.post("/api/token/rotate", &body).await.refusal(401);
        }
    }
}

#[tokio::test]
async fn headers_that_are_none_are_refused() {
    let t = TestApp::new().await;
    let text = t.personal(&t.owner).await;
    let two = format!("Bearer {text} {text}");
    let quoted = format!("Bearer \"{text}\"");
    let joined = format!("Bearer{text}");
    for value in [
        "Bearer",
        "Token ",
        "Basic dTpw",
        "",
        &text,
        &two,
        &quoted,
        &joined,
    ] {
        let client = t.anonymous().with("authorization", value);
        client.get("/api/users").await.refusal(401);
    }
    let client = t.anonymous().with("x-api-key", "");
    client.get("/api/users").await.refusal(401);
}

#[tokio::test]
async fn one_token_twice_is_one_and_two_are_refused() {
    let t = TestApp::new().await;
    let (one, other) = (t.personal(&t.owner).await, t.personal(&t.owner).await);
    let twice = t.bearer(&one).with("x-api-key", &one);
    twice.get("/api/users").await.expect(200);
    let beside_a_proxys = t
        .anonymous()
        .with("authorization", "Basic dTpw")
        .with("x-api-key", &one);
    beside_a_proxys.get("/api/users").await.expect(200);
    for two in [
        t.bearer(&one).with("x-api-key", &other),
        t.token(&one)
            .with("authorization", &format!("Bearer {other}")),
    ] {
        let refusal = two.get("/api/users").await.refusal(401);
        let why = refusal["detail"].as_str().unwrap();
        assert!(why.contains("two different credentials"), "{why}");
    }
}
