//! What this interface reads from a request: JSON bodies, queries, ids in paths. Strict, so that a
//! mistyped name is an error and never an option that silently does nothing.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::error::Error;
use crate::http::extract;

/// A JSON object as the body; no body at all is an empty object.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = extract::read_body(request.into_body())
            .await
            .map_err(|fault| Problem::http(fault.status(), fault.sentence()))?;
        let bytes: &[u8] = match bytes.trim_ascii_start() {
            [] => b"{}",
            _ if !is_json => {
                let why = "The body is JSON here; say so with Content-Type: application/json.";
                return Err(Problem::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
            }
            bytes if bytes.starts_with(b"{") => bytes,
            _ => return Err(Problem::invalid(None, "The body must be a JSON object.")),
        };
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let field = field(error.path());
            let why = format!("The body is not right: {}.", error.inner());
            Problem::invalid(field, why)
        })?;
        json.end()
            .map_err(|error| Problem::invalid(None, format!("The body is not right: {error}.")))?;
        Ok(Self(read))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// What has no fields: where a route takes no query or no body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The query's parameters.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        // PostgreSQL knows no text with a NUL in it, so nothing is found by one.
        if form_urlencoded::parse(query)
            .any(|(name, value)| format!("{name}{value}").contains('\0'))
        {
            return Err(Problem::invalid(
                None,
                "The query has a NUL character in it.",
            ));
        }
        let query = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query));
        let read = serde_path_to_error::deserialize(query).map_err(|error| {
            let field = field(error.path());
            let why = format!("The query is not right: {}.", error.inner());
            Problem::invalid(field, why)
        })?;
        Ok(Self(read))
    }
}

fn field(path: &serde_path_to_error::Path) -> Option<String> {
    Some(path.to_string()).filter(|path| !matches!(path.as_str(), "." | "?"))
}

/// The one number in the path.
#[derive(Debug)]
pub(super) struct PathNumber(pub(super) i64);

impl<S: Send + Sync> FromRequestParts<S> for PathNumber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_text(parts, state).await;
        text.and_then(|text| extract::path_number(&text))
            .map(Self)
            .ok_or_else(|| Error::not_found("An id in this path is a whole number.").into())
    }
}

/// The one token's id in the path.
#[derive(Debug)]
pub(super) struct PathToken(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // As for the query: with a NUL in it, it is no id of ours.
        let text = path_text(parts, state).await;
        text.filter(|text| !text.contains('\0'))
            .map(Self)
            .ok_or_else(|| Error::not_found("No Token matches the given query.").into())
    }
}

async fn path_text<S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<String> {
    extract::path_texts(parts, state).await?.into_iter().next()
}
