//! What the operator does with signing keys: list, rotate, remove. How they sign and check is in
//! [`super::signing`].

use serde_json::json;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::audit::{self, Subject};
use crate::domain::signing;
use crate::error::{Error, Result};
use crate::store;

/// A signing key as the operator sees it.
#[derive(Clone, Debug)]
pub struct KeyState {
    pub id: String,
    /// `own`, or `label_studio` for an imported one.
    pub origin: String,
    pub created_at: i64,
    /// Since when it only checks; none for the key that signs.
    pub retired_at: Option<i64>,
    /// How many live personal access tokens need it.
    pub live_tokens: i64,
}

/// All keys, the one that signs first.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is not the operator.
pub async fn list(app: &App, cx: &Cx) -> Result<Vec<KeyState>> {
    require_operator(cx)?;
    let mut tx = app.db.read().await?;
    let rows = store::signing_keys::list(&mut tx).await?;
    let counts = store::signing_keys::count_live(&mut tx, cx.now).await?;
    let of = |id: Option<&str>| {
        let found = counts.iter().find(|(key, _)| key.as_deref() == id);
        found.map_or(0, |(_, count)| *count)
    };
    Ok(rows
        .into_iter()
        .map(|row| KeyState {
            // A token of which it is not known may be of any own key.
            live_tokens: of(Some(&row.id))
                + if row.origin == signing::OWN {
                    of(None)
                } else {
                    0
                },
            id: row.id,
            origin: row.origin,
            created_at: row.created_at,
            retired_at: row.retired_at,
        })
        .collect())
}

/// Makes a new key, which signs from now on. The one before it goes on checking what it has signed.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is not the operator; [`Error::Conflict`] if the settings name a
/// signing key, because the next start would bring that one back.
pub async fn rotate(app: &App, cx: &Cx) -> Result<String> {
    require_operator(cx)?;
    if let Some(file) = &app.config.signing_key_file {
        return Err(Error::Conflict(format!(
            "The settings name the signing key file {}, and the next start would sign with it again. Put another secret into the file and start the servers again, or take signing_key_file out of the settings.",
            file.display()
        )));
    }
    let secret = app.random.text::<50>();
    let mut tx = app.db.write().await?;
    store::signing_keys::update_retired(&mut tx, cx.now).await?;
    let made = (&app.sealing, &app.random);
    let id = signing::insert_signing(&mut tx, made, &secret, cx.now).await?;
    let subject = Subject::SigningKey(&id);
    audit::record(&mut tx, cx, "signing_key.rotate", subject, json!({})).await?;
    tx.commit().await?;
    app.signing.look(&app.db, &app.sealing).await?;
    Ok(id)
}

/// Takes a key away for good: what it has signed is refused from then on, though not revoked.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] for the key that signs and, unless `force`, for one that
/// live tokens need.
pub async fn remove(app: &App, cx: &Cx, id: &str, force: bool) -> Result<i64> {
    let keys = list(app, cx).await?;
    let key = keys.iter().find(|key| key.id == id).ok_or_else(|| {
        Error::not_found(format!(
            "There is no signing key {id}; `keybearer keys list` shows all."
        ))
    })?;
    if key.retired_at.is_none() {
        return Err(Error::Conflict(
            "This key signs. `keybearer keys rotate` puts another one in its place.".into(),
        ));
    }
    if key.live_tokens > 0 && !force {
        return Err(Error::Conflict(format!(
            "{} live tokens are signed with this key and would stop working; --force takes it away all the same.",
            key.live_tokens
        )));
    }
    let mut tx = app.db.write().await?;
    store::signing_keys::delete(&mut tx, id).await?;
    let detail = json!({"live_tokens": key.live_tokens});
    let subject = Subject::SigningKey(id);
    audit::record(&mut tx, cx, "signing_key.remove", subject, detail).await?;
    tx.commit().await?;
    app.signing.look(&app.db, &app.sealing).await?;
    Ok(key.live_tokens)
}

pub(super) fn require_operator(cx: &Cx) -> Result<()> {
    match cx.actor {
        Actor::Operator | Actor::System => Ok(()),
        _ => Err(Error::forbidden("Only the operator may do this.")),
    }
}
