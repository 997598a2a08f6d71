//! What an admin may do about a user's tokens.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Body, Nothing, PathNumber, Query};
use super::problem::Problem;
use super::views::answer;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::tokens;

/// How many tokens were revoked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revoked)]
pub(super) struct RevokedView {
    revoked: u64,
}

/// Revoke all tokens of a user
///
/// Your own, or as an admin those of a member of your organization.
#[utoipa::path(delete, path = "/api/v1/users/{id}/tokens", operation_id = "revoke_user_tokens", tag = "users",
    params(("id" = i64, Path)), responses((status = 200, description = "How many there were", body = RevokedView)))]
pub(super) async fn delete_tokens(
    State(app): State<App>,
    cx: Cx,
    Query(Nothing {}): Query<Nothing>,
    PathNumber(id): PathNumber,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Response, Problem> {
    let revoked = tokens::revoke_all_of(&app, &cx, id).await?;
    answer(StatusCode::OK, &RevokedView { revoked })
}
