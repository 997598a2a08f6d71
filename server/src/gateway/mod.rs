//! Gateway mode: Keybearer in front of a Label Studio.
//!
//! Keybearer answers the URLs of tokens and their settings itself and hands every other request on.
//! `places` says which is which, `passing` hands on, `people` knows who of here is who over
//! there, `upstream` is the Label Studio itself and what only Keybearer asks it. What a token may do
//! is decided where it always is, in the domain. `docs/gateway.md` is for whoever sets it up.

mod headers;
mod pace;
mod passing;
pub mod people;
mod places;
pub mod probe;
mod scopes;
mod transport;
pub mod upstream;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::response::Response;
use tower::ServiceExt;

use crate::app::App;
use crate::http::{layers, ui};
use places::Place;
use upstream::Upstream;

/// Answers a request at Keybearer's own `doors`, or hands it on to the upstream.
pub async fn route(app: &App, upstream: &Upstream, doors: Router, request: Request) -> Response {
    match places::of(request.uri().path()) {
        Place::Own(path) => {
            let own = doors.oneshot(at(request, &path)).await;
            own.unwrap_or_else(|never| match never {})
        }
        Place::Theirs(path) => ui::redirect_to(&format!("{}{path}", app.config.mount_path())),
        Place::Nowhere => {
            let (parts, _) = request.into_parts();
            layers::not_found(State(app.clone()), parts).await
        }
        Place::Upstream => passing::pass(app, upstream, request).await,
    }
}

/// The request, for `path` instead of its own.
fn at(mut request: Request, path: &str) -> Request {
    let query = request.uri().query().map(|query| format!("?{query}"));
    let target = format!("{path}{}", query.unwrap_or_default());
    if let Ok(path_and_query) = PathAndQuery::try_from(target) {
        *request.uri_mut() = Uri::from(path_and_query);
    }
    request
}

/// An answer as it stands, for nobody to add to.
fn untouched(mut response: Response) -> Response {
    response.extensions_mut().insert(layers::Foreign);
    response
}
