//! Finds what a presented credential stands for and has `keybearer_verify::judge` decide.
//!
//! Form and checksum come first, then the signature, then the grant: from memory if it is known and
//! still true (see [`cache`]), else by one indexed look-up. Nothing on the way to a yes writes; a use
//! is noted in memory.

use std::sync::Arc;

use keybearer_verify::{
    Ask, Claims, Denial, DirectUse, Malformed, Presented, Purpose, SignedKind, TokenHash,
    TokenKind, Verdict, judge,
};

use crate::app::App;
use crate::cx::{Caller, Cx, Notices, Proof};
use crate::domain::access::Role;
use crate::domain::cache::{self, Known, Sought};
use crate::domain::signing::{self, Proven};
use crate::domain::tokens::rotation;
use crate::error::{Error, Refusal, Result, SentAs};

/// How long before its end the answers to a token begin to say so, in milliseconds: 30 days.
const NOTICE_MS: i64 = 30 * 86_400_000;

/// A token that opens the door, and whose it is.
#[derive(Debug)]
pub struct Found {
    pub known: Arc<Known>,
    notices: Notices,
}

/// Why there is no [`Found`].
#[derive(Debug)]
pub enum Failure {
    /// The token was refused; its kind, as far as its form tells.
    Refused {
        kind: Option<TokenKind>,
        denial: Denial,
    },
    /// The question could not be answered.
    Error(Error),
}

type Outcome<T> = std::result::Result<T, Failure>;

impl Failure {
    /// As an error of the request that sent the token so.
    #[must_use]
    pub fn into_error(self, sent_as: SentAs) -> Error {
        match self {
            Self::Refused { kind, denial } => Error::Unauthenticated(Refusal::Token {
                kind,
                denial,
                sent_as,
            }),
            Self::Error(error) => error,
        }
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Says whether the token `text` opens the door for `purpose`.
///
/// # Errors
/// [`Failure::Refused`] with the reason, [`Failure::Error`] if the database fails.
pub async fn check(app: &App, cx: &Cx, text: &str, purpose: Purpose) -> Outcome<Found> {
    let presented = parse(text)?;
    let shown = identify(app, cx, &presented).await?;
    let (known, was_known) = find(app, cx, &shown).await?;
    let ask = Ask {
        purpose,
        claims: shown.claims(),
        address: cx.address,
        need: None,
    };
    let (known, verdict) = match judge(&known.grant, &ask, cx.now) {
        // It may have been used since it was looked up; what is remembered does not say so.
        Verdict::Denied(Denial::LifetimeOverPolicy) if was_known => {
            let read = Box::pin(cache::read_grant(app, &shown.sought)).await?;
            let known = read.unwrap_or(known);
            let verdict = judge(&known.grant, &ask, cx.now);
            (known, verdict)
        }
        verdict => (known, verdict),
    };
    let grant = &known.grant;
    if let Verdict::Denied(denial) = verdict {
        app.refusals.note(cx.now, grant.organization_id, denial);
        // Access tokens that were made in the overlap end by themselves; they are no sign of a thief.
        if shown.kind != TokenKind::Access && grant.retires_at.is_some_and(|end| end <= cx.now) {
            Box::pin(rotation::alarm(app, cx, grant)).await?;
        }
        return Err(refused(Some(shown.kind), denial));
    }
    let take = |limit| {
        let taken = app.rates.take(&grant.id, limit, cx.now);
        taken.inspect_err(|_| {
            app.refusals
                .note(cx.now, grant.organization_id, Denial::RateLimited)
        })
    };
    let notices = Notices {
        expires_at: grant.expires_at.filter(|end| end - cx.now <= NOTICE_MS),
        is_direct_use: purpose == Purpose::Api
            && shown.kind == TokenKind::Personal
            && grant.policy.direct_use == DirectUse::Warn,
        rate: known.rate_per_minute.map(take).transpose()?,
    };
    app.uses.note(cx, grant);
    Ok(Found { known, notices })
}

/// The stored token that was shown.
async fn find(app: &App, cx: &Cx, shown: &Identified<'_>) -> Outcome<(Arc<Known>, bool)> {
    let is_opaque = shown.proof.is_none();
    if is_opaque && app.failures_by_address.is_any_shut(cx.now) {
        // Whoever guesses waits before any look-up; a good signature is no guess.
        app.failures_by_address.check(&cx.address_text(), cx.now)?;
    }
    let found = cache::grant(app, &shown.sought).await?;
    if let Some((known, _)) = &found
        && shown.kind == TokenKind::Access
        && !app.signing.has(known.signing_key_id.as_deref())
    {
        // It ends with the token that it came from, and what that one is proven by was taken away.
        return Err(refused(Some(shown.kind), Denial::Revoked));
    }
    if let Some(found) = found.filter(|(known, _)| is_of(known, shown)) {
        return Ok(found);
    }
    if is_opaque {
        app.failures_by_address.charge(&cx.address_text(), cx.now)?;
    }
    // A token that is not known may be pruned long ago; its end is the truer reason then.
    let is_over = shown.claims().is_some_and(|claims| claims.is_over(cx.now));
    Err(refused(
        Some(shown.kind),
        if is_over {
            Denial::Expired
        } else {
            Denial::UnknownToken
        },
    ))
}

/// What a text is by its form and, for a JWT, its signature; and where its grant is to be found.
struct Identified<'t> {
    kind: TokenKind,
    proof: Option<Proven<'t>>,
    sought: Sought<'t>,
}

impl Identified<'_> {
    fn claims(&self) -> Option<&Claims> {
        self.proof.as_ref().map(|proof| proof.claims)
    }
}

fn parse(text: &str) -> Outcome<Presented> {
    Presented::parse(text).map_err(|malformed| match malformed {
        Malformed::KeyChecksum => refused(Some(TokenKind::Key), Denial::BadChecksum),
        Malformed::KeyForm => refused(Some(TokenKind::Key), Denial::Malformed),
        _ => refused(None, Denial::Malformed),
    })
}

async fn identify<'t>(app: &App, cx: &Cx, presented: &'t Presented) -> Outcome<Identified<'t>> {
    let unsigned = |kind, sought| Identified {
        kind,
        proof: None,
        sought,
    };
    let signed = match presented {
        Presented::Signed(signed) => signed,
        Presented::Key(key) => {
            let hash = TokenHash::digest(key.plain().reveal());
            return Ok(unsigned(TokenKind::Key, Sought::Text(key.id(), hash)));
        }
        Presented::Legacy(plain) => {
            let hash = app.sealing.hash(plain.reveal());
            return Ok(unsigned(TokenKind::Legacy, Sought::Legacy(hash)));
        }
    };
    let said_kind = signed
        .unverified_claims()
        .map(|claims| claims.kind.token_kind());
    let proof = signing::prove(app, signed, cx.now)
        .await?
        .map_err(|denial| refused(said_kind, denial))?;
    let claims = proof.claims;
    let sought = match (claims.kind, &claims.pat) {
        (SignedKind::Refresh, _) => Sought::Text(&claims.jti, signed.hash()),
        (SignedKind::Access, Some(id)) => Sought::Id(id),
        (SignedKind::Access | SignedKind::Other, _) => {
            return Err(refused(said_kind, Denial::UnknownToken));
        }
    };
    Ok(Identified {
        kind: claims.kind.token_kind(),
        sought,
        proof: Some(proof),
    })
}

fn refused(kind: Option<TokenKind>, denial: Denial) -> Failure {
    Failure::Refused { kind, denial }
}

/// The caller that the token `text` proves.
///
/// # Errors
/// [`Error::Unauthenticated`] with the reason.
pub async fn caller_by_token(app: &App, cx: &Cx, text: &str, sent_as: SentAs) -> Result<Caller> {
    let found = check(app, cx, text, Purpose::Api)
        .await
        .map_err(|failure| failure.into_error(sent_as))?;
    let Found { known, notices } = found;
    Ok(Caller {
        user_id: known.grant.user_id,
        email: known.email.clone(),
        organization_id: known.grant.organization_id,
        role: known.role.unwrap_or(Role::Member),
        proof: Proof::Token(known),
        notices,
    })
}

/// The refusal of a token of `kind` where another kind is needed.
#[must_use]
pub fn wrong_type(kind: TokenKind) -> Error {
    Error::Unauthenticated(Refusal::Token {
        kind: Some(kind),
        denial: Denial::WrongTokenType,
        sent_as: SentAs::Body,
    })
}

/// Whether the grant that was found is of the kind that was shown, of the user that it names, and
/// signed with the key that proves it.
fn is_of(known: &Known, shown: &Identified<'_>) -> bool {
    let stored_kind = if shown.kind == TokenKind::Access {
        TokenKind::Personal
    } else {
        shown.kind
    };
    let is_proven = |proof: &Proven<'_>| {
        let by_its_key =
            shown.kind == TokenKind::Access || proof.is_of(known.signing_key_id.as_deref());
        by_its_key && proof.claims.user_id == known.grant.user_id.to_string()
    };
    known.grant.kind == stored_kind && shown.proof.as_ref().is_none_or(is_proven)
}
