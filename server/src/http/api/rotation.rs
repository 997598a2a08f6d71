//! Rotation: a successor takes a token's place.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Body, Nothing, PathToken, Query};
use super::problem::Problem;
use super::tokens::location;
use super::views::{TokenView, answer, instant};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::tokens::rotation::{self, RotationSpec};
use crate::error::{Error, Result};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How the successor takes over.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRotation {
    /// How long both tokens work; 24, or what the organization allows at most, if absent.
    #[schema(minimum = 0, maximum = 720)]
    overlap_hours: Option<i64>,
}

/// The successor, its secret, and when the old token stops.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rotation)]
pub(super) struct RotationView {
    token: TokenView,
    /// What to send from now on.
    secret: String,
    /// When the old token stops working.
    #[schema(format = DateTime)]
    retires_at: String,
}

/// Put a successor in a token's place
///
/// Until `retires_at` both work. The same request again, under the same Idempotency-Key or with the
/// old token itself, gets the same answer. Use of the old one after that is recorded as an alarm.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/rotation", operation_id = "rotate_token", tag = "tokens",
    params(("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Your own name for this request, 1 to 255 characters",
            min_length = 1, max_length = 255)),
    request_body = NewRotation,
    responses((status = 201, description = "The successor and its secret", body = RotationView,
        headers(("Location" = String, description = "The successor's address")))))]
pub(super) async fn create(
    State(app): State<App>,
    cx: Cx,
    (PathToken(id), Query(Nothing {})): (PathToken, Query<Nothing>),
    headers: HeaderMap,
    Body(body): Body<NewRotation>,
) -> std::result::Result<Response, Problem> {
    let spec = RotationSpec {
        overlap_hours: body.overlap_hours,
        idempotency_key: idempotency_key(&headers)?,
    };
    let rotated = rotation::rotate(&app, &cx, &id, spec).await?;
    let place = location(&app, &rotated.token.id);
    let view = RotationView {
        retires_at: instant(rotated.retires_at),
        token: TokenView::new(rotated.token, cx.now),
        secret: rotated.plain.reveal().to_owned(),
    };
    let mut response = answer(StatusCode::CREATED, &view)?;
    response.headers_mut().extend(place);
    Ok(response)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    let text = line.to_str().ok().filter(|_| lines.next().is_none());
    let why = "An Idempotency-Key is one line of visible ASCII characters.";
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| Error::invalid("idempotency_key", why))
}
