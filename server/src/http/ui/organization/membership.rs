//! What cannot be taken back: revoking all tokens of a member, and removing the member. Both are asked
//! about on a page that says what follows.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::member::MemberId;
use super::members::MemberView;
use crate::app::App;
use crate::domain::members;
use crate::domain::members::listing::{self, Member};
use crate::domain::tokens;
use crate::http::ui::errors::{PageError, PageResult};
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

/// What is asked about.
struct Act {
    /// The last part of its address.
    name: &'static str,
    question: fn(&str) -> String,
    follows: &'static str,
    button: &'static str,
}

const REVOKE: Act = Act {
    name: "revoke",
    question: |member| format!("Revoke all tokens of {member}?"),
    follows: "A revoked token never works again: whatever uses one needs a new token. Tokens of kinds that are switched off end too. The account stays and may make new ones.",
    button: "Revoke all tokens",
};
const REMOVE: Act = Act {
    name: "remove",
    question: |member| format!("Remove {member} from the organization?"),
    follows: "They lose access at once. If they are added again, their present tokens stay refused, and they need new ones.",
    button: "Remove member",
};

#[derive(Template)]
#[template(path = "organization/confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame,
    question: String,
    member: MemberView,
    follows: &'static str,
    action: String,
    button: &'static str,
    back: String,
}

fn ask(visitor: &Visitor, id: MemberId, found: Member, act: &Act) -> Response {
    let member = MemberView::new(found, visitor);
    let page = ConfirmPage {
        frame: &visitor.frame,
        question: (act.question)(&member.name),
        follows: act.follows,
        action: format!("{}/{}", id.path(), act.name),
        button: act.button,
        back: id.path(),
        member,
    };
    visitor.frame.page(StatusCode::OK, &page)
}

pub(super) async fn ask_revoke(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
) -> PageResult {
    let found = listing::find(&app, &visitor.cx, id.0).await?;
    Ok(ask(&visitor, id, found, &REVOKE))
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
    Ok(ask(&visitor, id, found, &REMOVE))
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
