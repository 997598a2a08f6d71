//! Personal access tokens: list, make, exchange, rotate, revoke.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use keybearer_verify::{PlainToken, TokenKind};
use serde::Serialize;
use serde_json::json;

use super::body::Body;
use super::endpoint::{ALL_FORMS, Endpoint};
use super::failure::{self, Failure};
use super::users::instant;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::tokens::{self, Token, TokenSpec, exchange, personal};
use crate::error::Error;
use crate::http::credentials::Auth;

pub(super) static TOKENS: Endpoint = Endpoint {
    allow: "GET, POST, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "Lsapi Token",
    parses: ALL_FORMS,
    fields: r#"{"POST": {"token": {"type": "field", "required": false, "read_only": true, "label": "Token"}}}"#,
};
pub(super) static EXCHANGE: Endpoint = Endpoint {
    allow: "POST, OPTIONS",
    auth: Auth::None,
    name: "Decorated Token Refresh",
    parses: ALL_FORMS,
    fields: r#"{"POST": {"refresh": {"type": "string", "required": true, "read_only": false, "label": "Refresh"},
        "access": {"type": "string", "required": false, "read_only": true, "label": "Access"}}}"#,
};
pub(super) static BLACKLIST: Endpoint = Endpoint {
    allow: "POST, OPTIONS",
    auth: Auth::Optional,
    name: "Ls Token Blacklist",
    parses: ALL_FORMS,
    fields: REFRESH_FIELD,
};
pub(super) static ROTATE: Endpoint = Endpoint {
    allow: "POST, OPTIONS",
    auth: Auth::BearerFirst,
    name: "Lsapi Token Rotate",
    parses: ALL_FORMS,
    fields: REFRESH_FIELD,
};
const REFRESH_FIELD: &str = r#"{"POST": {"refresh": {"type": "string", "required": true, "read_only": false, "label": "Refresh"}}}"#;

/// A personal access token as it is listed: `header.payload`, which opens nothing. The SDK's type
/// knows the two dates too.
#[derive(Serialize)]
struct TokenView {
    token: String,
    id: String,
    name: String,
    created_at: String,
    expires_at: Option<String>,
}

impl TokenView {
    fn new(text: String, token: &Token) -> Self {
        Self {
            token: text,
            id: token.id.clone(),
            name: token.name.clone(),
            created_at: instant(token.created_at),
            expires_at: token.expires_at.map(instant),
        }
    }

    fn of_new(token: &Token, plain: &PlainToken) -> Self {
        Self::new(plain.reveal().to_owned(), token)
    }
}

pub(super) async fn list(State(app): State<App>, cx: Cx) -> Result<Response, Failure> {
    let tokens = personal::list_live(&app, &cx).await?;
    let views: Vec<TokenView> = tokens
        .iter()
        .map(|token| TokenView::new(personal::unsigned_text(token), token))
        .collect();
    answer(StatusCode::OK, &views)
}

pub(super) async fn create(
    State(app): State<App>,
    cx: Cx,
    data: Body,
) -> Result<Response, Failure> {
    let user_id = access::require(&cx, Action::ChangeOwnTokens)?.user_id;
    let mut object = data.object()?;
    let name = object.text("name", true).unwrap_or_default();
    object.check()?;
    let spec = TokenSpec {
        name,
        ..TokenSpec::new(TokenKind::Personal, user_id)
    };
    let (token, plain) = tokens::issue(&app, &cx, spec).await?;
    answer(StatusCode::CREATED, &TokenView::of_new(&token, &plain))
}

pub(super) async fn exchange(
    State(app): State<App>,
    cx: Cx,
    data: Body,
) -> Result<Response, Failure> {
    let text = refresh_field(data)?;
    let access = exchange::exchange(&app, &cx, &text).await?;
    // Nothing in a JWT is written otherwise in JSON, so nobody has to look at each of its characters.
    let text = ["{\"access\":\"", access.reveal(), "\"}"].concat();
    Ok(failure::json_text(StatusCode::OK, text))
}

pub(super) async fn rotate(
    State(app): State<App>,
    cx: Cx,
    data: Body,
) -> Result<Response, Failure> {
    let text = refresh_field(data)?;
    let (_, plain) = personal::rotate(&app, &cx, &text).await?;
    answer(StatusCode::OK, &json!({"refresh": plain.reveal()}))
}

pub(super) async fn revoke(
    State(app): State<App>,
    cx: Cx,
    data: Body,
) -> Result<StatusCode, Failure> {
    let text = refresh_field(data)?;
    match personal::revoke_shown(&app, &cx, &text).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Error::NotFound(why)) => Err(Failure::bare(StatusCode::NOT_FOUND, why)),
        Err(other) => Err(other.into()),
    }
}

fn refresh_field(data: Body) -> Result<String, Failure> {
    let mut object = data.object()?;
    let text = object.required_text("refresh");
    object.check().map(|()| text)
}

/// A JSON answer of a view.
pub(super) fn answer(status: StatusCode, view: &impl Serialize) -> Result<Response, Failure> {
    let text = serde_json::to_string(view);
    let text = text.map_err(|_| Failure::internal("a view is not JSON"))?;
    Ok(failure::json_text(status, text))
}
