//! How this interface says no: a problem (RFC 9457), written here and nowhere else.
//!
//! The `type` of a refusal that has a code is the address of its paragraph in the docs, which this
//! server has itself; every other problem is what its status says (`about:blank`).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keybearer_verify::Denial;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{Error, HeaderFault, Refusal};
use crate::http::refusals;

pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request gets no answer of its own.
#[derive(Debug)]
pub(super) struct Problem(Kind);

#[derive(Debug)]
enum Kind {
    /// The domain said no.
    Domain(Error),
    /// What was sent is not of HTTP's or the route's form.
    Http {
        status: StatusCode,
        why: String,
        field: Option<String>,
    },
}

/// Why there is no answer, and what to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemView {
    /// The address of the paragraph that explains the code; `about:blank` where there is no code.
    r#type: String,
    /// A few words, the same for every problem of this type.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong here, and what to do about it.
    detail: String,
    /// The stable code of a refused token.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The field, parameter or header that is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<i64>,
}

impl Problem {
    pub(super) fn http(status: StatusCode, why: impl Into<String>) -> Self {
        Self(Kind::Http {
            status,
            why: why.into(),
            field: None,
        })
    }

    /// Something that was sent is not right; which, if one is to blame.
    pub(super) fn invalid(field: Option<String>, why: impl Into<String>) -> Self {
        Self(Kind::Http {
            status: StatusCode::BAD_REQUEST,
            why: why.into(),
            field,
        })
    }

    /// A defect; `what` is for the log.
    pub(super) fn internal(what: &'static str) -> Self {
        Self(Kind::Domain(Error::Internal(anyhow::anyhow!(what))))
    }
}

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(Kind::Domain(error.into()))
    }
}

impl IntoResponse for Problem {
    /// A response that waits for [`render`], which knows the server's address.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Whether the response is a problem because the caller's token lacks a scope.
pub(super) fn lacks_scope(response: &Response) -> bool {
    let problem = response.extensions().get::<Arc<Problem>>();
    problem.is_some_and(|problem| matches!(problem.0, Kind::Domain(Error::ScopeMissing(_))))
}

/// Writes out a [`Problem`] that came back as a response; leaves every other response as it is.
pub(super) fn render(app: &App, mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() else {
        return response;
    };
    let (view, challenges) = describe(app, &problem.0);
    let mut written = json(&view);
    // What has been said already about the token and the methods stays said.
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH {
            written.headers_mut().append(name, value.clone());
        }
    }
    for challenge in challenges {
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            written
                .headers_mut()
                .append(header::WWW_AUTHENTICATE, challenge);
        }
    }
    if let Some(seconds) = view.retry_after_seconds {
        written
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    written
}

/// The problem, and the challenges that go with it.
fn describe(app: &App, kind: &Kind) -> (ProblemView, Vec<String>) {
    let error = match kind {
        Kind::Http { status, why, field } => {
            let view = ProblemView {
                field: field.clone(),
                ..plain(*status, why.clone())
            };
            return (view, Vec::new());
        }
        Kind::Domain(error) => error,
    };
    let view = match error {
        Error::Unauthenticated(refusal) => return unauthenticated(app, refusal),
        Error::ScopeMissing(need) => {
            let scope = need.as_str();
            let view = coded(
                app,
                (StatusCode::FORBIDDEN, Denial::ScopeMissing),
                refusals::scope_missing(*need),
            );
            // RFC 6750 section 3.1: the token is good, but not for this.
            let challenge = format!(
                "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"{scope}\", {}",
                described(&view.detail)
            );
            return (view, vec![challenge]);
        }
        Error::Invalid { field, why } => ProblemView {
            field: field.map(str::to_owned),
            ..plain(StatusCode::BAD_REQUEST, why.clone())
        },
        Error::Forbidden(why) => plain(StatusCode::FORBIDDEN, why.clone()),
        Error::TypeDisabled(kind) => coded(
            app,
            (StatusCode::FORBIDDEN, Denial::TypeDisabled),
            refusals::type_disabled(*kind),
        ),
        Error::NotFound(what) => plain(StatusCode::NOT_FOUND, what.clone()),
        Error::Conflict(why) => plain(StatusCode::CONFLICT, why.clone()),
        Error::TooMany {
            retry_after_seconds,
        } => too_many(app, *retry_after_seconds),
        Error::Unavailable(cause) => {
            tracing::error!(?cause, "the database cannot be used");
            let why = format!("Keybearer cannot answer now: {cause}. Try again in a moment.");
            plain(StatusCode::SERVICE_UNAVAILABLE, why)
        }
        Error::Upstream(trouble) => plain(
            refusals::upstream_status(*trouble),
            trouble.sentence().into(),
        ),
        Error::Internal(cause) => {
            let id = app.random.uuid();
            tracing::error!(id, cause = format!("{cause:#}"), "internal error");
            let why = format!("Internal error. The server's log has the cause under the id {id}.");
            plain(StatusCode::INTERNAL_SERVER_ERROR, why)
        }
    };
    (view, Vec::new())
}

fn too_many(app: &App, retry_after_seconds: i64) -> ProblemView {
    ProblemView {
        retry_after_seconds: Some(retry_after_seconds),
        ..coded(
            app,
            (StatusCode::TOO_MANY_REQUESTS, Denial::RateLimited),
            refusals::rate_limited(retry_after_seconds),
        )
    }
}

fn unauthenticated(app: &App, refusal: &Refusal) -> (ProblemView, Vec<String>) {
    let (code, why) = match refusal {
        Refusal::NoCredentials => (
            None,
            "This takes a token. Send it as Authorization: Bearer TOKEN.".to_owned(),
        ),
        Refusal::BadHeader(_, HeaderFault::Empty) => (
            Some(Denial::Malformed),
            "There is no token after the scheme. Send Authorization: Bearer TOKEN.".to_owned(),
        ),
        Refusal::BadHeader(_, HeaderFault::Blanks) => (
            Some(Denial::Malformed),
            "There is more than one word after the scheme; a token has no blank in it.".to_owned(),
        ),
        Refusal::TwoCredentials(_) => (
            Some(Denial::Malformed),
            "The request shows two different credentials; send one of them.".to_owned(),
        ),
        // Whoever has not proven to hold a token is told no more.
        Refusal::Token { denial, .. } if !denial.is_for_the_holder() => {
            (Some(*denial), "This is not a valid token.".to_owned())
        }
        Refusal::Token { kind, denial, .. } => (Some(*denial), refusals::cause(*kind, *denial)),
    };
    let status = StatusCode::UNAUTHORIZED;
    let Some(denial) = code else {
        let challenges = ["Bearer realm=\"api\"", "Token realm=\"api\""];
        return (plain(status, why), challenges.map(str::to_owned).to_vec());
    };
    let view = coded(app, (status, denial), why);
    // RFC 6750 section 3.
    let challenge = format!(
        "Bearer realm=\"api\", error=\"invalid_token\", error_code=\"{}\", {}",
        denial.code(),
        described(&view.detail)
    );
    (view, vec![challenge, "Token realm=\"api\"".to_owned()])
}

fn described(detail: &str) -> String {
    let described: String = detail
        .chars()
        .filter(|c| c.is_ascii() && !matches!(c, '"' | '\\'))
        .collect();
    format!("error_description=\"{described}\"")
}

fn plain(status: StatusCode, detail: String) -> ProblemView {
    ProblemView {
        r#type: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or("Problem").to_owned(),
        status: status.as_u16(),
        detail,
        code: None,
        field: None,
        retry_after_seconds: None,
    }
}

fn coded(app: &App, (status, denial): (StatusCode, Denial), detail: String) -> ProblemView {
    let code = denial.code();
    ProblemView {
        r#type: refusals::docs_url(app, code),
        title: refusals::title(code).to_owned(),
        code: Some(code),
        ..plain(status, detail)
    }
}

fn json(view: &ProblemView) -> Response {
    let body = serde_json::to_string(view).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(view.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}
