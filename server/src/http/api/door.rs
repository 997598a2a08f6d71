//! What happens around every route of this interface: credentials (401), the method (405), what the
//! answer says about the token that was used.
//!
//! Authority is a value: what comes out of authentication is the request's `Cx`, and the domain
//! decides what it may do.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::{self, Problem};
use crate::app::App;
use crate::http::around::{self, Around, Methods, Next};
use crate::http::credentials::{self, Auth};

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
    fn pass(
        self,
        app: App,
        request: Request,
        next: Next,
    ) -> impl Future<Output = Response> + Send + 'static {
        let (parts, body) = request.into_parts();
        // What may be asked is no secret: it is in the description of the interface.
        let auth = if parts.method == Method::OPTIONS {
            Auth::None
        } else {
            self.auth
        };
        async move {
            let answer = match credentials::authenticate(&app, auth, &parts).await {
                Ok(cx) => {
                    let request = Request::from_parts(parts, body);
                    around::admitted(&app, cx, request, next, problem::lacks_scope).await
                }
                Err(error) => Problem::from(error).into_response(),
            };
            problem::render(&app, answer)
        }
    }
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
