//! What happens around every route of this interface: credentials (401), the method (405), what the
//! answer says about the token that was used.
//!
//! Authority is a value: what comes out of authentication is the request's `Cx`, and the domain
//! decides what it may do.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use keybearer_verify::Denial;

use super::problem::{self, Problem};
use crate::app::App;
use crate::cx::Cx;
use crate::http::around::{Around, Methods, Next};
use crate::http::credentials::{self, Auth};
use crate::http::notices;

/// What stands around a path of this interface.
#[derive(Clone, Copy)]
pub(super) struct Door {
    auth: Auth,
}

/// The methods of a path that takes credentials.
pub(super) fn on(allow: &'static str) -> Methods<Door> {
    behind(Auth::BearerFirst, allow)
}

/// The methods of a path that is for everybody.
pub(super) fn open(allow: &'static str) -> Methods<Door> {
    behind(Auth::None, allow)
}

fn behind(auth: Auth, allow: &'static str) -> Methods<Door> {
    Methods::new(Door { auth }, async move |method: Method| {
        other_method(&method, allow)
    })
}

impl Around for Door {
    async fn pass(self, app: App, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        // What may be asked is no secret: it is in the description of the interface.
        let auth = if parts.method == Method::OPTIONS {
            Auth::None
        } else {
            self.auth
        };
        let answer = match credentials::authenticate(&app, auth, &parts).await {
            Ok(cx) => admitted(&app, cx, Request::from_parts(parts, body), next).await,
            Err(error) => Problem::from(error).into_response(),
        };
        problem::render(&app, answer)
    }
}

async fn admitted(app: &App, cx: Cx, mut request: Request, next: Next) -> Response {
    let (now, caller) = (
        cx.now,
        cx.caller()
            .map(|caller| (caller.organization_id, caller.notices.clone())),
    );
    request.extensions_mut().insert(cx);
    let mut answer = next(request, app.clone()).await;
    if let Some((organization_id, notices)) = caller {
        if problem::lacks_scope(&answer) {
            let cause = Denial::ScopeMissing;
            app.refusals.note(now, organization_id, cause);
        }
        notices::write(answer.headers_mut(), &notices);
    }
    answer
}

/// OPTIONS, and the methods that a path does not have.
fn other_method(method: &Method, allow: &'static str) -> Response {
    let mut response = if *method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let why = format!("There is no {method} here; there are {allow}.");
        Problem::http(StatusCode::METHOD_NOT_ALLOWED, why).into_response()
    };
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// Answers a path below `/api/v1` that no route knows.
pub fn unknown_path(app: &App, parts: &Parts) -> Response {
    let why = format!(
        "There is nothing at {}; {}/api/v1/docs lists what there is.",
        parts.uri.path(),
        app.config.public_url
    );
    let answer = Problem::http(StatusCode::NOT_FOUND, why).into_response();
    problem::render(app, answer)
}
