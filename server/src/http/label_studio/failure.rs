//! How Label Studio's interface says no: one JSON body, written here and nowhere else.
//!
//! The keys and their order are those of Django REST framework with Label Studio's handler:
//! `id`, `status_code`, `version`, `detail`, `exc_info`, and `validation_errors` where fields are
//! to blame. A refused token adds `code` after them, and `docs`, the address that explains it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keybearer_verify::Need;
use serde_json::{Map, Value, json};

use super::refusals::say;
use super::version::COMPATIBLE_VERSION;
use crate::app::App;
use crate::error::Error;
use crate::http::credentials::Auth;
use crate::http::refusals;

/// As many as nearly every answer has.
const HEADERS: usize = 6;

/// Why a request gets no answer of its own.
#[derive(Debug)]
pub struct Failure(Kind);

#[derive(Debug)]
enum Kind {
    /// The domain said no.
    Domain(Error),
    /// What was sent is not of HTTP's or the view's form.
    Http { status: StatusCode, detail: String },
    /// Label Studio answers this one with `{"detail": …}` alone.
    Bare { status: StatusCode, detail: String },
    /// Fields that are not right, each with a sentence.
    Fields(Vec<(String, String)>),
    /// The one field whose sentence Label Studio does not put into a list.
    FieldText(&'static str, String),
}

impl Failure {
    pub(crate) fn http(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Kind::Http {
            status,
            detail: detail.into(),
        })
    }

    pub(super) fn bare(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Kind::Bare {
            status,
            detail: detail.into(),
        })
    }

    pub(super) fn field(field: &str, why: impl Into<String>) -> Self {
        Self(Kind::Fields(vec![(field.to_owned(), why.into())]))
    }

    pub(super) fn field_text(field: &'static str, why: String) -> Self {
        Self(Kind::FieldText(field, why))
    }

    pub(super) fn fields(faults: Vec<(String, String)>) -> Self {
        Self(Kind::Fields(faults))
    }

    /// A defect; `what` is for the log.
    pub fn internal(what: &'static str) -> Self {
        Self(Kind::Domain(Error::Internal(anyhow::anyhow!(what))))
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Kind::Domain(error.into()))
    }
}

impl IntoResponse for Failure {
    /// A response that waits for `render`, which knows the view that it belongs to.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Whether the response is a failure because the caller's token lacks a scope.
pub(super) fn lacks_scope(response: &Response) -> bool {
    let failure = response.extensions().get::<Arc<Failure>>();
    failure.is_some_and(|failure| matches!(failure.0, Kind::Domain(Error::ScopeMissing(_))))
}

/// Writes out a [`Failure`] that came back as a response; leaves every other response as it is.
pub(crate) fn render(app: &App, auth: Auth, mut response: Response) -> Response {
    match response.extensions_mut().remove::<Arc<Failure>>() {
        Some(failure) => {
            let mut written = write(app, auth, &failure.0);
            // What a layer has said already about the token stays said.
            for (name, value) in response.headers() {
                if !written.headers().contains_key(name) {
                    written.headers_mut().append(name, value.clone());
                }
            }
            written
        }
        None => response,
    }
}

fn write(app: &App, auth: Auth, kind: &Kind) -> Response {
    match kind {
        Kind::Http { status, detail } => common(app, *status, detail, json!({})),
        Kind::Bare { status, detail } => json(*status, &json!({"detail": detail})),
        Kind::Fields(faults) => validation(app, faults),
        Kind::FieldText(field, why) => {
            let errors = json!({"validation_errors": {*field: why}});
            common(app, StatusCode::BAD_REQUEST, "Validation error", errors)
        }
        Kind::Domain(error) => domain(app, auth, error),
    }
}

fn domain(app: &App, auth: Auth, error: &Error) -> Response {
    match error {
        Error::Invalid { field, why } => validation(
            app,
            &[(field.unwrap_or("non_field_errors").to_owned(), why.clone())],
        ),
        Error::Unauthenticated(refusal) => {
            let said = say(auth, refusal);
            let more = said.code.map_or(json!({}), |code| coded(app, code));
            let mut response = common(app, StatusCode::UNAUTHORIZED, &said.detail, more);
            for challenge in said.challenges {
                if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                    response
                        .headers_mut()
                        .append(header::WWW_AUTHENTICATE, challenge);
                }
            }
            response
        }
        Error::Forbidden(why) => common(app, StatusCode::FORBIDDEN, why, json!({})),
        Error::ScopeMissing(need) => scope_missing(app, *need),
        Error::TypeDisabled(kind) => {
            let code = coded(app, "type_disabled");
            common(
                app,
                StatusCode::FORBIDDEN,
                &refusals::type_disabled(*kind),
                code,
            )
        }
        Error::NotFound(what) => common(app, StatusCode::NOT_FOUND, what, json!({})),
        Error::Conflict(why) => common(app, StatusCode::CONFLICT, why, json!({})),
        Error::TooMany {
            retry_after_seconds,
        } => too_many(app, *retry_after_seconds),
        Error::Unavailable(cause) => {
            tracing::error!(?cause, "the database cannot be used");
            let why = format!("Keybearer cannot answer now: {cause}. Try again in a moment.");
            common(app, StatusCode::SERVICE_UNAVAILABLE, &why, json!({}))
        }
        Error::Upstream(trouble) => {
            let status = refusals::upstream_status(*trouble);
            common(app, status, trouble.sentence(), json!({}))
        }
        Error::Internal(cause) => {
            let id = app.random.uuid();
            tracing::error!(id, cause = format!("{cause:#}"), "internal error");
            let why = format!("Internal error. The server's log has the cause under the id {id}.");
            common(app, StatusCode::INTERNAL_SERVER_ERROR, &why, json!({}))
        }
    }
}

fn too_many(app: &App, retry_after_seconds: i64) -> Response {
    let why = refusals::rate_limited(retry_after_seconds);
    let code = coded(app, "rate_limited");
    let mut response = common(app, StatusCode::TOO_MANY_REQUESTS, &why, code);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
    response
}

/// RFC 6750 section 3.1: the token is good, but not for this.
fn scope_missing(app: &App, need: Need) -> Response {
    let scope = need.as_str();
    let why = refusals::scope_missing(need);
    let code = coded(app, "scope_missing");
    let mut response = common(app, StatusCode::FORBIDDEN, &why, code);
    let challenge =
        format!("Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"{scope}\"");
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response
            .headers_mut()
            .append(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The refusal's code, and where it is explained.
fn coded(app: &App, code: &str) -> Value {
    json!({"code": code, "docs": refusals::docs_url(app, code)})
}

fn validation(app: &App, faults: &[(String, String)]) -> Response {
    let errors: Map<String, Value> = faults
        .iter()
        .map(|(field, why)| (field.clone(), json!([why])))
        .collect();
    common(
        app,
        StatusCode::BAD_REQUEST,
        "Validation error",
        json!({"validation_errors": errors}),
    )
}

fn common(app: &App, status: StatusCode, detail: &str, more: Value) -> Response {
    let mut body = json!({
        "id": app.random.uuid(),
        "status_code": status.as_u16(),
        "version": COMPATIBLE_VERSION,
        "detail": detail,
        "exc_info": null,
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    json(status, &body)
}

/// A JSON response.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    json_text(status, body.to_string())
}

/// A JSON response that is written already.
pub(super) fn json_text(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    // Room for those that every answer has, so that the map need not grow.
    *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
