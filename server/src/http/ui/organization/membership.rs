//! What cannot be taken back: revoking all tokens of a member, and removing the member. Both are asked
//! about on a page that says what follows.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use super::member::MemberId;
use super::members::MemberView;
use crate::app::App;
use crate::domain::members::{self, listing};
use crate::domain::tokens;
use crate::http::ui::errors::{PageError, PageResult};
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

#[derive(Template)]
#[template(path = "organization/confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame,
    question: String,
    member: MemberView,
    follows: &'a str,
    action: String,
    button: String,
    back: String,
}

pub(super) async fn ask_revoke(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
) -> PageResult {
    let found = listing::find(&app, &visitor.cx, id.0).await?;
    let member = MemberView::new(found, &visitor);
    let page = ConfirmPage {
        frame: &visitor.frame,
        question: format!("Revoke all tokens of {}?", member.name),
        follows: "A revoked token never works again: whatever uses one needs a new token. Tokens of kinds that are switched off end too. The account stays, and may make new ones.",
        action: format!("{}/revoke", id.path()),
        button: "Revoke all tokens".to_owned(),
        back: id.path(),
        member,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

pub(super) async fn revoke(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
    _form: Form,
) -> PageResult {
    // A member may revoke all his own tokens, but this page is for those who see to others.
    listing::find(&app, &visitor.cx, id.0).await?;
    tokens::revoke_all_of(&app, &visitor.cx, id.0).await?;
    Ok(redirect(&app, &format!("{}?done=revoked", id.path())))
}

pub(super) async fn ask_remove(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
) -> PageResult {
    let found = listing::find(&app, &visitor.cx, id.0).await?;
    refuse_oneself(&visitor, id)?;
    let member = MemberView::new(found, &visitor);
    let page = ConfirmPage {
        frame: &visitor.frame,
        question: format!("Remove {} from the organization?", member.name),
        follows: "They lose access at once. Should they be added again, the tokens of today stay dead and they make new ones.",
        action: format!("{}/remove", id.path()),
        button: "Remove member".to_owned(),
        back: id.path(),
        member,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

pub(super) async fn remove(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
    _form: Form,
) -> PageResult {
    listing::find(&app, &visitor.cx, id.0).await?;
    refuse_oneself(&visitor, id)?;
    members::remove(&app, &visitor.cx, visitor.organization_id(), id.0).await?;
    Ok(redirect(&app, "/organization?done=removed"))
}

/// The domain refuses it too, in Label Studio's words.
fn refuse_oneself(visitor: &Visitor, id: MemberId) -> Result<(), PageError> {
    if visitor.user_id() != id.0 {
        return Ok(());
    }
    let text =
        "You cannot remove yourself. Ask another admin of the organization to do it.".to_owned();
    Err(PageError::Said(StatusCode::CONFLICT, "Not possible", text))
}
