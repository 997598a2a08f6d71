//! Keybearer's own interface: nouns and standard verbs below `/api/v1`, pages by cursor, errors as
//! problems (RFC 9457).
//!
//! The route table is here. `door` is what happens around each route, `problem` how it says no,
//! `extract` how it reads what clients send, `views` and the noun files what it answers. `openapi`
//! makes the description of all of it from the same code; every route must be in it, and a test says
//! so.

mod audit_events;
mod docs;
mod door;
mod extract;
mod me;
mod notices;
mod openapi;
mod pages;
mod policy;
mod problem;
mod rotation;
mod tokens;
mod users;
pub(super) mod views;

use axum::Router;

use crate::app::App;
use door::{on, open};

pub use door::unknown_path;
pub use openapi::document;

/// The routes, each with its methods. Paths are without a slash at their end; see
/// `layers::normalize`.
#[rustfmt::skip]
pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/me", on("GET, HEAD, OPTIONS").get(me::show).into())
        .route("/api/v1/tokens", on("GET, HEAD, POST, OPTIONS").get(tokens::list).post(tokens::create).into())
        .route("/api/v1/tokens/{id}", on("GET, HEAD, PATCH, DELETE, OPTIONS").get(tokens::show).patch(tokens::update).delete(tokens::delete).into())
        .route("/api/v1/tokens/{id}/rotation", on("POST, OPTIONS").post(rotation::create).into())
        .route("/api/v1/tokens/{id}/uses", on("GET, HEAD, OPTIONS").get(tokens::uses).into())
        .route("/api/v1/users/{id}/tokens", on("DELETE, OPTIONS").delete(users::delete_tokens).into())
        .route("/api/v1/organizations/{id}/tokens", on("GET, HEAD, OPTIONS").get(tokens::list_of_organization).into())
        .route("/api/v1/organizations/{id}/policy", on("GET, HEAD, PATCH, OPTIONS").get(policy::show).patch(policy::update).into())
        .route("/api/v1/notices", on("GET, HEAD, OPTIONS").get(notices::list).into())
        .route("/api/v1/audit-events", on("GET, HEAD, OPTIONS").get(audit_events::list).into())
        .route("/api/v1/openapi.json", open("GET, HEAD, OPTIONS").get(openapi::show).into())
        .route("/api/v1/docs", open("GET, HEAD, OPTIONS").get(docs::interface).into())
        .route("/docs/refusals", open("GET, HEAD, OPTIONS").get(docs::refusals).into())
}
