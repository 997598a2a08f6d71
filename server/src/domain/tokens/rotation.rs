//! Rotation: a successor takes a token's place, and for a while both work.
//!
//! Steps: (1) the owner asks for a successor; (2) until the overlap ends both open the door, and
//! asking again with the old token, or under the same idempotency key, gets the same successor, so
//! that a lost answer costs nothing; (3) after it the old one is refused, and whoever still shows it
//! is either late or a thief: an alarm is recorded, and if the organization wants it so, the whole
//! line of successors is revoked.

use keybearer_verify::{Grant, PlainToken, TokenKind};
use serde_json::json;

use super::{
    DAY_MS, Draft, Organization, Token, refuse_secret_of_more, require_enabled, require_some,
    visible,
};
use crate::app::App;
use crate::cx::{Caller, Cx};
use crate::domain::access::Action;
use crate::domain::audit::{self, Subject};
use crate::domain::cache::{self, Rulers};
use crate::domain::policy::OnReuse;
use crate::domain::sealing::Purpose;
use crate::domain::{grants, organizations};
use crate::error::{Error, Result};
use crate::store::changes::Change;
use crate::store::token_endings::{Ending, Successor};
use crate::store::{self, Tx};

const HOUR_MS: i64 = 3_600_000;
/// How long both tokens work if nobody says otherwise, in hours.
const DEFAULT_OVERLAP_HOURS: i64 = 24;
/// How long a request with the same idempotency key gets the same answer at least, in milliseconds.
const RETRY_FOR_MS: i64 = DAY_MS;
const LONGEST_KEY: usize = 255;
/// How long after its overlap a rotated token may be shown without an alarm, in milliseconds.
const REPETITION_MS: i64 = 60_000;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct RotationSpec {
    /// How long both work; `None` for the usual 24 hours, or less if the organization allows less.
    pub overlap_hours: Option<i64>,
    /// A text of the client's choice that makes a repeated request the same request.
    pub idempotency_key: Option<String>,
}

/// A successor, its secret, and when the old one stops.
#[derive(Debug)]
pub struct Rotated {
    pub token: Token,
    pub plain: PlainToken,
    pub retires_at: i64,
}

/// Puts a successor in the place of the caller's token `id`.
///
/// # Errors
/// [`Error::Invalid`] for an overlap out of range and for a legacy token, which is reset instead;
/// [`Error::Conflict`] if the token has a successor already and this is no retry, or if it is
/// revoked or expired; [`Error::TypeDisabled`]; [`Error::NotFound`].
pub async fn rotate(app: &App, cx: &Cx, id: &str, spec: RotationSpec) -> Result<Rotated> {
    require_some(cx, Action::ChangeOwnTokens)?;
    let rulers = Rulers::of_caller(app, cx);
    let mut tx = app.db.write_just(Change::Token(id)).await?;
    let (old, organization) = store::tokens::find_with_organization(&mut tx, id).await?;
    let old = own(cx, old)?;
    let organization = organization.ok_or_else(organizations::missing)?;
    let overlap_ms = checked_overlap(&organization, &spec)? * HOUR_MS;
    if old.successor_id.is_some() {
        let repeated = repeated(app, cx, &mut tx, (&old, &spec)).await;
        // What it has read may be another's work that is not durable yet; its own end waits for that.
        tx.commit().await?;
        return repeated;
    }
    if old.revoked_at.is_some() || old.expires_at.is_some_and(|end| end <= cx.now) {
        let ended = "A token that is revoked or expired has no successor. Make a new one.";
        return Err(Error::Conflict(ended.into()).after(tx).await);
    }
    let (mut token, plain) = made(app, cx, &old, &organization)?;
    let retires_at = cx.now + overlap_ms;
    let successor = Successor {
        id: &token.id,
        retires_at,
        idempotency_key: spec.idempotency_key.as_deref(),
    };
    let by = cx.actor_name();
    let ending = (overlap_ms == 0).then(|| Ending {
        at: cx.now,
        because: "rotated",
        by: &by,
    });
    store::token_endings::replace_at_commit(&mut tx, &old.id, successor, ending)?;
    let sealed = app
        .sealing
        .seal(&app.random, Purpose::Successor, plain.reveal());
    token.sealed = Some(sealed.map_err(Error::Internal)?);
    token.sealed_until = Some(cx.now + overlap_ms.max(RETRY_FOR_MS));
    store::tokens::insert_at_commit(&mut tx, &token)?;
    let detail = json!({"old": old.id, "user": old.user_id, "overlap_hours": overlap_ms / HOUR_MS});
    audit::record(
        &mut tx,
        cx,
        "token.rotate",
        Subject::Token(&token.id),
        detail,
    )
    .await?;
    tx.commit().await?;
    cache::remember(app, rulers, &token);
    Ok(Rotated {
        token,
        plain,
        retires_at,
    })
}

fn made(
    app: &App,
    cx: &Cx,
    old: &Token,
    organization: &Organization,
) -> Result<(Token, PlainToken)> {
    let draft = successor(old, organization)?;
    require_enabled(organization, draft.kind)?;
    draft.make(app, cx)
}

/// The draft of what takes a token's place: all that the old one had, and a new life of the same
/// length, or of what the policy allows by now.
pub(super) fn successor(old: &Token, organization: &Organization) -> Result<Draft> {
    let kind = TokenKind::parse(&old.kind).filter(|kind| *kind != TokenKind::Legacy);
    let kind =
        kind.ok_or_else(|| Error::invalid("id", "A legacy token is not rotated; reset it."))?;
    let lived = old.expires_at.map_or(i64::MAX, |end| end - old.created_at);
    let most = organization
        .max_ttl_days
        .map_or(i64::MAX, |days| days.saturating_mul(DAY_MS));
    Ok(Draft {
        kind,
        user_id: old.user_id,
        organization_id: old.organization_id,
        name: old.name.clone(),
        note: old.note.clone(),
        limits: grants::limits(&old.scopes, &old.ip_ranges)?,
        rate_per_minute: old.rate_per_minute,
        ttl_ms: lived.min(most),
        family_id: Some(old.family_id.clone()),
    })
}

/// The same answer to the same request.
async fn repeated(
    app: &App,
    cx: &Cx,
    tx: &mut Tx,
    (old, spec): (&Token, &RotationSpec),
) -> Result<Rotated> {
    let shows_old = shows(cx, old);
    let same_key = spec.idempotency_key.is_some() && spec.idempotency_key == old.idempotency_key;
    let successor_id = old.successor_id.as_deref().unwrap_or_default();
    let token = store::tokens::find(tx, successor_id).await?;
    let sealed = token.as_ref().and_then(|token| {
        let is_open = token.sealed_until.is_some_and(|until| cx.now < until);
        token.sealed.clone().filter(|_| is_open)
    });
    match (token, sealed) {
        (Some(token), Some(sealed)) if shows_old || same_key => {
            let text = app
                .sealing
                .unseal(Purpose::Successor, &sealed)
                .map_err(Error::Internal)?;
            let retires_at = old.retires_at.unwrap_or(cx.now);
            Ok(Rotated {
                token,
                plain: PlainToken::new(text),
                retires_at,
            })
        }
        _ => Err(Error::Conflict(format!(
            "This token was rotated already; its successor has the id {successor_id}. Rotate that one, or repeat the \
             first request with the old token or its Idempotency-Key."
        ))),
    }
}

/// A rotated token was shown after its overlap: records the alarm, at most once a minute a token,
/// and revokes the line if the organization wants it so.
///
/// In the first minute it is taken for an honest repetition: a second click, a retry after a lost
/// answer, a program that is changed over just now.
///
/// # Errors
/// If the database fails.
pub async fn alarm(app: &App, cx: &Cx, grant: &Grant) -> Result<()> {
    let is_late = |end: i64| end.saturating_add(REPETITION_MS) <= cx.now;
    if !grant.retires_at.is_some_and(is_late) || app.alarms.charge(&grant.id, cx.now).is_err() {
        return Ok(());
    }
    let mut tx = app.db.write().await?;
    let Some(token) = store::tokens::find(&mut tx, &grant.id).await? else {
        return Ok(());
    };
    let organization = organizations::find_by_id(&mut tx, token.organization_id).await?;
    let revoked = if OnReuse::parse(&organization.on_reuse) == Some(OnReuse::RevokeFamily) {
        let ending = Ending {
            at: cx.now,
            because: "reuse",
            by: "system",
        };
        store::token_endings::update_revoked_by_family(&mut tx, &token.family_id, ending).await?
    } else {
        0
    };
    let detail = json!({
        "organization": token.organization_id,
        "user": token.user_id,
        "successor": token.successor_id,
        "client": cx.client.chars().take(256).collect::<String>(),
        "revoked": revoked,
    });
    tracing::warn!(
        token = token.id,
        user = token.user_id,
        revoked,
        "a rotated token was used after its overlap"
    );
    audit::record(
        &mut tx,
        cx,
        "token.reuse",
        Subject::Token(&token.id),
        detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Only its owner rotates a token: the answer holds a secret of his. He comes with the token itself, or
/// with one that may do as much.
fn own(cx: &Cx, token: Option<Token>) -> Result<Token> {
    let token = visible(cx, token)?;
    match cx.caller() {
        Some(caller) if caller.user_id != token.user_id => Err(Error::forbidden(
            "Only its owner can rotate a token, for he alone may see the new secret. You can revoke it.",
        )),
        _ if shows(cx, &token) => Ok(token),
        _ => {
            let limits = grants::limits(&token.scopes, &token.ip_ranges)?;
            refuse_secret_of_more(cx, &limits, token.rate_per_minute)?;
            Ok(token)
        }
    }
}

fn shows(cx: &Cx, token: &Token) -> bool {
    let shown = cx.caller().and_then(Caller::token);
    shown.is_some_and(|known| known.grant.id == token.id)
}

fn checked_overlap(organization: &Organization, spec: &RotationSpec) -> Result<i64> {
    if spec
        .idempotency_key
        .as_ref()
        .is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY)
    {
        return Err(Error::invalid(
            "idempotency_key",
            format!("An Idempotency-Key has 1 to {LONGEST_KEY} characters."),
        ));
    }
    let most = organization.max_overlap_hours;
    match spec.overlap_hours {
        None => Ok(DEFAULT_OVERLAP_HOURS.min(most)),
        Some(hours) if (0..=most).contains(&hours) => Ok(hours),
        Some(_) => Err(Error::invalid(
            "overlap_hours",
            format!("An overlap is between 0 and {most} hours here."),
        )),
    }
}
