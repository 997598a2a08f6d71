//! What the pages of one token and of many share: how a token is shown, the pages of a single one, and
//! the panel with a new secret. Whose token it is, and what one may do with it, the domain decides.

mod detail;
pub(crate) mod paging;
mod revoke;
mod rotate;
pub(crate) mod secret;
pub(crate) mod view;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::get;

use super::errors::PageError;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::tokens::Token;
use crate::http::extract;

/// The id in a token page's address.
struct TokenId(String);

impl<S: Send + Sync> FromRequestParts<S> for TokenId {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let texts = extract::path_texts(parts, state).await;
        let id = texts.and_then(|texts| texts.into_iter().next());
        id.map(Self).ok_or_else(PageError::no_page)
    }
}

/// The pages of a single token.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/user/tokens/{id}", get(detail::show).post(detail::submit))
        .route(
            "/user/tokens/{id}/rotate",
            get(rotate::show).post(rotate::submit),
        )
        .route(
            "/user/tokens/{id}/revoke",
            get(revoke::show).post(revoke::submit),
        )
}

/// The page that lists a token: its kind's page of one's own account, or the organization's list.
pub(super) fn list_path(cx: &Cx, token: &Token) -> &'static str {
    if cx
        .caller()
        .is_none_or(|caller| caller.user_id != token.user_id)
    {
        return "/organization/tokens";
    }
    match token.kind.as_str() {
        "personal" => "/user/account/personal-access-token",
        "key" => "/user/account/key-token",
        _ => "/user/account/legacy-token",
    }
}
