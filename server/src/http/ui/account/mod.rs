//! Account & Settings: one's own name, password, sessions and tokens. Addresses and names are Label
//! Studio's where it has the same page.

mod legacy;
mod new_token;
mod password;
mod personal_info;
mod sessions;
mod tokens;

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::errors::PageResult;
use super::redirect;
use super::visitor::Visitor;
use crate::app::App;
use crate::domain::organizations::{self, Organization};
use crate::error::Result;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/user/account", get(start))
        .route(
            "/user/account/personal-info",
            get(personal_info::show).post(personal_info::submit),
        )
        .route(
            "/user/account/password",
            get(password::show).post(password::submit),
        )
        .route(
            "/user/account/sessions",
            get(sessions::show).post(sessions::submit),
        )
        .route(
            "/user/account/personal-access-token",
            get(tokens::show_personal).post(tokens::submit_personal),
        )
        .route(
            "/user/account/key-token",
            get(tokens::show_key).post(tokens::submit_key),
        )
        .route("/user/account/legacy-token", get(legacy::show))
        .route(
            "/user/account/legacy-token/reset",
            get(legacy::confirm).post(legacy::submit),
        )
}

async fn start(State(app): State<App>, _visitor: Visitor) -> PageResult {
    Ok(redirect(&app, "/user/account/personal-info"))
}

/// The side menu: which kinds of token the organization has switched off.
#[derive(Clone, Copy, Debug)]
struct Menu {
    personal_off: bool,
    key_off: bool,
    legacy_off: bool,
}

impl Menu {
    async fn load(app: &App, visitor: &Visitor) -> Result<Self> {
        Ok(Self::of(&organizations::find_own(app, &visitor.cx).await?))
    }

    fn of(organization: &Organization) -> Self {
        Self {
            personal_off: !organization.personal_enabled,
            key_off: !organization.key_enabled,
            legacy_off: !organization.legacy_enabled,
        }
    }
}
