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
use axum::routing::{delete, get, patch, post, put};

use crate::app::App;
use endpoint::{Endpoint, route};

pub use absent::unknown_path;

/// The routes. Paths are without a slash at their end; see `layers::normalize`.
#[rustfmt::skip]
pub fn router(app: &App) -> Router<App> {
    let on = |endpoint: &'static Endpoint, methods| route(app, endpoint, methods);
    Router::new()
        .route("/api/token", on(&tokens::TOKENS, get(tokens::list).post(tokens::create)))
        .route("/api/token/refresh", on(&tokens::EXCHANGE, post(tokens::exchange)))
        .route("/api/token/blacklist", on(&tokens::BLACKLIST, post(tokens::revoke)))
        .route("/api/token/rotate", on(&tokens::ROTATE, post(tokens::rotate)))
        .route("/api/jwt/settings", on(&settings::SETTINGS, get(settings::show).post(settings::update)))
        .route("/api/current-user/token", on(&current_user::LEGACY, get(current_user::show_legacy)))
        .route("/api/current-user/reset-token", on(&current_user::RESET, post(current_user::reset_legacy)))
        .route("/api/current-user/whoami", on(&current_user::WHOAMI, get(current_user::whoami)))
        .route("/api/current-user/hotkeys", on(&hotkeys::HOTKEYS, get(hotkeys::show).merge(patch(hotkeys::update))))
        .route("/api/users", on(&users::USERS, get(users::list).post(users::create)))
        .route("/api/users/{id}", on(&users::USER, get(users::show).merge(patch(users::update)).merge(delete(users::delete))))
        .route("/api/organizations", on(&organizations::ORGANIZATIONS, get(organizations::list).post(organizations::create)))
        .route("/api/organizations/{id}", on(&organizations::ORGANIZATION,
            get(organizations::show).merge(patch(organizations::update)).merge(put(organizations::replace))))
        .route("/api/organizations/{id}/memberships", on(&memberships::MEMBERSHIPS, get(memberships::list)))
        .route("/api/organizations/{id}/memberships/{user_id}", on(&memberships::MEMBERSHIP,
            get(memberships::show).merge(delete(memberships::delete))))
        .route("/api/invite", on(&invites::INVITE, get(invites::show)))
        .route("/api/invite/reset-token", on(&invites::RESET, post(invites::reset)))
        .route("/api/version", get(version::show).options(version::show).fallback(version::other_method))
        .route("/version", get(version::page))
        .route("/health", get(version::health))
}
