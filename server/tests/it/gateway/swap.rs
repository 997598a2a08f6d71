//! Credentials on their way to the upstream: Keybearer's are checked and replaced, others' identities
//! are dropped, and a browser's session goes through as it is.

use keybearer::domain::tokens::{self, TokenSpec};
use keybearer_verify::{Limits, ScopeSet, TokenKind};
use serde_json::json;

use super::Gateway;
use crate::support::{OWNER, TestApp};

const KINDS: [TokenKind; 4] = [
    TokenKind::Personal,
    TokenKind::Access,
    TokenKind::Key,
    TokenKind::Legacy,
];

/// A key token of the owner with these scopes.
async fn scoped(app: &TestApp, lines: &str) -> String {
    let spec = TokenSpec {
        name: "scoped".into(),
        limits: Limits {
            scopes: ScopeSet::parse_lines(lines).unwrap(),
            ..Limits::default()
        },
        ..TokenSpec::new(TokenKind::Key, app.owner.id)
    };
    let made = tokens::issue(&app.app, &app.operator(), spec).await;
    made.unwrap().1.reveal().to_owned()
}

#[tokio::test]
async fn refuses_what_is_no_token_of_its_own() {
    let gateway = Gateway::new().await;
    let jwt_of_the_upstream = {
        use keybearer_verify::{Claims, SignedKind, SigningKey};
        let claims = Claims {
            kind: SignedKind::Access,
            exp: 4_000_000_000,
            iat: None,
            nbf: None,
            jti: "0".repeat(32),
            user_id: "1".into(),
            pat: None,
            sub: None,
        };
        let key = SigningKey::hs256(super::SECRET_KEY.as_bytes());
        claims.sign(&key).unwrap().plain().reveal().to_owned()
    };
    for text in [
        jwt_of_the_upstream.as_str(),
        "0123456789abcdef0123456789abcdef01234567",
        "nonsense",
    ] {
        for client in [
            gateway.app.bearer(text),
            gateway.app.token(text),
            gateway.app.api_key(text),
        ] {
            for path in ["/api/projects/", "/data/upload/1.png"] {
                client.get(path).await.expect(401).json();
            }
            // A good session does not make up for it.
            client
                .with("cookie", "sessionid=of-3")
                .get("/api/projects/")
                .await
                .expect(401);
        }
    }
    assert!(gateway.studio.seen().is_empty());
}

#[tokio::test]
async fn refuses_two_different_credentials() {
    let gateway = Gateway::new().await;
    let (one, other) = (
        gateway.app.text(&gateway.app.owner, TokenKind::Key).await,
        gateway.app.text(&gateway.app.owner, TokenKind::Key).await,
    );
    let client = gateway.app.bearer(&one).with("x-api-key", &other);
    client.get("/api/projects/").await.expect(401);
    assert!(gateway.studio.seen().is_empty());
}

#[tokio::test]
async fn each_kind_in_each_header_becomes_the_right_user_and_never_travels_on() {
    let gateway =
        Gateway::with(|settings| settings.token_header = Some("X-Company-Token".into())).await;
    for kind in KINDS {
        let text = gateway.app.text(&gateway.app.owner, kind).await;
        let clients = [
            gateway.app.bearer(&text),
            gateway.app.token(&text),
            gateway.app.api_key(&text),
            gateway.app.anonymous().with("x-company-token", &text),
        ];
        for client in clients {
            let answer = client
                .with("cookie", "sessionid=of-2")
                .get("/api/projects/?page=2")
                .await;
            // In the upstream the owner is user 3, and here he is user 1.
            assert_eq!(answer.expect(200).json()["user"], 3, "{kind:?}");
            let seen = gateway.studio.last();
            assert_eq!(seen.target, "/api/projects/?page=2");
            let everything = format!("{:?}", seen.headers);
            assert!(!everything.contains(&text), "{everything}");
            for name in ["x-api-key", "x-company-token", "cookie"] {
                assert_eq!(seen.header(name), None, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_upstream_gets_lives_a_minute() {
    let gateway = Gateway::new().await;
    let client = gateway.app.client(&gateway.app.owner).await;
    client.get("/api/projects/").await.expect(200);
    let seen = gateway.studio.last();
    let token = seen
        .header("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let payload = {
        use base64::Engine;
        base64::prelude::BASE64_URL_SAFE_NO_PAD
            .decode(payload)
            .unwrap()
    };
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let now = gateway.app.app.clock.now() / 1000;
    assert_eq!(claims["exp"], now + 60);
    // A clock over there that is behind must not make it a token of the future.
    assert_eq!(claims["iat"], now - 60);
    assert_eq!(claims["user_id"], "3");
    assert_eq!(claims["token_type"], "access");
}

#[tokio::test]
async fn revocation_is_felt_by_the_next_request() {
    let gateway = Gateway::new().await;
    let app = &gateway.app;
    let (token, text) = app.issue(&app.owner, TokenKind::Key).await;
    app.bearer(&text).get("/api/projects/").await.expect(200);
    let path = format!("/api/v1/tokens/{}", token.id);
    app.bearer(&text).delete(&path).await.expect(204);
    let refused = app.bearer(&text).get("/api/projects/").await.expect(401);
    assert_eq!(refused.json()["code"], "revoked");
    assert_eq!(gateway.studio.seen().len(), 1);
}

#[tokio::test]
async fn refuses_what_the_scopes_do_not_say() {
    let gateway = Gateway::new().await;
    let body = json!({});
    let read = gateway.app.bearer(&scoped(&gateway.app, "read").await);
    let refused = read.post("/api/projects/", &body).await.expect(403);
    assert_eq!(refused.json()["code"], "scope_missing");
    assert!(refused.text().contains("`write`"), "{}", refused.text());
    read.get("/api/invite").await.expect(403);
    let write = gateway.app.bearer(&scoped(&gateway.app, "write").await);
    write.post("/api/users/", &body).await.expect(403);
    write.post("//api//users/", &body).await.expect(403);
    write.post("/api/%75sers/", &body).await.expect(403);
    let rule = gateway
        .app
        .bearer(&scoped(&gateway.app, "GET /api/projects/*").await);
    rule.post("/api/projects/1", &body).await.expect(403);
    rule.get("/api/tasks/1").await.expect(403);
    rule.get("/api/projects/../tasks/1").await.expect(403);
    rule.get("/api/projects/..%2ftasks").await.expect(403);
    assert!(gateway.studio.seen().is_empty());

    read.get("/api/projects/").await.expect(200);
    write.post("/api/projects/", &body).await.expect(200);
    rule.get("/api/projects/1/").await.expect(200);
    let admin = gateway.app.bearer(&scoped(&gateway.app, "admin").await);
    admin.post("/api/users/", &body).await.expect(200);
    assert_eq!(gateway.studio.seen().len(), 4);
}

#[tokio::test]
async fn an_identity_that_a_client_makes_up_is_dropped() {
    let gateway = Gateway::new().await;
    let names = [
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Remote-User",
        "Remote-User",
        "X-Auth-Request-User",
        "X-WebAuth-User",
        "X-Authenticated-User",
        "X-SSL-Client-Cert",
        "Keybearer-User",
        "Forwarded",
        "X-Real-IP",
        "X_Api_Key",
        "Remote_User",
        "Proxy-Authorization",
        "X-HTTP-Method-Override",
    ];
    let mut client = gateway
        .app
        .anonymous()
        .with("authorization", "Basic b3duZXI6cGFzcw==");
    for name in names {
        client = client.with(name, "admin@localhost");
    }
    client
        .with("x-harmless", "stays")
        .get("/page")
        .await
        .expect(200);
    let seen = gateway.studio.last();
    for name in names.into_iter().chain(["Authorization"]) {
        assert_eq!(seen.header(&name.to_ascii_lowercase()), None, "{name}");
    }
    assert_eq!(seen.header("x-harmless"), Some("stays"));
}

#[tokio::test]
async fn where_a_request_comes_from_is_told_rightly() {
    let gateway = Gateway::with(|settings| {
        settings.public_url = Some("https://label.example.com".into());
        settings.trusted_proxies = Some(vec!["10.0.0.0/8".into()]);
    })
    .await;
    let client = gateway
        .app
        .anonymous()
        .with("host", "label.example.com")
        .with("x-forwarded-for", "192.0.2.9")
        .with("x-forwarded-host", "evil.example.com")
        .with("x-forwarded-proto", "gopher");
    client.clone().get("/page").await.expect(200);
    let seen = gateway.studio.last();
    assert_eq!(seen.header("x-forwarded-for"), Some("203.0.113.7"));
    assert_eq!(seen.header("x-forwarded-host"), Some("label.example.com"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("https"));
    assert_eq!(seen.header("host"), Some("label.example.com"));

    client.at("10.0.0.5").get("/page").await.expect(200);
    let seen = gateway.studio.last();
    assert_eq!(seen.header("x-forwarded-for"), Some("192.0.2.9, 10.0.0.5"));
    assert_eq!(seen.header("x-forwarded-host"), Some("evil.example.com"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("gopher"));
}

#[tokio::test]
async fn a_browsers_session_goes_through_untouched() {
    let gateway = Gateway::new().await;
    let cookie = "csrftoken=abc; sessionid=of-2; theme=dark";
    let client = gateway
        .app
        .anonymous()
        .with("cookie", cookie)
        .with("x-csrftoken", "abc");
    let answer = client.post("/api/projects/", &json!({"title": "T"})).await;
    assert_eq!(answer.expect(200).json()["user"], 2);
    let seen = gateway.studio.last();
    assert_eq!(seen.header("cookie"), Some(cookie));
    assert_eq!(seen.header("x-csrftoken"), Some("abc"));
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.body, r#"{"title":"T"}"#);
}

#[tokio::test]
async fn answers_its_own_addresses_itself() {
    let gateway = Gateway::new().await;
    let client = gateway.app.client(&gateway.app.owner).await;
    for path in [
        "/api/token/",
        "/api/jwt/settings",
        "/api/current-user/token",
        "/api/v1/me",
        "/api/v1/nothing-here",
        "/docs/refusals",
        "/keybearer/static/nothing.css",
        "/keybearer/api/users/",
        "/keybearer/user/signup/",
        "/keybearer/user/login/",
        "/keybearer/set-up",
        "/api/%74oken/",
        "/api/current-user/%74oken",
        "/api//token",
    ] {
        client.get(path).await;
    }
    assert!(
        gateway.studio.seen().is_empty(),
        "{:?}",
        gateway.studio.seen()
    );
    client.get("/keybearer/user/signup/").await.expect(404);
    client.get("/keybearer/api/users/").await.expect(404);
    client.get("/api/%74oken/").await.expect(404);
    let me = client.get("/keybearer/api/v1/me").await.expect(200);
    assert_eq!(me.json()["email"], OWNER);
    for path in [
        "/",
        "/user/login/",
        "/user/account/",
        "/api/users/",
        "/health",
        "/version/",
        "/docs/api/",
    ] {
        client.get(path).await.expect(200);
        assert_eq!(gateway.studio.last().target, path);
    }
}
