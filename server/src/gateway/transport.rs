//! One request over the wire and its answer back: hop-by-hop headers end here (RFC 9110 section
//! 7.6.1), bodies stream, and a connection that both sides agree to upgrade becomes a tunnel.

use axum::body::Body;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header,
};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::rt::TokioIo;

use crate::error::Trouble;

/// What is about one connection, beside what its `Connection` header names.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Sends `request` to its path below `base` and returns the answer, its body still to come.
pub(super) async fn send<C: Connect + Clone + Send + Sync + 'static>(
    client: &Client<C, Body>,
    base: &str,
    mut request: Request<Body>,
) -> Result<Response<Body>, Trouble> {
    *request.uri_mut() = below(base, request.uri()).ok_or(Trouble::Garbled)?;
    *request.version_mut() = Version::HTTP_11;
    let asked = upgrade_of(request.headers());
    let here = asked.map(|_| hyper::upgrade::on(&mut request));
    let answer = client.request(request).await.map_err(|error| {
        tracing::warn!(cause = chain(&error), "Label Studio cannot be reached");
        Trouble::Away
    })?;
    let mut answer = answer.map(Body::new);
    clean(answer.headers_mut());
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let here = here.ok_or(Trouble::Garbled)?;
        let there = hyper::upgrade::on(&mut answer);
        tokio::spawn(async move {
            if let Ok((here, there)) = tokio::try_join!(here, there) {
                // Either side may go away at any time; there is nobody to tell.
                let _ = tokio::io::copy_bidirectional(
                    &mut TokioIo::new(here),
                    &mut TokioIo::new(there),
                )
                .await;
            }
        });
    }
    Ok(answer)
}

/// Takes out what is about the connection that the headers came over. What is added later cannot be
/// named by a client's `Connection` header.
pub(super) fn clean(headers: &mut HeaderMap) {
    let upgrade = upgrade_of(headers);
    if headers.contains_key(header::TRANSFER_ENCODING) {
        // RFC 9112 section 6.3: the length is not to be believed beside it.
        headers.remove(header::CONTENT_LENGTH);
    }
    let named: Vec<HeaderName> = named_by_connection(headers).collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
}

/// The target of a request, below the upstream's address.
fn below(base: &str, target: &Uri) -> Option<Uri> {
    let path = target.path_and_query().map_or("/", PathAndQuery::as_str);
    // `OPTIONS *` is about a server as such.
    path.starts_with('/')
        .then(|| format!("{base}{path}").parse().ok())
        .flatten()
}

/// The protocol that the headers ask to go over to, or agree to.
fn upgrade_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let is_asked = named_by_connection(headers).any(|name| name == header::UPGRADE);
    headers
        .get(header::UPGRADE)
        .filter(|protocol| is_asked && protocol.as_bytes() != b"h2c")
        .cloned()
}

fn named_by_connection(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let lines = headers.get_all(header::CONNECTION).iter();
    let names = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    names.filter_map(|name| name.trim().to_ascii_lowercase().parse().ok())
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
