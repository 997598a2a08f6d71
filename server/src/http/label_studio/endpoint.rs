//! What Django REST framework does around each view, in its order: content negotiation (406),
//! authentication (401), the method (405), and the `Allow` header on whatever the answer is.
//!
//! Authority is a value: what comes out of authentication is the request's `Cx`, and the domain
//! decides what it may do.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::failure::{self, Failure};
use crate::app::App;
use crate::cx::Cx;
use crate::http::around::{self, Around, Methods, Next};
use crate::http::credentials::{self, Auth};

/// A view as Django REST framework knows it.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// The methods, in Label Studio's order and spelling.
    pub(super) allow: &'static str,
    pub(super) auth: Auth,
    /// The name that Django REST framework makes of the view's class, for OPTIONS.
    pub(super) name: &'static str,
    /// The media types that the view reads, for OPTIONS.
    pub(super) parses: &'static [&'static str],
    /// The fields that OPTIONS describes: method and JSON, or nothing.
    pub(super) fields: &'static str,
}

/// What most views read.
pub(super) const ALL_FORMS: &[&str] = &[
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
];
/// What a few views read.
pub(super) const ONLY_JSON: &[&str] = &["application/json"];

/// The methods of a path, with `endpoint` around each.
pub(super) fn on(endpoint: &'static Endpoint) -> Methods<&'static Endpoint> {
    Methods::new(endpoint, async || StatusCode::METHOD_NOT_ALLOWED)
}

impl Around for &'static Endpoint {
    fn pass(
        self,
        app: App,
        request: Request,
        next: Next,
    ) -> impl Future<Output = Response> + Send + 'static {
        let (parts, body) = request.into_parts();
        async move {
            let answer = match admit(&app, self, &parts).await {
                Ok(Admitted::Go(cx)) => {
                    let request = Request::from_parts(parts, body);
                    around::admitted(&app, cx, request, next, failure::lacks_scope).await
                }
                Ok(Admitted::Answer(response)) => response,
                Err(failure) => failure.into_response(),
            };
            let mut response = failure::render(&app, self.auth, answer);
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static(self.allow));
            response
        }
    }
}

enum Admitted {
    Go(Cx),
    Answer(Response),
}

async fn admit(app: &App, endpoint: &Endpoint, parts: &Parts) -> Result<Admitted, Failure> {
    if !accepts_json(parts) {
        return Err(Failure::http(
            StatusCode::NOT_ACCEPTABLE,
            "Could not satisfy the request Accept header.",
        ));
    }
    let cx = credentials::authenticate(app, endpoint.auth, parts).await?;
    let method = &parts.method;
    if !endpoint
        .allow
        .split(',')
        .any(|allowed| allowed.trim_start() == method.as_str())
    {
        return Err(Failure::http(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("Method \"{method}\" not allowed."),
        ));
    }
    Ok(if *method == Method::OPTIONS {
        Admitted::Answer(describe(endpoint)?)
    } else {
        Admitted::Go(cx)
    })
}

const JSON_RANGES: [&str; 3] = ["*/*", "application/json", "application/*"];

/// Whether one of the media ranges in `Accept` is JSON's (RFC 9110 section 12.5.1).
fn accepts_json(parts: &Parts) -> bool {
    let Some(accept) = parts.headers.get(header::ACCEPT) else {
        return true;
    };
    let ranges = accept.to_str().unwrap_or_default().split(',');
    let is = |range: &str, wanted: &&str| range.eq_ignore_ascii_case(wanted);
    ranges
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .any(|range| JSON_RANGES.iter().any(|wanted| is(range, wanted)))
}

/// The answer to OPTIONS.
fn describe(endpoint: &Endpoint) -> Result<Response, Failure> {
    let mut body = json!({
        "name": endpoint.name,
        "description": "",
        "renders": ["application/json"],
        "parses": endpoint.parses,
    });
    if !endpoint.fields.is_empty() {
        let actions = serde_json::from_str::<serde_json::Value>(endpoint.fields);
        let actions =
            actions.map_err(|_| Failure::internal("the description of a view is not JSON"))?;
        body.as_object_mut()
            .map(|body| body.insert("actions".into(), actions));
    }
    Ok(failure::json(StatusCode::OK, &body))
}
