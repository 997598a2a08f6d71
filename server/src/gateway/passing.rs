//! Hands a request on to the upstream, with a credential of the upstream's in place of Keybearer's.
//!
//! 1. A token in any header that Keybearer takes one from is checked as everywhere; a bad one ends
//!    here. What shows none goes on as it is: Label Studio's own sessions are its own business.
//! 2. The token's scopes, and the organization's policy, must let method and path through.
//! 3. All credentials are taken out of the headers, cookies included, and an access token goes in
//!    that Label Studio takes for the token's owner and that lives a minute.
//! 4. Bodies stream in both directions; a time-out counts while nothing moves.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_http::timeout::TimeoutBody;

use super::pace::Pace;
use super::upstream::Upstream;
use super::{headers, people, scopes, untouched};
use crate::app::App;
use crate::cx::{Caller, Cx};
use crate::error::{Error, Result, Trouble};
use crate::http::credentials::{self, Auth};
use crate::http::label_studio::failure::{self, Failure};
use crate::http::layers::AsSent;
use crate::http::{extract, notices, ui};

/// Hands `request` on and brings the answer back.
pub(super) async fn pass(app: &App, upstream: &Upstream, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let cx = extract::anonymous_cx(app, &parts);
    let caller = match credentials::by_token(app, &cx, &parts.headers).await {
        Ok(caller) => caller,
        Err(error) => return refuse(app, error),
    };
    let Some(caller) = caller else {
        return match send(app, upstream, &parts, (body, None)).await {
            Ok(answer) => answer,
            Err(trouble) if parts.uri.path().starts_with("/api/") => {
                refuse(app, Error::Upstream(trouble))
            }
            Err(trouble) => ui::errors::no_upstream(app, &parts, trouble).await,
        };
    };
    let mut answer = match as_user(app, upstream, &cx, (&caller, &parts, body)).await {
        Ok(answer) => answer,
        Err(error) => refuse(app, error),
    };
    notices::write(answer.headers_mut(), &caller.notices);
    answer
}

/// The answer to a request that came with the caller's token.
async fn as_user(
    app: &App,
    upstream: &Upstream,
    cx: &Cx,
    (caller, parts, body): (&Caller, &Parts, Body),
) -> Result<Response> {
    let path = target(parts).path();
    let path = path.strip_prefix(app.config.mount_path()).unwrap_or(path);
    scopes::require(caller, &parts.method, path)?;
    let id = people::upstream_id(upstream, cx, caller).await?;
    let answer = send(app, upstream, parts, (body, Some((id, cx.now))))
        .await
        .map_err(Error::Upstream)?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        people::refused_there(upstream, cx, caller, id).await?;
    }
    Ok(answer)
}

/// Sends the request, for the upstream's user `id` if it came with a token.
async fn send(
    app: &App,
    upstream: &Upstream,
    parts: &Parts,
    (body, user): (Body, Option<(i64, i64)>),
) -> std::result::Result<Response, Trouble> {
    let pace = Pace::default();
    let mut request = Request::new(pace.watch(body));
    request.method_mut().clone_from(&parts.method);
    request.uri_mut().clone_from(target(parts));
    request.extensions_mut().clone_from(&parts.extensions);
    *request.version_mut() = parts.version;
    *request.headers_mut() = headers::prepare(app, parts);
    if let Some((id, now)) = user {
        // Nothing but the token says who this is.
        request.headers_mut().remove(header::COOKIE);
        let credential = upstream.credential(id, now)?;
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, credential);
    }
    let silence = upstream.silence();
    let sent = pace.unless_idle(silence, upstream.send(request));
    let answer = sent.await.ok_or(Trouble::Slow)??;
    Ok(untouched(answer.map(|body| limited(body, silence))))
}

/// The same body, cut off if nothing of it comes for `silence`.
fn limited(body: Body, silence: Duration) -> Body {
    Body::new(TimeoutBody::new(silence, body))
}

/// The request's target as the client has sent it.
fn target(parts: &Parts) -> &axum::http::Uri {
    let as_sent = parts.extensions.get::<AsSent>();
    as_sent.map_or(&parts.uri, |as_sent| &as_sent.0)
}

/// An error as JSON: whoever shows a token is a program.
fn refuse(app: &App, error: Error) -> Response {
    failure::render(app, Auth::Required, Failure::from(error).into_response())
}
