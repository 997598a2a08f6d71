//! What every form of the pages needs: its fields, and the proof that our own page sent it.
//!
//! The proof is a double-submitted cookie under Label Studio's names (`csrftoken` and the field
//! `csrfmiddlewaretoken`), which its old client fills in, together with the request's origin.

use std::fmt::Write;

use aws_lc_rs::constant_time;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::{BodyExt, Limited};

use super::say;
use crate::app::App;
use crate::cx::Cx;
use crate::http::{extract, same_origin};

const CSRF_COOKIE: &str = "csrftoken";
const CSRF_FIELD: &str = "csrfmiddlewaretoken";
const LARGEST: usize = 64 * 1024;

/// A form that our own page has sent.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) cx: Cx,
    pub(super) query: Option<String>,
    pairs: Vec<(String, String)>,
}

impl Form {
    /// The field's text, empty if it was not sent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }
}

impl FromRequest<App> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let cx = extract::anonymous_cx(app, &parts);
        let bytes = match Limited::new(body, LARGEST).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => {
                return Err(say(
                    app,
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "Too large",
                    "The form's content is too large.",
                ));
            }
        };
        let pairs: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
        if !same_origin::is_proven(app, &parts.method, &parts.headers)
            || !is_csrf_proven(&parts.headers, &pairs)
        {
            let text = "This form did not come from Keybearer's own page, or was open for too long. Load the page again and send it once more.";
            return Err(say(app, StatusCode::FORBIDDEN, "Not accepted", text));
        }
        Ok(Self {
            cx,
            query: parts.uri.query().map(str::to_owned),
            pairs,
        })
    }
}

fn is_csrf_proven(headers: &HeaderMap, pairs: &[(String, String)]) -> bool {
    let in_header = headers
        .get("x-csrftoken")
        .and_then(|value| value.to_str().ok());
    let in_form = pairs
        .iter()
        .find(|(name, _)| name == CSRF_FIELD)
        .map(|(_, value)| value.as_str());
    let Some((cookie, sent)) = extract::cookie(headers, CSRF_COOKIE).zip(in_form.or(in_header))
    else {
        return false;
    };
    !cookie.is_empty()
        && constant_time::verify_slices_are_equal(cookie.as_bytes(), sent.as_bytes()).is_ok()
}

/// The CSRF text for a form: the one that the browser has, or a new one.
pub(super) fn csrf_text(app: &App, headers: &HeaderMap) -> String {
    let is_ours =
        |text: &&str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    extract::cookie(headers, CSRF_COOKIE)
        .filter(is_ours)
        .map_or_else(|| app.random.text::<32>(), str::to_owned)
}

/// Gives the browser the CSRF text that stands in the page's form.
pub(super) fn set_csrf_cookie(app: &App, response: &mut Response, text: &str) {
    set_cookie(app, response, (CSRF_COOKIE, text), Some(31_449_600));
}

/// Gives the browser its session, or takes it away (`None`).
pub(super) fn set_session_cookie(app: &App, response: &mut Response, secret: Option<&str>) {
    let max_age = if secret.is_some() {
        crate::domain::sessions::SESSION_FOR_MS / 1000
    } else {
        0
    };
    set_cookie(
        app,
        response,
        (extract::SESSION_COOKIE, secret.unwrap_or_default()),
        Some(max_age),
    );
}

fn set_cookie(
    app: &App,
    response: &mut Response,
    (name, value): (&str, &str),
    max_age_seconds: Option<i64>,
) {
    let path = match app.config.base_path() {
        "" => "/",
        path => path,
    };
    let mut cookie = format!("{name}={value}; Path={path}; SameSite=Lax; HttpOnly");
    if let Some(seconds) = max_age_seconds {
        let _ = write!(cookie, "; Max-Age={seconds}");
    }
    if app.config.is_https() {
        cookie.push_str("; Secure");
    }
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The value of `name` in a query.
pub(super) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs
        .into_owned()
        .find_map(|(key, value)| (key == name).then_some(value))
}
