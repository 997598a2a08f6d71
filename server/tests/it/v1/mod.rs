//! Keybearer's own interface: a file for each of its nouns, and the door around all of them.

mod audit_events;
mod door;
mod isolation;
mod openapi;
mod organizations;
mod rotation;
mod tokens;

use keybearer::domain::policy;
use keybearer::domain::tokens::{Token, TokenSpec, issue};
use keybearer::domain::users::User;
use keybearer_verify::TokenKind;
use serde_json::Value;

use crate::support::{Answer, Client, TestApp};

pub(crate) const TABLE: &str = include_str!("../../../src/http/api/mod.rs");

/// A key token of `user` with these scopes, and a client that sends it.
pub(crate) async fn key(t: &TestApp, user: &User, scopes: &[&str]) -> (Token, Client) {
    let spec = TokenSpec::new(TokenKind::Key, user.id);
    made(t, spec, (scopes, &[])).await
}

/// A key token that is let in from these ranges alone.
pub(crate) async fn key_from(t: &TestApp, user: &User, ranges: &[&str]) -> (Token, Client) {
    let spec = TokenSpec::new(TokenKind::Key, user.id);
    made(t, spec, (&[], ranges)).await
}

/// A token as `spec` and these limits say, and a client that sends it.
pub(crate) async fn made(
    t: &TestApp,
    mut spec: TokenSpec,
    (scopes, ranges): (&[&str], &[&str]),
) -> (Token, Client) {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let limits = policy::read_limits(Some(&texts(scopes)), Some(&texts(ranges)));
    spec.limits = limits.unwrap();
    let (token, plain) = issue(&t.app, &t.operator(), spec).await.unwrap();
    let client = t.bearer(plain.reveal());
    (token, client)
}

/// The problem that an answer is; what every problem must have is checked in here.
#[track_caller]
pub(crate) fn problem(answer: Answer, status: u16) -> Value {
    let answer = answer.expect(status);
    let text = answer.text();
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{text}"
    );
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["status"], status, "{text}");
    assert!(!body["title"].as_str().unwrap().is_empty(), "{text}");
    assert!(!body["detail"].as_str().unwrap().is_empty(), "{text}");
    let place = match body.get("code") {
        Some(code) => format!(
            "http://keys.example.com/docs/refusals#{}",
            code.as_str().unwrap()
        ),
        None => "about:blank".to_owned(),
    };
    assert_eq!(body["type"], place, "{text}");
    body
}

/// Method and path of each route, out of the text of a route table.
pub(crate) fn routes(table: &str) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for route in table.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            let names_it = rest
                .match_indices(&format!("{method}("))
                .any(|(at, _)| !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            if names_it {
                routes.push((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    routes
}
