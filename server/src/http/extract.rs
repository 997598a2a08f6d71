//! What a request says of its sender (address, client, cookies) and what it brings: body, ids in its
//! path.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::app::App;
use crate::cx::{Actor, Cx};

/// The name of the session's cookie; Label Studio's, for its clients send it back by name.
pub(crate) const SESSION_COOKIE: &str = "sessionid";

/// The largest body that is read below `/api/`, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// The request's [`Cx`] before anybody has proven anything.
pub(crate) fn anonymous_cx(app: &App, parts: &Parts) -> Cx {
    let client = parts
        .headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    Cx {
        actor: Actor::Anonymous,
        now: app.clock.now(),
        address: client_address(app, parts),
        client: client.unwrap_or_default().into_owned(),
    }
}

/// The address that the connection comes from.
pub(crate) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(peer.ip().to_canonical())
}

/// Whether `address` is a proxy's whose `X-Forwarded-*` is believed.
pub(crate) fn is_trusted(app: &App, address: &IpAddr) -> bool {
    let ranges = &app.config.trusted_proxies;
    ranges.iter().any(|range| range.contains(address))
}

/// The client's address: the peer's, unless the peer is a trusted proxy. Then `X-Forwarded-For` is
/// read from its end, for only what trusted proxies have appended is known to be true.
pub(super) fn client_address(app: &App, parts: &Parts) -> Option<IpAddr> {
    address_of(app, &parts.headers, &parts.extensions)
}

pub(super) fn address_of(
    app: &App,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Option<IpAddr> {
    let trusted = |address: &IpAddr| is_trusted(app, address);
    let mut address = peer(extensions)?;
    if !trusted(&address) {
        return Some(address);
    }
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok());
    let hops: Vec<&str> = forwarded
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    for hop in hops.into_iter().rev() {
        if !trusted(&address) {
            break;
        }
        let Ok(next) = hop.parse::<IpAddr>() else {
            break;
        };
        address = next.to_canonical();
    }
    Some(address)
}

/// The value of the cookie `name`.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    TooLarge,
    Incomplete,
}

impl BodyFault {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::BAD_REQUEST,
        }
    }

    pub(super) fn sentence(self) -> String {
        match self {
            Self::TooLarge => format!(
                "The request's body is larger than {} KiB.",
                LARGEST_BODY / 1024
            ),
            Self::Incomplete => "The request's body ended before it was complete.".to_owned(),
        }
    }
}

/// The whole body, unless it is too large.
pub(super) async fn read_body(body: Body) -> Result<Bytes, BodyFault> {
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyFault::TooLarge),
        Err(_) => Err(BodyFault::Incomplete),
    }
}

/// The path's parameters in their order, if they are text.
pub(super) async fn path_texts<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Option<Vec<String>> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    Some(params.iter().map(|(_, text)| text.to_owned()).collect())
}

/// The number that a path's parameter is. One that no id can be still is a number: it finds nothing,
/// as 999 does.
pub(super) fn path_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(i64::MAX))
}
