//! What every route of Keybearer's own interface does alike: credentials, methods, bodies, paths.

use axum::http::Method;
use keybearer_verify::TokenKind;
use serde_json::json;

use super::{TABLE, key, problem, routes};
use crate::support::TestApp;

const OPEN: [&str; 3] = ["/api/v1/openapi.json", "/api/v1/docs", "/docs/refusals"];

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap()
}

#[tokio::test]
async fn refuses_a_stranger_on_every_route() {
    let t = TestApp::new().await;
    let routes = routes(TABLE);
    assert!(routes.len() > 14, "{routes:?}");
    for (name, path) in routes {
        if OPEN.contains(&path.as_str()) {
            t.anonymous().get(&path).await.expect(200);
            continue;
        }
        let path = path.replace("{id}", "1");
        let answer = t
            .anonymous()
            .send(method(&name), &path, None, Vec::new())
            .await;
        let challenges: Vec<String> = answer
            .header_lines("www-authenticate")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            challenges,
            ["Bearer realm=\"api\"", "Token realm=\"api\""],
            "{name} {path}"
        );
        let body = problem(answer, 401);
        assert_eq!(
            body["detail"],
            "This takes a token. Send it as Authorization: Bearer TOKEN."
        );
    }
}

#[tokio::test]
async fn refuses_a_bad_token_with_its_code_and_no_more_to_whoever_does_not_hold_it() {
    let t = TestApp::with_legacy().await;
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    let mistyped = format!(
        "{}{}",
        &text[..text.len() - 1],
        if text.ends_with('0') { '1' } else { '0' }
    );
    for (shown, code) in [
        ("kb_nonsense", "malformed"),
        (mistyped.as_str(), "bad_checksum"),
        (&"0".repeat(40), "unknown_token"),
    ] {
        let answer = t.bearer(shown).get("/api/v1/me").await;
        assert!(
            answer
                .header("www-authenticate")
                .contains(&format!("error_code=\"{code}\""))
        );
        let body = problem(answer, 401);
        assert_eq!(
            (&body["code"], &body["detail"]),
            (&json!(code), &json!("This is not a valid token."))
        );
    }
    keybearer::domain::tokens::revoke(&t.app, &t.operator(), &token.id)
        .await
        .unwrap();
    let body = problem(t.bearer(&text).get("/api/v1/me").await, 401);
    assert_eq!(body["code"], "revoked");
    assert_eq!(
        body["detail"],
        "This key token was revoked: make a new one."
    );
}

#[tokio::test]
async fn refuses_two_different_credentials_and_a_scheme_without_a_token() {
    let t = TestApp::new().await;
    let one = t.text(&t.owner, TokenKind::Key).await;
    let other = t.text(&t.owner, TokenKind::Key).await;
    let both = t.bearer(&one).with("x-api-key", &other);
    assert_eq!(
        problem(both.get("/api/v1/me").await, 401)["code"],
        "malformed"
    );
    let twice = t.bearer(&one).with("x-api-key", &one);
    twice.get("/api/v1/me").await.expect(200);
    assert_eq!(
        problem(t.bearer("").get("/api/v1/me").await, 401)["code"],
        "malformed"
    );
    // A session stands in for nothing that was shown and is no good.
    let browser = t.browser(&t.owner).await;
    browser.get("/api/v1/me").await.expect(200);
    problem(
        browser
            .with("authorization", "Bearer nonsense")
            .get("/api/v1/me")
            .await,
        401,
    );
}

#[tokio::test]
async fn refuses_a_session_that_comes_from_another_sites_page() {
    let t = TestApp::new().await;
    let browser = t
        .browser(&t.owner)
        .await
        .with("sec-fetch-site", "cross-site");
    problem(
        browser
            .post("/api/v1/tokens", &json!({"kind": "key"}))
            .await,
        403,
    );
}

/// A mistyped `dry_run` never saves.
#[tokio::test]
async fn refuses_names_that_it_does_not_know_on_every_route() {
    let t = TestApp::new().await;
    let (token, client) = key(&t, &t.owner, &[]).await;
    for (name, path) in routes(TABLE) {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        let path = path.replace("/tokens/{id}", &format!("/tokens/{}", token.id));
        let path = path.replace("{id}", "1");
        let asked = format!("{path}?dryrun=true");
        let answer = client.send(method(&name), &asked, None, Vec::new()).await;
        let detail = problem(answer, 400)["detail"].to_string();
        assert!(detail.contains("dryrun"), "{name} {path}: {detail}");
        if name == "GET" {
            continue;
        }
        let body = br#"{"dryrun":true}"#.to_vec();
        let json = Some("application/json");
        let answer = client.send(method(&name), &path, json, body).await;
        let detail = problem(answer, 400)["detail"].to_string();
        assert!(detail.contains("dryrun"), "{name} {path}: {detail}");
    }
    client.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn refuses_other_methods_and_names_those_there_are() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    let mut paths: Vec<String> = routes(TABLE).into_iter().map(|(_, path)| path).collect();
    paths.dedup();
    for path in paths {
        let mut there: Vec<String> = routes(TABLE)
            .into_iter()
            .filter(|route| route.1 == path)
            .map(|route| route.0)
            .collect();
        let asked = path.replace("{id}", "1");
        let answer = client.send(Method::PUT, &asked, None, Vec::new()).await;
        let mut allow: Vec<String> = answer
            .header("allow")
            .split(", ")
            .map(str::to_owned)
            .collect();
        problem(answer, 405);
        // What the table says is what the door says.
        if there.contains(&"GET".to_owned()) {
            there.push("HEAD".into());
        }
        there.push("OPTIONS".into());
        there.sort();
        allow.sort();
        assert_eq!(allow, there, "{path}");
        let options = t
            .anonymous()
            .send(Method::OPTIONS, &asked, None, Vec::new())
            .await
            .expect(204);
        assert!(options.header("allow").contains("OPTIONS"));
    }
    let head = client
        .send(Method::HEAD, "/api/v1/me", None, Vec::new())
        .await
        .expect(200);
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn refuses_unknown_paths_as_a_problem() {
    let t = TestApp::new().await;
    for path in [
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/tokens/1/2/3",
        "/api/v1/%00",
    ] {
        problem(t.anonymous().get(path).await, 404);
    }
    let (_, client) = key(&t, &t.owner, &[]).await;
    for path in [
        "/api/v1/tokens/%00",
        "/api/v1/tokens/%ff",
        "/api/v1/organizations/x/policy",
        "/api/v1/organizations/99999999999999999999/policy",
    ] {
        problem(client.get(path).await, 404);
    }
}

#[tokio::test]
async fn refuses_bodies_that_are_not_right() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    let send = async |content_type, body: &[u8]| {
        client
            .send(Method::POST, "/api/v1/tokens", content_type, body.to_vec())
            .await
    };
    let json = Some("application/json");
    problem(send(None, b"{}").await, 415);
    problem(send(Some("text/plain"), b"{}").await, 415);
    problem(send(json, &vec![b' '; 70_000]).await, 413);
    for body in [
        &b"{"[..],
        b"[]",
        b"null",
        b"\"key\"",
        b"{} {}",
        b"\xff",
        b"{\"kind\": 1}",
    ] {
        problem(send(json, body).await, 400);
    }
    let unknown = problem(send(json, br#"{"kind": "key", "ttl": 1}"#).await, 400);
    assert!(
        unknown["detail"]
            .as_str()
            .unwrap()
            .contains("unknown field `ttl`"),
        "{unknown}"
    );
    assert_eq!(
        problem(
            send(json, br#"{"kind": "key", "ttl_days": "x"}"#).await,
            400
        )["field"],
        "ttl_days"
    );
    let none = problem(send(None, b"").await, 400);
    assert!(
        none["detail"]
            .as_str()
            .unwrap()
            .contains("missing field `kind`"),
        "{none}"
    );
    send(
        Some("application/json; charset=utf-8"),
        br#"{"kind": "key"}"#,
    )
    .await
    .expect(201);
}

#[tokio::test]
async fn refuses_queries_that_are_not_right() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=WzEsIlx1MDAwMCJd", "cursor"),
        ("kind=x", "kind"),
        ("state=x", "state"),
        ("unused_since=today", "unused_since"),
    ] {
        let body = problem(client.get(&format!("/api/v1/tokens?{query}")).await, 400);
        assert_eq!(body["field"], field, "{query}: {body}");
    }
    // A mistyped dry_run must never save.
    problem(
        client
            .patch(
                "/api/v1/organizations/1/policy?dryrun=true",
                &json!({"key_enabled": false}),
            )
            .await,
        400,
    );
    client.get("/api/v1/me").await.expect(200);
    problem(client.get("/api/v1/tokens?search=%00").await, 400);
}

#[tokio::test]
async fn both_spellings_of_a_path_are_answered() {
    let t = TestApp::new().await;
    let (token, client) = key(&t, &t.owner, &[]).await;
    for path in ["/api/v1/me/", "//api/v1/me", "/api/v1/tokens/"] {
        client.get(path).await.expect(200);
    }
    let me = client.get("/api/v1/me").await.expect(200).json();
    assert_eq!(
        me,
        json!({"user_id": 1, "email": "owner@example.com", "organization_id": 1, "role": "owner",
        "token_id": token.id, "scopes": [], "policy_scopes": []})
    );
}

#[tokio::test]
async fn every_code_has_its_paragraph_in_the_docs() {
    let t = TestApp::new().await;
    let page = t.anonymous().get("/docs/refusals").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    for denial in keybearer_verify::Denial::ALL {
        assert!(
            page.text()
                .contains(&format!("<article id=\"{}\">", denial.code()))
        );
    }
    // Label Studio's door points to it as well.
    let refused = t
        .bearer("nonsense")
        .get("/api/current-user/whoami")
        .await
        .expect(401)
        .json();
    assert_eq!(
        refused["docs"],
        "http://keys.example.com/docs/refusals#unknown_token"
    );
}
