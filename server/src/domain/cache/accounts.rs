//! Accounts that were looked up, as doors show them.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::app::App;
use crate::domain::users::{self, User};
use crate::error::Result;
use crate::store;
use crate::store::changes::{Change, Slot, Stamp};

/// A user, and of the organization that he works in what everybody in it sees.
#[derive(Debug)]
pub struct Account {
    /// Without the digest of the password.
    pub user: User,
    pub organization_title: String,
    pub organization_email: String,
    /// The account as a door has written it out, to be sent again.
    pub shown: OnceLock<Bytes>,
    stamp: Stamp,
    slots: [Slot; 3],
}

/// The account of a user.
///
/// # Errors
/// [`crate::error::Error::NotFound`] if there is none; if the database fails.
pub async fn account(app: &App, user_id: i64) -> Result<Arc<Account>> {
    let known = app.cache.0.accounts.get(&user_id);
    if let Some(known) =
        known.filter(|known| app.db.changes().none_since(known.stamp, &known.slots))
    {
        return Ok(known);
    }
    Box::pin(read_account(app, user_id)).await
}

async fn read_account(app: &App, user_id: i64) -> Result<Arc<Account>> {
    let stamp = app.db.changes().stamp();
    let mut tx = app.db.read().await?;
    let mut user = users::find_by_id(&mut tx, user_id).await?;
    user.password_hash = None;
    let organization = match user.active_organization_id {
        Some(id) => store::organizations::find(&mut tx, id).await?,
        None => None,
    };
    let creator = match organization.as_ref().and_then(|found| found.created_by) {
        Some(id) => store::users::find(&mut tx, id).await?,
        None => None,
    };
    let creator_id = creator.as_ref().map_or(user_id, |creator| creator.id);
    let organization_id = user.active_organization_id.unwrap_or_default();
    let account = Arc::new(Account {
        user,
        organization_title: organization.map(|found| found.title).unwrap_or_default(),
        organization_email: creator.map(|creator| creator.email).unwrap_or_default(),
        shown: OnceLock::new(),
        stamp,
        slots: [
            Change::User(user_id).slot(),
            Change::User(creator_id).slot(),
            Change::Organization(organization_id).slot(),
        ],
    });
    app.cache.0.accounts.insert(user_id, account.clone());
    Ok(account)
}
