//! What stands around the methods of a path: credentials, the method, what every answer says.
//!
//! It is part of the method's own handler and not a layer of the router, for each layer costs several
//! allocations a request.

use std::future::Future;
use std::pin::Pin;

use axum::extract::{FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};
use keybearer_verify::Denial;

use crate::app::App;
use crate::cx::Cx;
use crate::http::notices;

type Answered = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The handler that a request comes to if it is let through.
pub(super) type Next = Box<dyn FnOnce(Request, App) -> Answered + Send>;

/// What happens around a handler.
pub(super) trait Around: Copy + Send + Sync + 'static {
    /// Answers the request itself, or has `next` answer it.
    fn pass(
        self,
        app: App,
        request: Request,
        next: Next,
    ) -> impl Future<Output = Response> + Send + 'static;
}

/// Has `next` answer for the caller of `cx`, and says in the answer what there is to say of the token that
/// was used.
///
/// Not an `async fn`: that would hold the request and `cx` in its frame, which is moved about, although
/// `next` has them.
pub(super) fn admitted(
    app: &App,
    cx: Cx,
    mut request: Request,
    next: Next,
    lacks_scope: fn(&Response) -> bool,
) -> impl Future<Output = Response> {
    let now = cx.now;
    let caller = cx
        .caller()
        .map(|caller| (caller.organization_id, caller.notices.clone()));
    request.extensions_mut().insert(cx);
    let answer = next(request, app.clone());
    async move {
        let mut answer = answer.await;
        if let Some((organization_id, notices)) = caller {
            if lacks_scope(&answer) {
                app.refusals
                    .note(now, organization_id, Denial::ScopeMissing);
            }
            notices::write(answer.headers_mut(), &notices);
        }
        answer
    }
}

/// The methods of a path, each with the same around it.
pub(super) struct Methods<A> {
    around: A,
    methods: MethodRouter<App>,
}

impl<A: Around> Methods<A> {
    /// No methods yet; `other` answers those that do not come.
    pub(super) fn new<T: 'static>(
        around: A,
        other: impl Handler<T, App, Future = Answered>,
    ) -> Self {
        let other = Surrounded {
            around,
            handler: other,
        };
        Self {
            around,
            methods: MethodRouter::new().fallback(other),
        }
    }

    pub(super) fn get<T: 'static>(self, handler: impl Handler<T, App, Future = Answered>) -> Self {
        self.on(MethodFilter::GET, handler)
    }

    pub(super) fn post<T: 'static>(self, handler: impl Handler<T, App, Future = Answered>) -> Self {
        self.on(MethodFilter::POST, handler)
    }

    pub(super) fn put<T: 'static>(self, handler: impl Handler<T, App, Future = Answered>) -> Self {
        self.on(MethodFilter::PUT, handler)
    }

    pub(super) fn patch<T: 'static>(
        self,
        handler: impl Handler<T, App, Future = Answered>,
    ) -> Self {
        self.on(MethodFilter::PATCH, handler)
    }

    pub(super) fn delete<T: 'static>(
        self,
        handler: impl Handler<T, App, Future = Answered>,
    ) -> Self {
        self.on(MethodFilter::DELETE, handler)
    }

    fn on<T: 'static>(
        mut self,
        filter: MethodFilter,
        handler: impl Handler<T, App, Future = Answered>,
    ) -> Self {
        let handler = Surrounded {
            around: self.around,
            handler,
        };
        self.methods = self.methods.on(filter, handler);
        self
    }
}

impl<A> From<Methods<A>> for MethodRouter<App> {
    fn from(methods: Methods<A>) -> Self {
        methods.methods
    }
}

#[derive(Clone)]
struct Surrounded<A, H> {
    around: A,
    handler: H,
}

impl<A, H, T> Handler<T, App> for Surrounded<A, H>
where
    A: Around,
    H: Handler<T, App, Future = Answered>,
{
    type Future = Answered;

    fn call(self, request: Request, app: App) -> Answered {
        let handler = self.handler;
        let next = Box::new(|request, app| handler.call(request, app));
        Box::pin(self.around.pass(app, request, next))
    }
}

/// Handlers take what authentication has put beside the request.
impl<S: Sync> FromRequestParts<S> for Cx {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        // Absent only if nothing stands around the handler, which is a defect.
        let cx = parts.extensions.remove::<Self>();
        cx.ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
