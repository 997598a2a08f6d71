//! The three web doors: Label Studio's interface and Keybearer's own for programs, pages for people.
//!
//! Nothing is decided in here. A door turns a request into a [`crate::cx::Cx`] and a call of the
//! domain, and its answer or error into a response. Every path is known with and without a slash at
//! its end, and below the public URL's path or not, without any redirect: see `layers::normalize`.

mod credentials;
mod csv;
mod events;
mod extract;
mod layers;
mod notices;
pub(crate) mod refusals;
mod same_origin;

pub mod api;
pub mod label_studio;
pub mod ui;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tower::util::MapRequestLayer;
use tower::{Layer, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;

/// The whole service over `app`.
pub fn router(app: &App) -> Router {
    let doors = Router::new()
        .merge(label_studio::router(app))
        .merge(api::router(app))
        .merge(ui::router(app))
        .fallback(layers::not_found)
        .with_state(app.clone());
    let observed = ServiceBuilder::new()
        .layer(from_fn_with_state(app.clone(), layers::observe))
        .layer(CatchPanicLayer::custom(layers::panicked));
    let base_path = app.config.base_path().to_owned();
    let normalize = MapRequestLayer::new(move |request| layers::normalize(request, &base_path));
    // Paths must be normalized before anything is routed, so the router sits inside the layer.
    Router::new().fallback_service(normalize.layer(doors.layer(observed)))
}
