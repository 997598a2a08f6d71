//! How tokens end: they are revoked, or a successor takes their place.

use const_format::concatcp;

use super::changes::Change;
use super::error::StoreError;
use super::tx::Tx;
use super::value::{Value, bind};

/// How a token ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    pub at: i64,
    pub because: &'a str,
    pub by: &'a str,
}

/// Revokes a token when the transaction ends, unless it is revoked already.
pub fn revoke_at_commit(tx: &mut Tx, id: &str, ending: Ending<'_>) -> Result<(), StoreError> {
    let (sql, values) = revocation(ending, "id = $4", bind![id]);
    tx.changing(Change::Token(id)).at_commit(sql, values)
}

/// Revokes all tokens of a user that are not revoked yet and says how many there were.
pub async fn update_revoked_by_user(
    tx: &mut Tx,
    user_id: i64,
    ending: Ending<'_>,
) -> Result<u64, StoreError> {
    let of_user = (ending, "user_id = $4");
    revoke(tx, Change::User(user_id), of_user, bind![user_id]).await
}

/// Revokes all tokens of a user in an organization that are not revoked yet and says how many there
/// were.
pub async fn update_revoked_by_member(
    tx: &mut Tx,
    (organization_id, user_id): (i64, i64),
    ending: Ending<'_>,
) -> Result<u64, StoreError> {
    let of_member = (ending, "organization_id = $4 and user_id = $5");
    let values = bind![organization_id, user_id];
    revoke(tx, Change::User(user_id), of_member, values).await
}

/// Revokes all tokens of a family that are not revoked yet and says how many there were.
pub async fn update_revoked_by_family(
    tx: &mut Tx,
    family_id: &str,
    ending: Ending<'_>,
) -> Result<u64, StoreError> {
    let of_family = "(id = $4 or (family_id = $4 and family_id <> id))";
    let of_family = (ending, of_family);
    revoke(tx, Change::Family(family_id), of_family, bind![family_id]).await
}

/// Runs a [`revocation`] and says how many tokens there were.
async fn revoke(
    tx: &mut Tx,
    change: Change<'_>,
    (ending, condition): (Ending<'_>, &str),
    values: Vec<Value>,
) -> Result<u64, StoreError> {
    let (sql, values) = revocation(ending, condition, values);
    Ok(tx.changing(change).execute(sql, values).await?.rows)
}

/// Ends the tokens that are not revoked yet and for which `condition` holds, with `values` from `$4`
/// on.
fn revocation(ending: Ending<'_>, condition: &str, values: Vec<Value>) -> (String, Vec<Value>) {
    let sql = format!(
        "update tokens set revoked_at = $1, revoked_because = $2, revoked_by = $3, sealed = null \
         where revoked_at is null and {condition}"
    );
    let ending = bind![ending.at, ending.because, ending.by];
    (sql, [ending, values].concat())
}

/// What takes a token's place.
#[derive(Clone, Copy, Debug)]
pub struct Successor<'a> {
    pub id: &'a str,
    /// Until when both work.
    pub retires_at: i64,
    pub idempotency_key: Option<&'a str>,
}

/// Names the successor of a token when the transaction ends; with an `ending` the token is revoked at
/// once, which the caller has found it not to be yet.
pub fn replace_at_commit(
    tx: &mut Tx,
    id: &str,
    by: Successor<'_>,
    ending: Option<Ending<'_>>,
) -> Result<(), StoreError> {
    const NAME: &str = "update tokens set successor_id = $2, retires_at = $3, idempotency_key = $4";
    const NAMED: &str = concatcp!(NAME, " where id = $1");
    const REPLACED: &str = concatcp!(
        NAME,
        ", revoked_at = $5, revoked_because = $6, revoked_by = $7, sealed = null where id = $1"
    );
    let mut values = bind![id, by.id, by.retires_at, by.idempotency_key];
    let sql = match ending {
        None => NAMED,
        Some(ending) => {
            values.extend(bind![ending.at, ending.because, ending.by]);
            REPLACED
        }
    };
    tx.changing(Change::Token(id)).at_commit(sql, values)
}
