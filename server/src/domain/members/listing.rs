//! Members with their tokens in numbers, for whoever administers an organization.

use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::error::{Error, Result};
use crate::store::{self, members::MemberFilter};

pub use crate::store::members::Member;

/// How many members a page has.
pub const PAGE: i64 = 50;

/// A page of the members who match, and how many match in all.
#[derive(Debug)]
pub struct MemberPage {
    pub total: i64,
    pub members: Vec<Member>,
}

/// A page (the first is 1) of the members of the organization that the caller acts in, by e-mail address;
/// one past the end is empty. `search` is a part of the name or the e-mail address.
///
/// # Errors
/// [`Error::Forbidden`] below admin.
pub async fn page(app: &App, cx: &Cx, search: Option<&str>, page: i64) -> Result<MemberPage> {
    let caller = access::require(cx, Action::ChangeMembers)?;
    // PostgreSQL knows no text with a NUL in it, so nobody is found by one.
    if search.is_some_and(|search| search.contains('\0')) {
        return Ok(MemberPage {
            total: 0,
            members: Vec::new(),
        });
    }
    let filter = MemberFilter {
        search,
        now: cx.now,
        limit: PAGE,
        offset: page.clamp(1, i64::MAX / PAGE).saturating_sub(1) * PAGE,
    };
    let mut tx = app.db.read().await?;
    Ok(MemberPage {
        total: store::members::count(&mut tx, caller.organization_id, search).await?,
        members: store::members::list(&mut tx, caller.organization_id, filter).await?,
    })
}

/// A member of the organization that the caller acts in.
///
/// # Errors
/// [`Error::Forbidden`] below admin; [`Error::NotFound`] for whoever is no member.
pub async fn find(app: &App, cx: &Cx, user_id: i64) -> Result<Member> {
    let caller = access::require(cx, Action::ChangeMembers)?;
    let mut tx = app.db.read().await?;
    store::members::find(&mut tx, caller.organization_id, user_id, cx.now)
        .await?
        .ok_or_else(|| {
            Error::not_found("There is no such member in this organization; the list of members has those who are.")
        })
}
