//! Which organizations come, with which settings, and who rules them.

use std::collections::HashSet;

use keybearer_verify::PlainToken;

use super::people::{Here, People};
use super::report::Report;
use super::snapshot::{self, Snapshot};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::Role;
use crate::domain::sealing::Purpose;
use crate::domain::tokens::LONGEST_TTL_DAYS;
use crate::domain::{invites, organizations};
use crate::error::{Error, Result};
use crate::store::organizations::{Membership, Organization};

/// Decides which organizations come.
pub(super) fn plan(
    (app, cx): (&App, &Cx),
    all: &Snapshot,
    here: &Here,
    report: &mut Report,
) -> Result<Vec<Organization>> {
    let mut come = Vec::new();
    for organization in &all.organizations {
        match here.organizations.get(&organization.id) {
            Some(known) => {
                report.organizations.known += 1;
                compare(known, &settings_of(all, organization.id), report);
            }
            None => {
                report.organizations.new += 1;
                come.push(made((app, cx), all, organization, here, report)?);
            }
        }
    }
    Ok(come)
}

/// Label Studio knows no roles. Whoever made an organization rules it, and its superusers help him.
pub(super) fn role_of(all: &Snapshot, member: &snapshot::Member) -> Role {
    let made_it = all.organizations.iter().any(|organization| {
        organization.id == member.organization_id && organization.created_by == Some(member.user_id)
    });
    if made_it {
        return Role::Owner;
    }
    let user = all
        .users
        .binary_search_by_key(&member.user_id, |user| user.id);
    let is_superuser = user
        .ok()
        .and_then(|index| all.users.get(index))
        .is_some_and(|user| user.is_superuser);
    if is_superuser {
        Role::Admin
    } else {
        Role::Member
    }
}

/// An organization that nobody can rule gets an owner: a superuser, else the oldest member.
pub(super) fn see_to_owners(all: &Snapshot, people: &mut People, report: &mut Report) {
    let active: HashSet<i64> = all
        .users
        .iter()
        .filter(|user| user.is_active)
        .map(|user| user.id)
        .collect();
    for organization in &people.organizations {
        let mut members: Vec<&mut Membership> = people
            .memberships
            .iter_mut()
            .filter(|member| member.organization_id == organization.id)
            .filter(|member| member.removed_at.is_none() && active.contains(&member.user_id))
            .collect();
        if members
            .iter()
            .any(|member| member.role == Role::Owner.as_str())
        {
            continue;
        }
        members.sort_by_key(|member| (member.role != Role::Admin.as_str(), member.user_id));
        let why = "organizations whose creator is no active member: another member is the owner";
        match members.first_mut() {
            Some(member) => {
                member.role = Role::Owner.as_str().into();
                let what = format!("organization {}: user {}", organization.id, member.user_id);
                report.odd.note(why, what);
            }
            None => report.odd.note(
                "organizations without an active member",
                format!("organization {}", organization.id),
            ),
        }
    }
}

fn settings_of(all: &Snapshot, organization_id: i64) -> snapshot::Settings {
    let said = |settings: &snapshot::Settings| snapshot::Settings {
        personal_enabled: settings.personal_enabled,
        legacy_enabled: settings.legacy_enabled,
        ttl_days: settings.ttl_days,
    };
    match &all.settings {
        // Before there were settings there were only legacy tokens.
        None => snapshot::Settings {
            personal_enabled: true,
            legacy_enabled: true,
            ttl_days: None,
        },
        // Label Studio makes a missing row when it is first read.
        Some(settings) => settings.get(&organization_id).map_or(
            snapshot::Settings {
                personal_enabled: true,
                legacy_enabled: false,
                ttl_days: None,
            },
            said,
        ),
    }
}

fn made(
    (app, cx): (&App, &Cx),
    all: &Snapshot,
    organization: &snapshot::Organization,
    here: &Here,
    report: &mut Report,
) -> Result<Organization> {
    let settings = settings_of(all, organization.id);
    let ttl_days = settings.ttl_days.unwrap_or(LONGEST_TTL_DAYS);
    if !(1..=LONGEST_TTL_DAYS).contains(&ttl_days) {
        let why = "lifetimes of tokens below one day or above 200 years, brought to the nearest of the two";
        report.odd.note(
            why,
            format!("organization {}: {ttl_days} days", organization.id),
        );
    }
    let (invite_sealed, invite_hash) = match invite(app, organization, here, report)? {
        Some(invite) => invite,
        None => invites::draw(app)?,
    };
    Ok(Organization {
        id: organization.id,
        title: organization.title.clone(),
        created_by: organization
            .created_by
            .filter(|id| all.users.iter().any(|user| user.id == *id)),
        invite_sealed,
        invite_hash,
        personal_enabled: settings.personal_enabled,
        legacy_enabled: settings.legacy_enabled,
        personal_ttl_days: ttl_days.clamp(1, LONGEST_TTL_DAYS),
        created_at: organization.created_at.unwrap_or(cx.now),
        updated_at: organization.updated_at.unwrap_or(cx.now),
        ..organizations::usual(&app.config)
    })
}

/// Label Studio's invite link, which goes on working unless it is another organization's here.
fn invite(
    app: &App,
    organization: &snapshot::Organization,
    here: &Here,
    report: &mut Report,
) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
    let Some(text) = organization.invite.as_ref().map(PlainToken::reveal) else {
        return Ok(None);
    };
    let hash = app.sealing.hash(text).as_bytes().to_vec();
    if here
        .organizations
        .values()
        .any(|known| known.invite_hash == hash)
    {
        let why = "invite links that are another organization's here: drawn anew";
        report
            .odd
            .note(why, format!("organization {}", organization.id));
        return Ok(None);
    }
    let sealed = app.sealing.seal(&app.random, Purpose::Invite, text);
    Ok(Some((sealed.map_err(Error::Internal)?, hash)))
}

/// Notes how an organization that is here differs from what it is in Label Studio.
fn compare(known: &Organization, settings: &snapshot::Settings, report: &mut Report) {
    let differs = known.personal_enabled != settings.personal_enabled
        || known.legacy_enabled != settings.legacy_enabled
        || settings
            .ttl_days
            .is_some_and(|days| days != known.personal_ttl_days);
    if differs {
        let word = |is_on| if is_on { "on" } else { "off" };
        report.odd.note(
            "organizations whose token settings differ from those here, left as they are here",
            format!(
                "organization {}: in Label Studio personal access tokens {}, legacy tokens {}, lifetime {} days",
                known.id,
                word(settings.personal_enabled),
                word(settings.legacy_enabled),
                settings.ttl_days.unwrap_or(LONGEST_TTL_DAYS)
            ),
        );
    }
}
