//! The organization's pages, for its owners and admins. The domain refuses everybody else, who then gets
//! the page that says whom to ask.

mod invite;
mod member;
mod members;
mod membership;
mod settings;
mod switch;
mod title;
mod tokens;

use axum::Router;
use axum::routing::get;

use super::forms;
use crate::app::App;

/// Every address that takes a form has a page too, for a sign-in in between leads back to it.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/user/organization", get(switch::show).post(switch::submit))
        .route("/organization", get(members::show))
        .route("/organization/tokens", get(tokens::show))
        .route(
            "/organization/tokens/revoke",
            get(tokens::back).post(tokens::revoke),
        )
        .route("/organization/title", get(title::show).post(title::submit))
        .route(
            "/organization/invite",
            get(invite::show).post(invite::reset),
        )
        .route(
            "/organization/settings",
            get(settings::show).post(settings::submit),
        )
        .route("/organization/members/{id}", get(member::show))
        .route(
            "/organization/members/{id}/role",
            get(member::show).post(member::change_role),
        )
        .route(
            "/organization/members/{id}/account",
            get(member::show).post(member::change_account),
        )
        .route(
            "/organization/members/{id}/revoke",
            get(membership::ask_revoke).post(membership::revoke),
        )
        .route(
            "/organization/members/{id}/remove",
            get(membership::ask_remove).post(membership::remove),
        )
}

/// What a page says after a change that led to it.
const DONE: [(&str, &str); 9] = [
    ("settings", "The settings are saved and in force."),
    (
        "unchanged",
        "Nothing was changed: the settings are as they were.",
    ),
    (
        "invite",
        "There is a new invite link. The old one no longer works.",
    ),
    ("title", "The organization has its new name."),
    ("role", "The role is changed."),
    (
        "deactivated",
        "The account is deactivated. Its tokens and sessions are refused.",
    ),
    (
        "activated",
        "The account is active again, and so are its tokens.",
    ),
    (
        "revoked",
        "All tokens that this member had here are revoked for good.",
    ),
    (
        "removed",
        "The member is removed, and the tokens they had here are refused.",
    ),
];

/// The sentence for the change that a query names, if it names one.
fn done(query: Option<&str>) -> Option<&'static str> {
    let word = forms::query_value(query, "done")?;
    DONE.into_iter()
        .find_map(|(known, sentence)| (known == word).then_some(sentence))
}
