//! What every form of the pages needs: its fields, and the proof that our own page sent it.
//!
//! The proof is a double-submitted cookie under Label Studio's names (`csrftoken` and the field
//! `csrfmiddlewaretoken`), which its old client fills in, together with the request's origin.

use aws_lc_rs::constant_time;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt, Limited};

use super::errors::PageError;
use super::frame::Frame;
use crate::app::App;
use crate::cx::Cx;
use crate::http::{extract, same_origin};

const CSRF_COOKIE: &str = "csrftoken";
const CSRF_FIELD: &str = "csrfmiddlewaretoken";
const LARGEST: usize = 64 * 1024;

/// What is wrong with a form, and with which field of it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) field: &'static str,
    pub(crate) why: String,
}

impl Fault {
    pub(crate) fn new(field: Option<&'static str>, why: String) -> Self {
        Self {
            field: field.unwrap_or_default(),
            why,
        }
    }
}

/// Why the field is not right, if it is the one.
pub(crate) fn why_not<'a>(fault: Option<&'a Fault>, field: &str) -> Option<&'a str> {
    fault
        .filter(|fault| fault.field == field)
        .map(|fault| fault.why.as_str())
}

/// A form that our own page has sent.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) cx: Cx,
    pub(crate) query: Option<String>,
    /// The frame for whoever is not signed in.
    pub(crate) frame: Frame,
    pairs: Vec<(String, String)>,
}

impl Form {
    /// The field's text, empty if it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Whether the box is ticked, or the button of that name was pressed.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// All texts that were sent under the name.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The field's lines that are not blank.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.text(name).lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

impl FromRequest<App> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageError> {
        let (parts, body) = request.into_parts();
        let cx = extract::anonymous_cx(app, &parts);
        let Ok(body) = Limited::new(body, LARGEST).collect().await else {
            let text = "The form's content is too large.".to_owned();
            return Err(PageError::Said(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too large",
                text,
            ));
        };
        let bytes = body.to_bytes();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
        if !same_origin::is_proven(app, &parts.method, &parts.headers)
            || !is_csrf_proven(&parts.headers, &pairs)
        {
            let text = "This form did not come from Keybearer's own page, or the page was open for too long. Load the page again, then send the form again.";
            return Err(PageError::Said(
                StatusCode::FORBIDDEN,
                "Not accepted",
                text.to_owned(),
            ));
        }
        Ok(Self {
            cx,
            query: parts.uri.query().map(str::to_owned),
            frame: Frame::plain(app, &parts),
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
pub(super) fn set_csrf_cookie(frame: &Frame, response: &mut Response) {
    frame.set_cookie(response, (CSRF_COOKIE, &frame.csrf), 31_449_600);
}

/// Gives the browser its session, or takes it away (`None`).
pub(super) fn set_session_cookie(frame: &Frame, response: &mut Response, secret: Option<&str>) {
    let max_age = if secret.is_some() {
        crate::domain::sessions::SESSION_FOR_MS / 1000
    } else {
        0
    };
    let cookie = (extract::SESSION_COOKIE, secret.unwrap_or_default());
    frame.set_cookie(response, cookie, max_age);
}

/// The value of `name` in a query.
pub(crate) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs
        .into_owned()
        .find_map(|(key, value)| (key == name).then_some(value))
}
