//! What stands around a route: axum's `from_fn` with one allocation instead of four.
//!
//! A route with something around it is still a route; what happens is a plain async function of the
//! request and of [`Next`].

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use axum::routing::Route;
use futures_util::FutureExt;
use tower::Service;
use tower::layer::{LayerFn, layer_fn};

/// The layer that puts `pass` around routes.
pub(super) fn around<F: Clone>(pass: F) -> LayerFn<impl Fn(Route) -> Surrounded<F> + Clone> {
    layer_fn(move |route| Surrounded {
        pass: pass.clone(),
        route,
    })
}

#[derive(Clone)]
pub(super) struct Surrounded<F> {
    pass: F,
    route: Route,
}

impl<F, Passed> Service<Request> for Surrounded<F>
where
    F: Fn(Request, Next) -> Passed,
    Passed: Future<Output = Response> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let passed = (self.pass)(request, Next(self.route.clone()));
        Box::pin(passed.map(Ok))
    }
}

/// What the request comes to next.
pub(super) struct Next(Route);

impl Next {
    pub(super) async fn run(mut self, request: Request) -> Response {
        match self.0.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
