//! Rotating a token: a successor takes its place, and for a while both work.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use keybearer_verify::TokenKind;

use super::secret::SecretPanel;
use super::view::TokenRow;
use super::{TokenId, list_path};
use crate::app::App;
use crate::domain::organizations;
use crate::domain::tokens::listing;
use crate::domain::tokens::rotation::{self, RotationSpec};
use crate::error::{Error, Result};
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::{Fault, Form};
use crate::http::ui::frame::Frame;
use crate::http::ui::visitor::Visitor;
use crate::http::ui::words::Moment;

const USUAL_HOURS: i64 = 24;

#[derive(Template)]
#[template(path = "tokens/rotate.html")]
struct RotatePage<'a> {
    frame: &'a Frame,
    token: TokenRow,
    list: &'static str,
    most_hours: i64,
    /// As typed.
    hours: &'a str,
    /// Makes a form that is sent twice one rotation.
    key: &'a str,
    fault: Option<Fault>,
    panel: Option<SecretPanel>,
}

/// What came of the form.
enum Outcome {
    None,
    Fault(Fault),
    Done(SecretPanel),
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    TokenId(id): TokenId,
) -> PageResult {
    let most = organizations::find_own(&app, &visitor.cx)
        .await?
        .max_overlap_hours;
    let typed = (USUAL_HOURS.min(most).to_string(), app.random.text::<32>());
    page(&app, &visitor, &id, (&typed.0, &typed.1), Outcome::None).await
}

pub(super) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    TokenId(id): TokenId,
    form: Form,
) -> PageResult {
    let typed = (form.text("overlap_hours"), form.text("key"));
    let rotated = match spec(typed) {
        Ok(spec) => rotation::rotate(&app, &visitor.cx, &id, spec).await,
        Err(error) => Err(error),
    };
    match rotated {
        Ok(rotated) => {
            let kind = TokenKind::parse(&rotated.token.kind).unwrap_or(TokenKind::Key);
            let ends = Moment::new(rotated.retires_at, visitor.cx.now);
            let remark = if rotated.retires_at <= visitor.cx.now {
                "The old token is refused from now on.".to_owned()
            } else {
                format!("The old token still works and stops {}.", ends.distance())
            };
            let panel = SecretPanel {
                remark: Some(remark),
                ..SecretPanel::new(&app, kind, rotated.plain)
            };
            page(&app, &visitor, &id, typed, Outcome::Done(panel)).await
        }
        Err(Error::Invalid { field, why }) => {
            let fault = Fault::new(field, why);
            page(&app, &visitor, &id, typed, Outcome::Fault(fault)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn spec((hours, key): (&str, &str)) -> Result<RotationSpec> {
    let number = hours.trim().parse::<i64>();
    let overlap_hours = number.map_err(|_| {
        Error::invalid(
            "overlap_hours",
            "Write a whole number of hours, such as 24.",
        )
    })?;
    Ok(RotationSpec {
        overlap_hours: Some(overlap_hours),
        idempotency_key: Some(key.to_owned()).filter(|key| !key.is_empty()),
    })
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &str,
    (hours, key): (&str, &str),
    outcome: Outcome,
) -> PageResult {
    let (fault, panel) = match outcome {
        Outcome::None => (None, None),
        Outcome::Fault(fault) => (Some(fault), None),
        Outcome::Done(panel) => (None, Some(panel)),
    };
    let listed = listing::find(app, &visitor.cx, id).await?;
    if listed.token.user_id != visitor.user_id() {
        let why = "Only its owner can rotate a token, because nobody else may see the new secret. You can revoke it.";
        return Err(Error::forbidden(why).into());
    }
    let organization = organizations::find_own(app, &visitor.cx).await?;
    let page = RotatePage {
        frame: &visitor.frame,
        list: list_path(&visitor.cx, &listed.token),
        token: TokenRow::new(listed, visitor.cx.now),
        most_hours: organization.max_overlap_hours,
        hours,
        key,
        fault,
        panel,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}
