//! Which users, organizations and memberships come, and as what.

use std::collections::{HashMap, HashSet};

use super::organizations;
use super::report::Report;
use super::snapshot::{self, Snapshot};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::django_passwords;
use crate::error::{Error, Result};
use crate::store::organizations::{Membership, Organization};
use crate::store::users::User;
use crate::store::{self, Tx};

/// How many conflicts an error names.
const NAMED: usize = 5;

/// What is here already.
pub(super) struct Here {
    users: HashMap<i64, store::imports::KnownUser>,
    by_email: HashMap<String, i64>,
    pub(super) organizations: HashMap<i64, Organization>,
    memberships: HashMap<(i64, i64), Option<i64>>,
    /// Users who have imported tokens: the same person under whatever e-mail address.
    imported: HashSet<i64>,
}

/// What is to be written.
#[derive(Default)]
pub(super) struct People {
    pub(super) users: Vec<User>,
    pub(super) organizations: Vec<Organization>,
    pub(super) memberships: Vec<Membership>,
    /// The organization that each user's tokens belong to; who is not in it brings none.
    pub(super) homes: HashMap<i64, i64>,
}

/// Decides who comes.
///
/// # Errors
/// [`Error::Conflict`] if a user's id or e-mail address is another one's here, unless such users are
/// to be left out.
pub(super) async fn plan(
    (app, cx): (&App, &Cx),
    tx: &mut Tx,
    all: &mut Snapshot,
    (imported, leaves_out): (HashSet<i64>, bool),
    report: &mut Report,
) -> Result<People> {
    let here = Here::read(tx, imported).await?;
    leave_out_twins(all, report);
    leave_out_conflicts(all, &here, leaves_out, report)?;
    let mut people = People {
        organizations: organizations::plan((app, cx), all, &here, report)?,
        ..People::default()
    };
    let memberships = memberships(all, &here, report);
    people.homes = homes(all, &memberships, &here);
    people.users = accounts(cx, all, &here, &people.homes, report);
    people.memberships = joined(cx, all, &memberships, &here, report);
    organizations::see_to_owners(all, &mut people, report);
    report.users.new = count(&people.users);
    report.memberships.new = count(&people.memberships);
    Ok(people)
}

impl Here {
    async fn read(tx: &mut Tx, imported: HashSet<i64>) -> Result<Self> {
        let users = store::imports::list_users(tx).await?;
        let memberships = store::imports::list_memberships(tx).await?;
        let organizations = store::imports::list_organizations(tx).await?;
        Ok(Self {
            by_email: users
                .iter()
                .map(|user| (user.email.clone(), user.id))
                .collect(),
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            organizations: organizations
                .into_iter()
                .map(|organization| (organization.id, organization))
                .collect(),
            memberships: memberships
                .into_iter()
                .map(|(organization, user, removed_at)| ((organization, user), removed_at))
                .collect(),
            imported,
        })
    }

    /// Why this user cannot be who he is there.
    fn conflict(&self, user: &snapshot::User) -> Option<String> {
        let number = self.users.get(&user.id);
        if let Some(known) = number
            && known.email != user.email
            && !self.imported.contains(&user.id)
        {
            return Some(format!(
                "user {} is {} here and {} in Label Studio",
                user.id, known.email, user.email
            ));
        }
        let address = self.by_email.get(&user.email).filter(|id| **id != user.id);
        address.map(|id| {
            format!(
                "{} is user {id} here and user {} in Label Studio",
                user.email, user.id
            )
        })
    }
}

/// Two addresses that differ in case alone are one here; the older account has it.
fn leave_out_twins(all: &mut Snapshot, report: &mut Report) {
    let mut taken = HashSet::new();
    all.users.retain(|user| {
        let is_first = taken.insert(user.email.clone());
        if !is_first {
            let why = "users whose e-mail address is an older user's in another case, left out with their tokens";
            report.odd.note(why, format!("user {} ({})", user.id, user.email));
        }
        is_first
    });
}

fn leave_out_conflicts(
    all: &mut Snapshot,
    here: &Here,
    leaves_out: bool,
    report: &mut Report,
) -> Result<()> {
    let mut conflicts = Vec::new();
    all.users.retain(|user| match here.conflict(user) {
        Some(conflict) => {
            conflicts.push(conflict);
            false
        }
        None => true,
    });
    if !leaves_out && !conflicts.is_empty() {
        let named: Vec<&str> = conflicts.iter().take(NAMED).map(String::as_str).collect();
        return Err(Error::Conflict(format!(
            "{} users cannot keep their numbers, which are in their tokens: {}{}. Import into an installation of its own (--data-dir), or leave these users and their tokens out with --leave-out-conflicts.",
            conflicts.len(),
            named.join("; "),
            if conflicts.len() > NAMED { "; …" } else { "" }
        )));
    }
    for conflict in conflicts {
        let why = "users whose number or e-mail address is another one's here, left out with their tokens";
        report.odd.note(why, conflict);
    }
    Ok(())
}

/// The accounts that come.
fn accounts(
    cx: &Cx,
    all: &Snapshot,
    here: &Here,
    homes: &HashMap<i64, i64>,
    report: &mut Report,
) -> Vec<User> {
    let mut come = Vec::new();
    for user in &all.users {
        match here.users.get(&user.id) {
            Some(known) => {
                report.users.known += 1;
                if known.is_active && !user.is_active {
                    let why =
                        "accounts deactivated in Label Studio and active here, left as they are";
                    report.odd.note(why, &user.email);
                }
            }
            None => {
                let home = homes.get(&user.id).copied();
                come.push(account(cx, user, home, report));
            }
        }
    }
    come
}

/// The memberships that come, in a stable order.
fn joined(
    cx: &Cx,
    all: &Snapshot,
    memberships: &HashMap<(i64, i64), &snapshot::Member>,
    here: &Here,
    report: &mut Report,
) -> Vec<Membership> {
    let mut come = Vec::new();
    for member in memberships.values() {
        let key = (member.organization_id, member.user_id);
        match here.memberships.get(&key) {
            Some(removed_at) => {
                report.memberships.known += 1;
                if removed_at.is_none() && member.is_removed {
                    let why =
                        "members removed in Label Studio who are members here, left as they are";
                    report.odd.note(why, format!("user {}", member.user_id));
                }
            }
            None => come.push(Membership {
                id: 0,
                organization_id: member.organization_id,
                user_id: member.user_id,
                role: organizations::role_of(all, member).as_str().into(),
                created_at: member.created_at.unwrap_or(cx.now),
                removed_at: member
                    .is_removed
                    .then(|| member.removed_at.unwrap_or(cx.now)),
            }),
        }
    }
    come.sort_by_key(|member| (member.organization_id, member.user_id));
    come
}

/// One membership for each organization and user: one that holds if there is any, else the last that
/// ended.
fn memberships<'s>(
    all: &'s Snapshot,
    here: &Here,
    report: &mut Report,
) -> HashMap<(i64, i64), &'s snapshot::Member> {
    let users: HashSet<i64> = all.users.iter().map(|user| user.id).collect();
    let organizations: HashSet<i64> = all
        .organizations
        .iter()
        .map(|organization| organization.id)
        .chain(here.organizations.keys().copied())
        .collect();
    let mut best: HashMap<(i64, i64), &snapshot::Member> = HashMap::new();
    for member in &all.members {
        if !users.contains(&member.user_id) || !organizations.contains(&member.organization_id) {
            let why = "memberships of users or in organizations that do not come, left out";
            let what = format!("user {} in {}", member.user_id, member.organization_id);
            report.odd.note(why, what);
            continue;
        }
        let rank = |member: &snapshot::Member| (!member.is_removed, member.removed_at);
        let place = best
            .entry((member.organization_id, member.user_id))
            .or_insert(member);
        if rank(member) > rank(place) {
            *place = member;
        }
    }
    best
}

/// Where each user works: what he has chosen, else where he is a member, else where he was one.
fn homes(
    all: &Snapshot,
    memberships: &HashMap<(i64, i64), &snapshot::Member>,
    here: &Here,
) -> HashMap<i64, i64> {
    let mut homes: HashMap<i64, (bool, i64)> = HashMap::new();
    for member in memberships.values() {
        let place = (member.is_removed, member.organization_id);
        homes
            .entry(member.user_id)
            .and_modify(|known| *known = (*known).min(place))
            .or_insert(place);
    }
    let mut homes: HashMap<i64, i64> = homes
        .into_iter()
        .map(|(user, (_, organization))| (user, organization))
        .collect();
    for user in &all.users {
        let chosen = match here.users.get(&user.id) {
            Some(known) => known.active_organization_id,
            None => user
                .active_organization_id
                .filter(|id| memberships.contains_key(&(*id, user.id))),
        };
        if let Some(id) = chosen {
            homes.insert(user.id, id);
        }
    }
    homes
}

fn account(cx: &Cx, user: &snapshot::User, home: Option<i64>, report: &mut Report) -> User {
    let joined_at = user.joined_at.unwrap_or(cx.now);
    // Label Studio writes an unusable password with a `!` in front, or leaves it empty.
    let password = Some(user.password.clone())
        .filter(|password| !password.is_empty() && !password.starts_with('!'));
    let (known, unknown) = match password {
        Some(password) if django_passwords::is_known(&password) => (Some(password), false),
        Some(_) => (None, true),
        None => (None, false),
    };
    if unknown {
        let why = "passwords of a form that Keybearer does not know: give these accounts new ones";
        report.odd.note(why, &user.email);
    }
    let is_object = |text: &String| {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
    };
    User {
        id: user.id,
        email: user.email.clone(),
        username: user.username.clone(),
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        phone: user.phone.clone(),
        password_hash: known,
        is_active: user.is_active,
        active_organization_id: home,
        custom_hotkeys: user
            .hotkeys
            .clone()
            .filter(is_object)
            .unwrap_or_else(|| "{}".into()),
        allow_newsletters: user.allow_newsletters,
        created_at: joined_at,
        last_activity_at: user.last_activity_at.unwrap_or(joined_at),
    }
}

fn count<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}
