//! Label Studio's interface: the URLs, bodies and errors that its SDK and pages know.
//!
//! The route table is here; `endpoint` is what Django REST framework does around each view, `body`,
//! `fields` and `python_json` how it reads what clients send, `failure` and `refusals` how it says
//! no. The other files are one noun each. Where Keybearer differs on purpose, the e2e divergence
//! list says so and why.

mod absent;
mod body;
mod current_user;
pub(super) mod endpoint;
pub mod failure;
mod fields;
mod hotkeys;
mod ids;
mod invites;
mod memberships;
mod organizations;
mod paging;
mod plain_json;
mod python_json;
mod refusals;
mod selection;
mod settings;
mod tokens;
mod users;
mod version;

use axum::Router;
use axum::routing::get;

use crate::app::App;
use endpoint::on;

pub use absent::unknown_path;

/// The routes. Paths are without a slash at their end; see `layers::normalize`.
#[rustfmt::skip]
pub fn router() -> Router<App> {
    Router::new()
        .route("/api/token", on(&tokens::TOKENS).get(tokens::list).post(tokens::create).into())
        .route("/api/token/refresh", on(&tokens::EXCHANGE).post(tokens::exchange).into())
        .route("/api/token/blacklist", on(&tokens::BLACKLIST).post(tokens::revoke).into())
        .route("/api/token/rotate", on(&tokens::ROTATE).post(tokens::rotate).into())
        .route("/api/jwt/settings", on(&settings::SETTINGS).get(settings::show).post(settings::update).into())
        .route("/api/current-user/token", on(&current_user::LEGACY).get(current_user::show_legacy).into())
        .route("/api/current-user/reset-token", on(&current_user::RESET).post(current_user::reset_legacy).into())
        .route("/api/current-user/whoami", on(&current_user::WHOAMI).get(current_user::whoami).into())
        .route("/api/current-user/hotkeys", on(&hotkeys::HOTKEYS).get(hotkeys::show).patch(hotkeys::update).into())
        .route("/api/users", on(&users::USERS).get(users::list).post(users::create).into())
        .route("/api/users/{id}", on(&users::USER).get(users::show).patch(users::update).delete(users::delete).into())
        .route("/api/organizations", on(&organizations::ORGANIZATIONS).get(organizations::list).post(organizations::create).into())
        .route("/api/organizations/{id}", on(&organizations::ORGANIZATION).get(organizations::show).patch(organizations::update).put(organizations::replace).into())
        .route("/api/organizations/{id}/memberships", on(&memberships::MEMBERSHIPS).get(memberships::list).into())
        .route("/api/organizations/{id}/memberships/{user_id}", on(&memberships::MEMBERSHIP).get(memberships::show).delete(memberships::delete).into())
        .route("/api/invite", on(&invites::INVITE).get(invites::show).into())
        .route("/api/invite/reset-token", on(&invites::RESET).post(invites::reset).into())
        .route("/api/version", get(version::show).options(version::show).fallback(version::other_method))
        .route("/version", get(version::page))
        .route("/health", get(version::health))
}
