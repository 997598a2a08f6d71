//! One member: who it is, and the forms that change role, account, tokens and membership.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::members::MemberView;
use crate::app::App;
use crate::domain::access::Role;
use crate::domain::members;
use crate::domain::members::listing;
use crate::domain::users::changing;
use crate::error::Error;
use crate::http::extract;
use crate::http::ui::errors::{PageError, PageResult};
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

/// The member that the path names.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemberId(pub(super) i64);

impl MemberId {
    /// His page's address.
    pub(super) fn path(self) -> String {
        format!("/organization/members/{}", self.0)
    }
}

impl FromRequestParts<App> for MemberId {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let texts = extract::path_texts(parts, app).await.unwrap_or_default();
        let id = texts.first().and_then(|text| extract::path_number(text));
        id.map(Self).ok_or_else(PageError::no_page)
    }
}

#[derive(Template)]
#[template(path = "organization/member.html")]
struct MemberPage<'a> {
    frame: &'a Frame,
    member: MemberView,
    roles: Vec<RoleChoice>,
    /// Why what was asked for did not happen.
    fault: Option<&'a str>,
    done: Option<&'static str>,
}

/// A role that the visitor may give.
struct RoleChoice {
    word: &'static str,
    title: &'static str,
    meaning: &'static str,
    is_present: bool,
}

const MEANINGS: [(Role, &str, &str); 3] = [
    (
        Role::Member,
        "Member",
        "Makes and uses tokens of their own.",
    ),
    (
        Role::Admin,
        "Admin",
        "Also manages members, everybody's tokens and the settings, and reads the audit log.",
    ),
    (Role::Owner, "Owner", "Also makes others owners."),
];

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
    parts: Parts,
) -> PageResult {
    let done = super::done(parts.uri.query());
    page(&app, &visitor, id, (StatusCode::OK, None, done)).await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: MemberId,
    (status, fault, done): (StatusCode, Option<&str>, Option<&'static str>),
) -> PageResult {
    let found = listing::find(app, &visitor.cx, id.0).await?;
    let present = Role::parse(&found.role).unwrap_or(Role::Member);
    let own = visitor
        .cx
        .caller()
        .map_or(Role::Member, |caller| caller.role);
    // Whoever is above the visitor keeps his role: no choice is offered.
    let choices = MEANINGS
        .into_iter()
        .filter(|(role, ..)| *role <= own && present <= own);
    let page = MemberPage {
        frame: &visitor.frame,
        roles: choices
            .map(|(role, title, meaning)| RoleChoice {
                word: role.as_str(),
                title,
                meaning,
                is_present: role == present,
            })
            .collect(),
        member: MemberView::new(found, visitor),
        fault,
        done,
    };
    Ok(visitor.frame.page(status, &page))
}

pub(super) async fn change_role(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
    form: Form,
) -> PageResult {
    let Some(role) = Role::parse(form.text("role")) else {
        let fault = "Choose one of the roles.";
        return page(&app, &visitor, id, (StatusCode::OK, Some(fault), None)).await;
    };
    let organization_id = visitor.organization_id();
    let changed = members::set_role(&app, &visitor.cx, organization_id, (id.0, role)).await;
    answer(&app, &visitor, id, changed.map(|()| "role")).await
}

pub(super) async fn change_account(
    State(app): State<App>,
    visitor: Visitor,
    id: MemberId,
    form: Form,
) -> PageResult {
    let is_active = match form.text("account") {
        "active" => true,
        "deactivated" => false,
        _ => {
            let fault = "Choose whether the account is active.";
            return page(&app, &visitor, id, (StatusCode::OK, Some(fault), None)).await;
        }
    };
    let word = if is_active {
        "activated"
    } else {
        "deactivated"
    };
    let changed = changing::set_active(&app, &visitor.cx, id.0, is_active).await;
    answer(&app, &visitor, id, changed.map(|()| word)).await
}

/// Back to the member's page: with what was done, or with why it was not.
async fn answer(
    app: &App,
    visitor: &Visitor,
    id: MemberId,
    changed: crate::error::Result<&str>,
) -> PageResult {
    let (status, why) = match changed {
        Ok(word) => return Ok(redirect(app, &format!("{}?done={word}", id.path()))),
        Err(Error::Forbidden(why)) => (StatusCode::FORBIDDEN, why),
        Err(Error::Conflict(why)) => (StatusCode::CONFLICT, why),
        Err(error) => return Err(error.into()),
    };
    // Whoever may not see the page gets its own refusal instead.
    page(app, visitor, id, (status, Some(&why), None)).await
}
