//! Who is asking, as this server sees it.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Nothing, Query};
use super::problem::Problem;
use super::views::answer;
use crate::cx::{Caller, Cx};
use crate::domain::access::{self, Action};

/// The caller, and what the token that he came with may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub(super) struct MeView {
    user_id: i64,
    email: String,
    organization_id: i64,
    /// `owner`, `admin` or `member`.
    role: &'static str,
    /// The token that proved it; `null` for a browser's session.
    token_id: Option<String>,
    /// What the token was given; empty for all that its owner may.
    scopes: Vec<String>,
    /// The most that the organization lets any token do; empty for no limit, and for a session, which is
    /// no token.
    policy_scopes: Vec<String>,
}

impl MeView {
    fn new(caller: &Caller) -> Self {
        let [scopes, policy_scopes] = caller
            .scopes()
            .map(|scopes| scopes.iter().map(ToString::to_string).collect());
        Self {
            user_id: caller.user_id,
            email: caller.email.to_string(),
            organization_id: caller.organization_id,
            role: caller.role.as_str(),
            token_id: caller.token().map(|known| known.grant.id.clone()),
            scopes,
            policy_scopes,
        }
    }
}

/// Who you are
#[utoipa::path(get, path = "/api/v1/me", operation_id = "me", tag = "me",
    responses((status = 200, description = "You, by your token", body = MeView)))]
pub(super) async fn show(cx: Cx, Query(Nothing {}): Query<Nothing>) -> Result<Response, Problem> {
    let caller = access::require(&cx, Action::SeeOwn)?;
    answer(StatusCode::OK, &MeView::new(caller))
}
