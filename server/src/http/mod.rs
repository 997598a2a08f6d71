//! The three web doors: Label Studio's interface and Keybearer's own for programs, pages for people.
//!
//! Nothing is decided in here. A door turns a request into a [`crate::cx::Cx`] and a call of the
//! domain, and its answer or error into a response. Every path is known with and without a slash at
//! its end, and below the public URL's path or not, without any redirect: see `layers::normalize`.

mod around;
pub(crate) mod credentials;
mod csv;
mod events;
pub(crate) mod extract;
pub(crate) mod layers;
pub(crate) mod notices;
pub(crate) mod refusals;
mod same_origin;

pub mod api;
pub mod label_studio;
pub mod ui;

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::Either;
use tower::Service;

use crate::app::App;
use crate::gateway;
use layers::AsSent;

/// The whole service over `app`, as a router.
pub fn router(app: &App) -> Router {
    Router::new().fallback_service(Whole::new(app))
}

/// The whole service. What happens to every request is called here one after another, and not put
/// around the doors as layers: each layer costs an allocation or two a request.
#[derive(Clone, Debug)]
pub struct Whole {
    app: App,
    doors: Router,
}

impl Whole {
    #[must_use]
    pub fn new(app: &App) -> Self {
        let doors = Router::new()
            .merge(label_studio::router())
            .merge(api::router())
            .merge(ui::router(app))
            .fallback(layers::not_found)
            .with_state(app.clone());
        Self {
            app: app.clone(),
            doors,
        }
    }

    /// Whether it hands requests on to a Label Studio.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        self.app.upstream.is_some()
    }

    /// Answers one request.
    ///
    /// Not an `async fn`: that would hold the request in its frame, which is moved about.
    pub fn answer(&self, request: Request) -> impl Future<Output = Response> + Send + use<> {
        let app = self.app.clone();
        let mut doors = self.doors.clone();
        // Paths must be normalized before anything is routed.
        let upstream = app.upstream.clone();
        let upstream = upstream.map(|upstream| (upstream, AsSent(request.uri().clone())));
        let mut request = layers::normalize(request, app.config.mount_path());
        let seen = layers::Seen::of(&app, &request);
        let routed = match upstream {
            None => Either::Left(doors.call(request)),
            Some((upstream, as_sent)) => {
                request.extensions_mut().insert(as_sent);
                let app = app.clone();
                Either::Right(Box::pin(async move {
                    Ok(gateway::route(&app, &upstream, doors, request).await)
                }))
            }
        };
        async move {
            let response = match AssertUnwindSafe(routed).catch_unwind().await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(cause) => layers::panicked(&*cause),
            };
            layers::finish(&app, seen, response)
        }
    }
}

impl Service<Request> for Whole {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(self.answer(request).map(Ok))
    }
}
