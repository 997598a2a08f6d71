//! Reads the credentials of a request and has the domain say whose they are.
//!
//! Any token is accepted as `Authorization: Bearer …`, `Authorization: Token …` (schemes in any
//! case, RFC 9110 section 11.1), `X-API-Key: …` and in the header that the operator names. Two
//! different ones are refused: none is ever silently ignored.

use std::borrow::Cow;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::app::App;
use crate::cx::{Caller, Cx};
use crate::domain::{introspection, sessions};
use crate::error::{Error, HeaderFault, Refusal, Result, SentAs};
use crate::gateway::people;
use crate::http::extract::{self, SESSION_COOKIE};
use crate::http::same_origin;

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
        Auth::Required | Auth::BearerFirst => prove(app, auth, &cx, parts).await,
        Auth::Optional => Ok(prove(app, auth, &cx, parts).await.unwrap_or(cx)),
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

async fn prove(app: &App, auth: Auth, cx: &Cx, parts: &Parts) -> Result<Cx> {
    let refused = match by_token(app, cx, &parts.headers).await {
        Ok(Some(caller)) => return Ok(cx.with_caller(caller)),
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
    Ok(cx.with_caller(caller))
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
fn shown(app: &App, headers: &HeaderMap) -> std::result::Result<Option<(SentAs, String)>, Refusal> {
    let mut found: Option<(SentAs, String)> = None;
    let authorization = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(|value| by_scheme(&latin1(value.as_bytes())));
    let own_header = app.config.token_header.as_deref();
    let api_key = ["x-api-key"]
        .into_iter()
        .chain(own_header)
        .flat_map(|name| headers.get_all(name))
        .map(|value| Ok(by_api_key(&latin1(value.as_bytes()))));
    for next in authorization.chain(api_key) {
        let Some(next) = next? else { continue };
        match &found {
            Some((_, token)) if *token != next.1 => return Err(Refusal::TwoCredentials(next.0)),
            Some(_) => {}
            None => found = Some(next),
        }
    }
    Ok(found)
}

fn by_scheme(value: &str) -> std::result::Result<Option<(SentAs, String)>, Refusal> {
    let mut words = value.split_ascii_whitespace();
    let sent_as = match words.next() {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer") => SentAs::Bearer,
        Some(scheme) if scheme.eq_ignore_ascii_case("token") => SentAs::Token,
        // Another scheme is another system's business, such as a proxy's Basic.
        _ => return Ok(None),
    };
    let token = words
        .next()
        .ok_or(Refusal::BadHeader(sent_as, HeaderFault::Empty))?;
    match words.next() {
        None => Ok(Some((sent_as, token.to_owned()))),
        Some(_) => Err(Refusal::BadHeader(sent_as, HeaderFault::Blanks)),
    }
}

fn by_api_key(value: &str) -> Option<(SentAs, String)> {
    let token = value.trim();
    (!token.is_empty()).then(|| (SentAs::ApiKey, token.to_owned()))
}

/// Header bytes as text; no token of ours has any above ASCII, so their meaning does not matter.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}
