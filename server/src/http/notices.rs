//! What an answer says about the token that was used, in its headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::cx::Notices;

const EXPIRES: HeaderName = HeaderName::from_static("keybearer-token-expires");
const WARNING: HeaderName = HeaderName::from_static("keybearer-warning");
/// draft-ietf-httpapi-ratelimit-headers-10.
const RATE: HeaderName = HeaderName::from_static("ratelimit");
const RATE_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Writes `notices` into the headers of an answer.
pub(crate) fn write(headers: &mut HeaderMap, notices: &Notices) {
    if let Some(at) = notices
        .expires_at
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
    {
        insert(headers, EXPIRES, &format!("{at:.0}"));
    }
    if notices.is_direct_use {
        insert(
            headers,
            WARNING,
            "personal access token sent directly; exchange it at /api/token/refresh and send the access token",
        );
    }
    if let Some(rate) = notices.rate {
        insert(
            headers,
            RATE_POLICY,
            &format!("\"token\";q={};w=60", rate.limit),
        );
        insert(
            headers,
            RATE,
            &format!("\"token\";r={};t={}", rate.remaining, rate.reset_seconds),
        );
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
