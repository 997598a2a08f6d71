//! Reads the credentials of a request and has the domain say whose they are.
//!
//! Any token is accepted as `Authorization: Bearer …`, `Authorization: Token …` (schemes in any
//! case, RFC 9110 section 11.1), `X-API-Key: …` and in the header that the operator names. Two
//! different ones are refused: none is ever silently ignored.

use std::borrow::Cow;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use crate::app::App;
use crate::cx::{Caller, Cx};
use crate::domain::{introspection, sessions};
use crate::error::{Error, HeaderFault, Refusal, Result, SentAs};
use crate::gateway::people;
use crate::http::extract::{self, SESSION_COOKIE};
use crate::http::same_origin;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A token and how it was sent, if there is one.
type Shown<'h> = std::result::Result<Option<(SentAs, Cow<'h, str>)>, Refusal>;

/// How a view authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Not at all: headers are ignored.
    None,
    /// A caller who shows nothing, or nothing good, is a stranger.
    Optional,
    /// As most of Label Studio's views: the first challenge is `Token`, and a session stands in for
    /// a bad Bearer.
    Required,
    /// As Label Studio's rotation view and all of Keybearer's own interface: the first challenge is
    /// `Bearer`, and a bad Bearer is refused.
    BearerFirst,
}

/// The request's [`Cx`], with the caller that its credentials prove.
///
/// # Errors
/// [`Error::Unauthenticated`] with the reason; [`Error::Forbidden`] for a session's cookie that came
/// from another site's page.
pub(super) async fn authenticate(app: &App, auth: Auth, parts: &Parts) -> Result<Cx> {
    let cx = extract::anonymous_cx(app, parts);
    match auth {
        Auth::None => Ok(cx),
        Auth::Required | Auth::BearerFirst => {
            let caller = prove(app, auth, &cx, parts).await?;
            Ok(cx.with_caller(caller))
        }
        Auth::Optional => Ok(match prove(app, auth, &cx, parts).await {
            Ok(caller) => cx.with_caller(caller),
            Err(_) => cx,
        }),
    }
}

/// The caller whom the token in the headers proves; `None` if they show no token.
///
/// # Errors
/// [`Error::Unauthenticated`] with the reason.
pub(crate) async fn by_token(app: &App, cx: &Cx, headers: &HeaderMap) -> Result<Option<Caller>> {
    let Some((sent_as, token)) = shown(app, headers).map_err(Error::Unauthenticated)? else {
        return Ok(None);
    };
    let caller = introspection::caller_by_token(app, cx, &token, sent_as).await?;
    Ok(Some(caller))
}

async fn prove(app: &App, auth: Auth, cx: &Cx, parts: &Parts) -> Result<Caller> {
    let refused = match by_token(app, cx, &parts.headers).await {
        Ok(Some(caller)) => return Ok(caller),
        Ok(None) => Refusal::NoCredentials,
        Err(Error::Unauthenticated(refusal)) => refusal,
        Err(other) => return Err(other),
    };
    // Label Studio's middleware passes over a Bearer that is no good, and the session counts.
    let session_counts = match &refused {
        Refusal::NoCredentials => true,
        Refusal::Token { sent_as, .. } | Refusal::BadHeader(sent_as, _) => {
            *sent_as == SentAs::Bearer && auth != Auth::BearerFirst
        }
        Refusal::TwoCredentials(_) => false,
    };
    let session = extract::cookie(&parts.headers, SESSION_COOKIE).filter(|_| session_counts);
    let Some(session) = session else {
        return Err(Error::Unauthenticated(refused));
    };
    let caller = match Box::pin(by_session(app, cx, session)).await {
        Ok(caller) => caller,
        Err(Error::Unauthenticated(_)) => return Err(Error::Unauthenticated(refused)),
        Err(other) => return Err(other),
    };
    if !same_origin::is_proven(app, &parts.method, &parts.headers) {
        return Err(Error::forbidden(
            "This request comes from another site's page with your session's cookie. Send it from Keybearer's own \
             pages, or with a token instead of the cookie.",
        ));
    }
    Ok(caller)
}

/// The caller whom a session's cookie proves: Keybearer's own, or in gateway mode Label Studio's.
///
/// # Errors
/// [`Error::Unauthenticated`] if the session has ended.
pub(super) async fn by_session(app: &App, cx: &Cx, session: &str) -> Result<Caller> {
    match &app.upstream {
        None => sessions::caller(app, cx, session).await,
        Some(upstream) => people::by_session(app, upstream, cx, session).await,
    }
}

/// The one token that the headers show, and how.
fn shown<'h>(app: &App, headers: &'h HeaderMap) -> Shown<'h> {
    let mut found = None;
    for value in headers.get_all(header::AUTHORIZATION) {
        add(&mut found, by_scheme(value.as_bytes())?)?;
    }
    let own_header = app.config.token_header.as_deref();
    let own_header = own_header
        .into_iter()
        .flat_map(|name| headers.get_all(name));
    for value in headers.get_all(API_KEY).iter().chain(own_header) {
        add(&mut found, by_api_key(value.as_bytes()))?;
    }
    Ok(found)
}

fn add<'h>(
    found: &mut Option<(SentAs, Cow<'h, str>)>,
    next: Option<(SentAs, Cow<'h, str>)>,
) -> std::result::Result<(), Refusal> {
    match (&*found, next) {
        (Some((_, token)), Some(next)) if *token != next.1 => Err(Refusal::TwoCredentials(next.0)),
        (None, next) => {
            *found = next;
            Ok(())
        }
        (Some(_), _) => Ok(()),
    }
}

fn by_scheme(value: &[u8]) -> Shown<'_> {
    let value = value.trim_ascii_start();
    let scheme_len = value.iter().position(u8::is_ascii_whitespace);
    let (scheme, rest) = value
        .split_at_checked(scheme_len.unwrap_or(value.len()))
        .unwrap_or_default();
    let sent_as = match scheme {
        scheme if scheme.eq_ignore_ascii_case(b"bearer") => SentAs::Bearer,
        scheme if scheme.eq_ignore_ascii_case(b"token") => SentAs::Token,
        // Another scheme is another system's business, such as a proxy's Basic.
        _ => return Ok(None),
    };
    let token = rest.trim_ascii();
    if token.is_empty() {
        return Err(Refusal::BadHeader(sent_as, HeaderFault::Empty));
    }
    // All bytes are looked at whatever is found: this the compiler turns into a few wide comparisons.
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    if token
        .iter()
        .fold(false, |blank, byte| blank | is_blank(byte))
    {
        return Err(Refusal::BadHeader(sent_as, HeaderFault::Blanks));
    }
    Ok(Some((sent_as, latin1(token))))
}

fn by_api_key(value: &[u8]) -> Option<(SentAs, Cow<'_, str>)> {
    let token = value.trim_ascii();
    (!token.is_empty()).then(|| (SentAs::ApiKey, latin1(token)))
}

/// Header bytes as text; no token of ours has any above ASCII, so their meaning does not matter.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}
