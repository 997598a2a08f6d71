//! Tokens: one's own, and the organization's for its admins.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use keybearer_verify::TokenKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, Nothing, PathNumber, PathToken, Query};
use super::pages::{self, Page};
use super::problem::Problem;
use super::views::{ListedView, TokenView, answer, instant, read_instant};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::policy;
use crate::domain::tokens::listing::{self, Listed, TokenFilter};
use crate::domain::tokens::{self, TokenSpec};
use crate::error::{Error, Result};

const DAY_MS: i64 = 86_400_000;
const USUAL_DAYS: i64 = 30;
const MOST_DAYS: i64 = 366;

/// A token that is to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// `personal` (a JWT, to be exchanged), `key` (one opaque string) or `legacy`.
    #[schema(pattern = "^(personal|key|legacy)$")]
    kind: String,
    /// One line, up to 255 characters.
    #[schema(max_length = 255)]
    #[serde(default)]
    name: String,
    /// One line, up to 1000 characters.
    #[schema(max_length = 1000)]
    #[serde(default)]
    note: String,
    /// How long it lives; what the organization's policy says if absent.
    #[schema(minimum = 1, maximum = 73000)]
    ttl_days: Option<i64>,
    /// `read`, `write`, `admin`, `tokens`, or a method and a path such as `GET /api/projects/*`.
    /// Empty for all that you may; never more than the token that you make it with.
    #[serde(default)]
    scopes: Vec<String>,
    /// Addresses and ranges that it may be used from; empty for everywhere.
    #[serde(default)]
    ip_ranges: Vec<String>,
    /// How many requests a minute it has; absent for no limit.
    #[schema(minimum = 1, maximum = 1000000)]
    rate_per_minute: Option<i64>,
}

impl NewToken {
    fn spec(&self, user_id: i64) -> Result<TokenSpec> {
        let kind = TokenKind::parse(&self.kind);
        let kind =
            kind.ok_or_else(|| Error::invalid("kind", "The kinds are personal, key and legacy."))?;
        Ok(TokenSpec {
            name: self.name.clone(),
            note: self.note.clone(),
            ttl_days: self.ttl_days,
            limits: policy::read_limits(Some(&self.scopes), Some(&self.ip_ranges))?,
            rate_per_minute: self.rate_per_minute,
            ..TokenSpec::new(kind, user_id)
        })
    }
}

/// A token that was just made, with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedToken)]
pub(super) struct IssuedView {
    #[serde(flatten)]
    token: TokenView,
    /// What to send. Nobody sees it again, a legacy token's owner apart.
    secret: String,
}

/// What changes of a token; what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenChange {
    name: Option<String>,
    note: Option<String>,
}

/// Which tokens are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TokenQuery {
    /// `personal`, `key` or `legacy`.
    #[param(pattern = "^(personal|key|legacy)$")]
    kind: Option<String>,
    /// `active`, `expired`, `revoked`, or `ended` for both of these.
    #[param(pattern = "^(active|expired|revoked|ended)$")]
    state: Option<String>,
    /// A part of the name, the note or the owner's e-mail address.
    search: Option<String>,
    /// Only tokens that were not used since this instant.
    #[param(format = DateTime)]
    unused_since: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<i64>,
}

/// Which of an organization's tokens are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrganizationTokenQuery {
    /// Only this user's.
    user_id: Option<i64>,
    /// `personal`, `key` or `legacy`.
    #[param(pattern = "^(personal|key|legacy)$")]
    kind: Option<String>,
    /// `active`, `expired`, `revoked`, or `ended` for both of these.
    #[param(pattern = "^(active|expired|revoked|ended)$")]
    state: Option<String>,
    /// A part of the name, the note or the owner's e-mail address.
    search: Option<String>,
    /// Only tokens that were not used since this instant.
    #[param(format = DateTime)]
    unused_since: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<i64>,
}

impl OrganizationTokenQuery {
    fn of_user(user_id: i64, query: TokenQuery) -> Self {
        Self {
            user_id: Some(user_id),
            kind: query.kind,
            state: query.state,
            search: query.search,
            unused_since: query.unused_since,
            cursor: query.cursor,
            limit: query.limit,
        }
    }

    /// The filter of this page and of one row more, which tells whether there is another.
    fn filter(self) -> Result<(TokenFilter, i64)> {
        let limit = pages::checked_limit(self.limit)?;
        let filter = TokenFilter {
            user_id: self.user_id,
            kind: self.kind,
            state: self.state,
            search: self.search,
            unused_since: read_instant("unused_since", self.unused_since.as_deref())?,
            after: pages::decode(self.cursor.as_deref())?,
            limit: limit + 1,
            ..TokenFilter::default()
        };
        Ok((filter, limit))
    }
}

fn position(listed: &Listed) -> (i64, String) {
    (listed.token.created_at, listed.token.id.clone())
}

/// Your own tokens
///
/// Expired and revoked ones are among them.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "tokens", params(TokenQuery),
    responses((status = 200, description = "A page of tokens", body = Page<TokenView>)))]
pub(super) async fn list(
    State(app): State<App>,
    cx: Cx,
    Query(query): Query<TokenQuery>,
) -> std::result::Result<Response, Problem> {
    let caller = access::require(&cx, Action::SeeOwn)?;
    let query = OrganizationTokenQuery::of_user(caller.user_id, query);
    let (filter, limit) = query.filter()?;
    let rows = listing::page(&app, &cx, caller.organization_id, filter).await?;
    let view = |listed: Listed| TokenView::new(listed.token, cx.now);
    answer(StatusCode::OK, &Page::of(rows, limit, position, view))
}

/// An organization's tokens, for its admins
#[utoipa::path(get, path = "/api/v1/organizations/{id}/tokens", operation_id = "list_organization_tokens",
    tag = "organizations", params(("id" = i64, Path), OrganizationTokenQuery),
    responses((status = 200, description = "A page of tokens", body = Page<ListedView>)))]
pub(super) async fn list_of_organization(
    State(app): State<App>,
    cx: Cx,
    PathNumber(id): PathNumber,
    Query(query): Query<OrganizationTokenQuery>,
) -> std::result::Result<Response, Problem> {
    let (filter, limit) = query.filter()?;
    let rows = listing::page(&app, &cx, id, filter).await?;
    let view = |listed| ListedView::new(listed, cx.now);
    answer(StatusCode::OK, &Page::of(rows, limit, position, view))
}

/// Make a token
///
/// The answer has its secret, this once. It takes a token with the scope `tokens`.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "create_token", tag = "tokens", request_body = NewToken,
    responses((status = 201, description = "The token and its secret", body = IssuedView,
        headers(("Location" = String, description = "The token's address")))))]
pub(super) async fn create(
    State(app): State<App>,
    cx: Cx,
    Query(Nothing {}): Query<Nothing>,
    Body(body): Body<NewToken>,
) -> std::result::Result<Response, Problem> {
    let user_id = access::require(&cx, Action::ChangeOwnTokens)?.user_id;
    let (token, plain) = tokens::issue(&app, &cx, body.spec(user_id)?).await?;
    let place = location(&app, &token.id);
    let view = IssuedView {
        token: TokenView::new(token, cx.now),
        secret: plain.reveal().to_owned(),
    };
    let mut response = answer(StatusCode::CREATED, &view)?;
    response.headers_mut().extend(place);
    Ok(response)
}

/// The `Location` of a token that was just made.
pub(super) fn location(app: &App, id: &str) -> Option<(header::HeaderName, HeaderValue)> {
    let path = format!("{}/api/v1/tokens/{id}", app.config.base_path());
    let value = HeaderValue::from_str(&path).ok()?;
    Some((header::LOCATION, value))
}

/// A token
#[utoipa::path(get, path = "/api/v1/tokens/{id}", operation_id = "show_token", tag = "tokens",
    params(("id" = String, Path)), responses((status = 200, description = "The token", body = TokenView)))]
pub(super) async fn show(
    State(app): State<App>,
    cx: Cx,
    Query(Nothing {}): Query<Nothing>,
    PathToken(id): PathToken,
) -> std::result::Result<Response, Problem> {
    let token = tokens::find(&app, &cx, &id).await?;
    answer(StatusCode::OK, &TokenView::new(token, cx.now))
}

/// Rename a token
#[utoipa::path(patch, path = "/api/v1/tokens/{id}", operation_id = "update_token", tag = "tokens",
    params(("id" = String, Path)), request_body = TokenChange,
    responses((status = 200, description = "The token as it is now", body = TokenView)))]
pub(super) async fn update(
    State(app): State<App>,
    cx: Cx,
    Query(Nothing {}): Query<Nothing>,
    PathToken(id): PathToken,
    Body(change): Body<TokenChange>,
) -> std::result::Result<Response, Problem> {
    let change = (change.name.as_deref(), change.note.as_deref());
    let token = tokens::rename(&app, &cx, &id, change).await?;
    answer(StatusCode::OK, &TokenView::new(token, cx.now))
}

/// Revoke a token
///
/// For good: from this answer on, it and its access tokens are refused.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", operation_id = "revoke_token", tag = "tokens",
    params(("id" = String, Path)), responses((status = 204, description = "It is revoked")))]
pub(super) async fn delete(
    State(app): State<App>,
    cx: Cx,
    Query(Nothing {}): Query<Nothing>,
    PathToken(id): PathToken,
    Body(Nothing {}): Body<Nothing>,
) -> std::result::Result<StatusCode, Problem> {
    tokens::revoke(&app, &cx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far back the uses go.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsesQuery {
    /// How many days back, today among them.
    #[param(minimum = 1, maximum = 366, default = 30)]
    days: Option<i64>,
}

/// How often a token was used, by day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Uses)]
pub(super) struct UsesView {
    /// The days that had any use, newest first.
    days: Vec<DayView>,
}

/// A day's uses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayOfUses)]
struct DayView {
    /// The day, in UTC.
    #[schema(format = Date)]
    day: String,
    uses: i64,
}

/// How often a token was used
///
/// By day, in UTC. Uses are written down every few seconds.
#[utoipa::path(get, path = "/api/v1/tokens/{id}/uses", operation_id = "list_token_uses", tag = "tokens",
    params(("id" = String, Path), UsesQuery), responses((status = 200, description = "The uses", body = UsesView)))]
pub(super) async fn uses(
    State(app): State<App>,
    cx: Cx,
    PathToken(id): PathToken,
    Query(query): Query<UsesQuery>,
) -> std::result::Result<Response, Problem> {
    let days = query.days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        let why = format!("This is between 1 and {MOST_DAYS} days.");
        return Err(Error::invalid("days", why).into());
    }
    let rows = listing::uses(&app, &cx, &id, days).await?;
    let view = |(day, uses): (i64, i64)| DayView {
        day: instant(day.saturating_mul(DAY_MS))
            .chars()
            .take(10)
            .collect(),
        uses,
    };
    let days = rows.into_iter().map(view).collect();
    answer(StatusCode::OK, &UsesView { days })
}
