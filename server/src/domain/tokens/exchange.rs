//! The exchange: a personal access token for an access token that lives five minutes.

use keybearer_verify::{Claims, PlainToken, Purpose, SignedKind};

use crate::app::App;
use crate::cx::Cx;
use crate::domain::introspection;
use crate::error::{Error, Result, SentAs};

/// How long an access token lives, in seconds; Label Studio's figure.
pub(in crate::domain) const ACCESS_TTL_SECONDS: i64 = 300;

/// Exchanges the personal access token `text`. Reads, never writes.
///
/// # Errors
/// [`Error::Unauthenticated`] with the cause if the token does not open the door.
pub async fn exchange(app: &App, cx: &Cx, text: &str) -> Result<PlainToken> {
    let found = introspection::check(app, cx, text, Purpose::Exchange)
        .await
        .map_err(|failure| failure.into_error(SentAs::Body))?;
    let grant = &found.known.grant;
    let issued = cx.now.div_euclid(1000);
    let personal_ends = grant
        .expires_at
        .map_or(i64::MAX, |end| end.div_euclid(1000));
    let claims = Claims {
        kind: SignedKind::Access,
        // An honest end: no later than the token's that it hangs on.
        exp: (issued + ACCESS_TTL_SECONDS).min(personal_ends),
        iat: Some(issued),
        nbf: None,
        jti: app.random.hex::<16>(),
        user_id: grant.user_id.to_string(),
        pat: Some(grant.id.clone()),
        sub: None,
    };
    let signed = claims
        .sign(app.signing.current()?.secret())
        .map_err(|error| Error::Internal(error.into()))?;
    Ok(signed.into_plain())
}
