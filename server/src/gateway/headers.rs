//! What a request says of itself on its way to the upstream: whence it comes, and nothing that could
//! pass for somebody's identity but what Keybearer itself puts there.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::transport;
use crate::app::App;
use crate::http::extract;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Credentials, and what servers behind a proxy take as its word about the client.
const NEVER_PASSED: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "forwarded",
    "x-real-ip",
    "x-http-method-override",
    "x-original-url",
    "x-rewrite-url",
    // Answered by Keybearer's own server already.
    "expect",
];
const NEVER_PASSED_STARTS: [&str; 9] = [
    "x-forwarded-",
    "remote-",
    "x-remote-",
    "x-auth-",
    "x-authenticated-",
    "x-webauth-",
    "ssl-client-",
    "x-ssl-client-",
    "keybearer-",
];

/// Makes the client's headers those of the request to the upstream.
pub(super) fn prepare(app: &App, parts: &Parts) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(parts.headers.len() + 4);
    for (name, value) in &parts.headers {
        if may_pass(app, name.as_str()) {
            headers.append(name, value.clone());
        }
    }
    transport::clean(&mut headers);
    forwarded(app, parts, &mut headers);
    headers
}

fn may_pass(app: &App, name: &str) -> bool {
    // CGI makes the same variable of `X_Api_Key` and of `X-Api-Key`.
    let is_ambiguous = name.contains('_');
    let is_own = app.config.token_header.as_deref() == Some(name);
    !is_ambiguous
        && !is_own
        && !NEVER_PASSED.contains(&name)
        && !NEVER_PASSED_STARTS
            .iter()
            .any(|start| name.starts_with(start))
}

/// `X-Forwarded-*`: what a trusted proxy says with the peer added, or else what is seen here.
fn forwarded(app: &App, parts: &Parts, headers: &mut HeaderMap) {
    let peer = extract::peer(&parts.extensions);
    let is_trusted = peer.is_some_and(|peer| extract::is_trusted(app, &peer));
    let said = |name: &HeaderName| is_trusted.then(|| joined(&parts.headers, name)).flatten();
    let mut hops: Vec<String> = said(&X_FORWARDED_FOR).into_iter().collect();
    hops.extend(peer.map(|peer| peer.to_string()));
    let scheme = if app.config.is_https() {
        "https"
    } else {
        "http"
    };
    let host = joined(&parts.headers, &header::HOST);
    let host = host.or_else(|| parts.uri.authority().map(ToString::to_string));
    let texts = [
        (
            X_FORWARDED_FOR,
            Some(hops.join(", ")).filter(|text| !text.is_empty()),
        ),
        (X_FORWARDED_HOST, said(&X_FORWARDED_HOST).or(host)),
        (
            X_FORWARDED_PROTO,
            Some(said(&X_FORWARDED_PROTO).unwrap_or_else(|| scheme.into())),
        ),
    ];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, value);
        }
    }
}

/// The values of `name` as one.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}
