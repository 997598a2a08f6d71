//! What a change of a policy would do to the tokens that there are.

use std::collections::HashMap;
use std::net::IpAddr;

use keybearer_verify::{Ask, Denial, Grant, IpNet, Policy, Purpose, TokenKind, Verdict, judge};

use super::change::{PolicyChange, apply, locks_out};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::{grants, organizations, uses};
use crate::error::Result;
use crate::store::unrevoked_tokens::TokenOwner;
use crate::store::{self, Tx};

/// A token that a change would stop.
#[derive(Clone, Debug)]
pub struct Stopped {
    pub id: String,
    pub kind: String,
    pub name: String,
    pub user_id: i64,
    pub email: String,
    pub last_used_at: Option<i64>,
    pub denial: Denial,
}

/// What a change would do.
#[derive(Clone, Debug)]
pub struct DryRun {
    pub stopped: Vec<Stopped>,
    /// It would leave no kind of token that Label Studio's clients can use, and takes `force`.
    pub locks_out: bool,
}

/// Which tokens a change would stop, whose they are and when they were last used, and whether it would
/// lock Label Studio's clients out.
///
/// Changes nothing; the uses that this node has noted until now are written down.
///
/// # Errors
/// As [`super::update`], for a change that could not be made.
pub async fn dry_run(
    app: &App,
    cx: &Cx,
    organization_id: i64,
    change: &PolicyChange,
) -> Result<DryRun> {
    access::require_in(cx, Action::ChangeOrganization, organization_id)?;
    uses::flush(app).await?;
    // Tokens and their owners are read one after another, as of one moment.
    let mut tx = app.db.snapshot().await?;
    let before = organizations::find_by_id(&mut tx, organization_id).await?;
    // Who would be locked out is the answer, not a reason for none.
    let forced = PolicyChange {
        force: true,
        ..change.clone()
    };
    let organization = apply(&before, &forced)?;
    let (present, after) = (super::of(&before)?, super::of(&organization)?);
    // What rules over new tokens alone stops none.
    let stopped = if present == after {
        Vec::new()
    } else {
        stopped(&mut tx, cx.now, organization_id, (&present, &after)).await?
    };
    Ok(DryRun {
        stopped,
        locks_out: locks_out(change, &organization),
    })
}

/// The tokens that `present` lets in and `after` would not.
async fn stopped(
    tx: &mut Tx,
    now: i64,
    organization_id: i64,
    (present, after): (&Policy, &Policy),
) -> Result<Vec<Stopped>> {
    let owners = store::unrevoked_tokens::list_owners(tx, organization_id).await?;
    let owners: HashMap<i64, TokenOwner> = owners
        .into_iter()
        .map(|owner| (owner.user_id, owner))
        .collect();
    let mut stopped = Vec::new();
    for row in store::unrevoked_tokens::list(tx, organization_id).await? {
        // Whoever was never a member has no token that opens the door.
        let Some(owner) = owners.get(&row.user_id) else {
            continue;
        };
        let grant = grants::of_unrevoked(&row, organization_id, owner, present)?;
        let last_address = row.last_used_address.and_then(|text| text.parse().ok());
        if let Some(denial) = stops(grant, last_address, after, now) {
            stopped.push(Stopped {
                id: row.id,
                kind: row.kind,
                name: row.name,
                user_id: row.user_id,
                email: owner.email.clone(),
                last_used_at: row.last_used_at,
                denial,
            });
        }
    }
    Ok(stopped)
}

/// Why the policy `after` would refuse a token that opens the door now, as if it came once more from where
/// it came last; if it never came, from where it could.
pub(super) fn stops(
    mut grant: Grant,
    last_address: Option<IpAddr>,
    after: &Policy,
    now: i64,
) -> Option<Denial> {
    if denial(&grant, last_address, now).is_some() {
        return None;
    }
    grant.policy = after.clone();
    denial(&grant, last_address, now)
}

fn denial(grant: &Grant, last_address: Option<IpAddr>, now: i64) -> Option<Denial> {
    let purpose = if grant.kind == TokenKind::Personal {
        Purpose::Exchange
    } else {
        Purpose::Api
    };
    let ranges = (&grant.limits.ip_ranges, &grant.policy.limits.ip_ranges);
    let ask = Ask {
        purpose,
        claims: None,
        address: last_address.or_else(|| somewhere(ranges)),
        need: None,
    };
    match judge(grant, &ask, now) {
        Verdict::Allowed => None,
        Verdict::Denied(denial) => Some(denial),
    }
}

/// An address that is in both a token's ranges and the policy's, if there is one. No ranges are all
/// addresses.
fn somewhere((own, most): (&Vec<IpNet>, &Vec<IpNet>)) -> Option<IpAddr> {
    let both = |one: &IpNet| {
        let within = |other: &&IpNet| one.contains(*other) || other.contains(one);
        let other = most.iter().find(within)?;
        Some(if one.contains(other) { *other } else { *one })
    };
    let range = if most.is_empty() {
        own.first().copied()
    } else if own.is_empty() {
        most.first().copied()
    } else {
        own.iter().find_map(both)
    };
    range.map(|range| range.network())
}
