//! The organization's pages.

mod invite;
mod member;
mod members;
mod settings;
mod switch;
mod title;
mod tokens;

use keybearer::cx::Cx;
use keybearer::domain::access::Role;
use keybearer::domain::audit::{self, AuditEvent, AuditFilter};
use keybearer::domain::users::User;
use keybearer::store;
use keybearer::store::organizations::Membership;

use crate::support::{Answer, START_MS, TestApp};

/// The page without its tags, its blanks folded.
fn words(page: &Answer) -> String {
    let html = page.text();
    let texts = html
        .split('<')
        .filter_map(|part| part.split_once('>').map(|(_, text)| text));
    let text = texts.collect::<Vec<_>>().join(" ").replace("&#39;", "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes a user a member of one organization more.
async fn join(t: &TestApp, user: &User, organization_id: i64, role: Role) {
    let mut tx = t.app.db.write().await.unwrap();
    let membership = Membership {
        id: 0,
        organization_id,
        user_id: user.id,
        role: role.as_str().into(),
        created_at: START_MS,
        removed_at: None,
    };
    let added = store::organizations::insert_membership(&mut tx, &membership).await;
    added.unwrap();
    tx.commit().await.unwrap();
}

/// How often the organization's `what` (`policy`, `title`, `invite`) was changed.
async fn updates(t: &TestApp, what: &str) -> usize {
    let events = events(t, "organization.update").await;
    let start = format!("\"{what}\":");
    events
        .iter()
        .filter(|event| event.detail.contains(&start))
        .count()
}

/// The events of an action, newest first.
async fn events(t: &TestApp, action: &str) -> Vec<AuditEvent> {
    let filter = AuditFilter {
        action: Some(action.into()),
        limit: 100,
        ..AuditFilter::default()
    };
    audit::list(&t.app, &Cx::operator(0), filter).await.unwrap()
}

/// How much has been done so far.
pub(super) async fn all_events(t: &TestApp) -> usize {
    let filter = AuditFilter {
        limit: 1000,
        ..AuditFilter::default()
    };
    let events = audit::list(&t.app, &Cx::operator(0), filter).await;
    events.unwrap().len()
}
