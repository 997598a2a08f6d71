//! The organization's front page: its members, and the dialogs that add members and change the settings.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::invite;
use super::settings::form::SettingsForm;
use crate::app::App;
use crate::domain::members::listing::{self, Member, PAGE};
use crate::domain::{organizations, standing_policy};
use crate::http::extract;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms;
use crate::http::ui::frame::Frame;
use crate::http::ui::visitor::Visitor;
use crate::http::ui::words::{self, Moment};

#[derive(Template)]
#[template(path = "organization/members.html")]
struct MembersPage<'a> {
    frame: &'a Frame,
    title: &'a str,
    done: Option<&'static str>,
    search: &'a str,
    members: Vec<MemberView>,
    pager: Pager,
    invite_link: &'a str,
    settings: SettingsForm,
}

/// A member as pages show him.
pub(super) struct MemberView {
    pub(super) id: i64,
    /// His name, or his e-mail address if he has none.
    pub(super) name: String,
    pub(super) has_name: bool,
    pub(super) email: String,
    pub(super) role: &'static str,
    pub(super) is_active: bool,
    pub(super) is_oneself: bool,
    pub(super) joined: Moment,
    pub(super) last_activity: Moment,
    pub(super) last_token_use: Option<Moment>,
    pub(super) has_live_tokens: bool,
    /// How many: `1,234`.
    pub(super) live_number: String,
    /// `1,234 live tokens`
    pub(super) live_tokens: String,
}

impl MemberView {
    pub(super) fn new(member: Member, visitor: &Visitor) -> Self {
        let now = visitor.cx.now;
        let name = format!("{} {}", member.first_name, member.last_name);
        let name = name.trim();
        let last = member
            .last_token_use_at
            .map_or(member.last_activity_at, |used| {
                used.max(member.last_activity_at)
            });
        Self {
            id: member.user_id,
            has_name: !name.is_empty(),
            name: if name.is_empty() {
                member.email.clone()
            } else {
                name.to_owned()
            },
            email: member.email,
            role: role_title(&member.role),
            is_active: member.is_active,
            is_oneself: member.user_id == visitor.user_id(),
            joined: Moment::new(member.joined_at, now),
            last_activity: Moment::new(last, now),
            last_token_use: member.last_token_use_at.map(|at| Moment::new(at, now)),
            has_live_tokens: member.live_tokens > 0,
            live_number: words::grouped(member.live_tokens),
            live_tokens: words::count(member.live_tokens, "live token"),
        }
    }
}

/// What a role is called on a page.
pub(super) fn role_title(role: &str) -> &'static str {
    match role {
        "owner" => "Owner",
        "admin" => "Admin",
        _ => "Member",
    }
}

/// Which part of a list is shown, and the queries that lead to its neighbours.
struct Pager {
    /// `1–50 of 128 members`
    place: String,
    previous: Option<String>,
    next: Option<String>,
}

impl Pager {
    fn new(search: &str, page: i64, (shown, total): (i64, i64)) -> Self {
        let before = (page - 1).saturating_mul(PAGE);
        let query = |page: i64| {
            form_urlencoded::Serializer::new(String::new())
                .append_pair("q", search)
                .append_pair("page", &page.to_string())
                .finish()
        };
        Self {
            place: format!(
                "{}–{} of {}",
                words::grouped(before.saturating_add(1)),
                words::grouped(before.saturating_add(shown)),
                words::count(total, "member")
            ),
            previous: (page > 1).then(|| query(page - 1)),
            next: (before.saturating_add(shown) < total && shown > 0).then(|| query(page + 1)),
        }
    }
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor, parts: Parts) -> PageResult {
    let query = parts.uri.query();
    let search = forms::query_value(query, "q").unwrap_or_default();
    let search = search.trim();
    let asked = forms::query_value(query, "page").unwrap_or_default();
    let page = extract::path_number(&asked).unwrap_or(1).max(1);
    let wanted = Some(search).filter(|search| !search.is_empty());
    let found = listing::page(&app, &visitor.cx, wanted, page).await?;
    let organization = organizations::find_own(&app, &visitor.cx).await?;
    let ruled = standing_policy::ruled(&app, &visitor.cx).await?;
    let shown = i64::try_from(found.members.len()).unwrap_or(PAGE);
    let members = found.members.into_iter();
    let page = MembersPage {
        frame: &visitor.frame,
        title: &organization.title,
        done: super::done(query),
        search,
        members: members
            .map(|member| MemberView::new(member, &visitor))
            .collect(),
        pager: Pager::new(search, page, (shown, found.total)),
        invite_link: &invite::link(&app, &visitor.cx).await?,
        settings: SettingsForm::stored(&organization, &ruled),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}
