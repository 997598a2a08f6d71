//! Tokens and their statements.

use aws_lc_rs::constant_time;
use const_format::concatcp;
use sqlx::FromRow;

use super::changes::Change;
use super::error::StoreError;
use super::organizations::{self, Organization};
use super::tx::Tx;
use super::value::{Value, bind};

/// A personal access token, key token or legacy token. Its secret text is not here.
#[derive(Clone, Debug, FromRow)]
pub struct Token {
    pub id: String,
    pub kind: String,
    pub user_id: i64,
    pub organization_id: i64,
    pub name: String,
    pub note: String,
    pub scopes: String,
    pub ip_ranges: String,
    pub rate_per_minute: Option<i64>,
    pub hash: Vec<u8>,
    pub sealed: Option<Vec<u8>>,
    pub sealed_until: Option<i64>,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub revoked_because: Option<String>,
    pub revoked_by: Option<String>,
    pub successor_id: Option<String>,
    pub retires_at: Option<i64>,
    pub idempotency_key: Option<String>,
    pub family_id: String,
    pub last_used_at: Option<i64>,
    pub last_used_address: Option<String>,
    pub last_used_client: Option<String>,
    /// The key that signed a personal access token.
    pub signing_key_id: Option<String>,
    /// When it was brought from another system.
    pub imported_at: Option<i64>,
}

impl Token {
    /// Whether it is the token of that hash; compared in constant time.
    #[must_use]
    pub fn has_hash(&self, hash: &[u8; 32]) -> bool {
        constant_time::verify_slices_are_equal(&self.hash, hash).is_ok()
    }
}

/// A token with what rules over it: what `judge` needs, in one look-up.
#[derive(Clone, Debug, FromRow)]
pub struct TokenWithRulers {
    #[sqlx(flatten)]
    pub token: Token,
    pub email: String,
    pub is_active: bool,
    pub role: Option<String>,
    pub personal_enabled: bool,
    pub legacy_enabled: bool,
    pub key_enabled: bool,
    pub max_ttl_days: Option<i64>,
    pub idle_days: Option<i64>,
    pub direct_use: String,
    pub policy_scopes: String,
    pub policy_ip_ranges: String,
}

/// Which of an organization's tokens are meant; `None` for all.
#[derive(Clone, Debug, Default)]
pub struct TokenFilter {
    pub user_id: Option<i64>,
    pub kind: Option<String>,
    /// `active`, `expired`, `revoked`, or `ended` for both of these, as of `now`.
    pub state: Option<String>,
    /// A part of the name, the note or the owner's e-mail address.
    pub search: Option<String>,
    /// The owner's whole e-mail address.
    pub owner: Option<String>,
    /// Not used since this instant.
    pub unused_since: Option<i64>,
    pub now: i64,
    /// The last token of the page before: its `created_at` and id.
    pub after: Option<(i64, String)>,
    pub limit: i64,
}

const COLUMNS: &str = "tokens.id, kind, tokens.user_id, tokens.organization_id, name, note, tokens.scopes, \
    tokens.ip_ranges, rate_per_minute, hash, sealed, sealed_until, tokens.created_at, expires_at, revoked_at, \
    revoked_because, revoked_by, successor_id, retires_at, idempotency_key, family_id, last_used_at, \
    last_used_address, last_used_client, signing_key_id, imported_at";
/// What an insertion says, in the order of [`inserted`].
pub(super) const INSERTED: &str = "id, kind, user_id, organization_id, name, note, scopes, ip_ranges, rate_per_minute, \
    hash, sealed, sealed_until, created_at, expires_at, family_id, signing_key_id";
const WITH_RULERS: &str = concatcp!(
    "select ",
    COLUMNS,
    ", email, is_active, role, personal_enabled, legacy_enabled, key_enabled, max_ttl_days, idle_days, direct_use, \
     organizations.scopes as policy_scopes, organizations.ip_ranges as policy_ip_ranges from tokens \
     join users on users.id = tokens.user_id \
     join organizations on organizations.id = tokens.organization_id \
     left join memberships on memberships.user_id = tokens.user_id \
         and memberships.organization_id = tokens.organization_id and removed_at is null"
);

const INSERT: &str = concatcp!(
    "insert into tokens (",
    INSERTED,
    ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
);

/// Inserts a token whose text somebody has chosen: there may be one like it.
pub async fn insert(tx: &mut Tx, token: &Token) -> Result<(), StoreError> {
    tx.execute(INSERT, inserted(token)).await?;
    Ok(())
}

/// Inserts a token of random text when the transaction ends.
pub fn insert_at_commit(tx: &mut Tx, token: &Token) -> Result<(), StoreError> {
    tx.at_commit(INSERT, inserted(token))
}

pub(super) fn inserted(token: &Token) -> Vec<Value> {
    bind![
        &token.id,
        &token.kind,
        token.user_id,
        token.organization_id,
        &token.name,
        &token.note,
        &token.scopes,
        &token.ip_ranges,
        token.rate_per_minute,
        token.hash.as_slice(),
        token.sealed.as_deref(),
        token.sealed_until,
        token.created_at,
        token.expires_at,
        &token.family_id,
        token.signing_key_id.as_deref(),
    ]
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Token>, StoreError> {
    tx.optional(
        concatcp!("select ", COLUMNS, " from tokens where id = $1"),
        bind![id],
    )
    .await
}

/// A token, and the organization that it belongs to.
pub async fn find_with_organization(
    tx: &mut Tx,
    id: &str,
) -> Result<(Option<Token>, Option<Organization>), StoreError> {
    tx.pair(
        (
            concatcp!("select ", COLUMNS, " from tokens where id = $1"),
            bind![id],
        ),
        (
            concatcp!(
                "select ",
                organizations::COLUMNS,
                " from organizations where id = (select organization_id from tokens where id = $1)"
            ),
            bind![id],
        ),
    )
    .await
}

pub async fn find_with_rulers(
    tx: &mut Tx,
    id: &str,
) -> Result<Option<TokenWithRulers>, StoreError> {
    tx.optional(concatcp!(WITH_RULERS, " where tokens.id = $1"), bind![id])
        .await
}

/// A legacy token, which says no id. Of the other kinds there is no index of hashes: SQLite takes that
/// of legacy tokens only where `kind` is compared in the statement's own text.
pub async fn find_legacy_with_rulers(
    tx: &mut Tx,
    hash: &[u8],
) -> Result<Option<TokenWithRulers>, StoreError> {
    tx.optional(
        concatcp!(WITH_RULERS, " where hash = $1 and kind = 'legacy'"),
        bind![hash],
    )
    .await
}

/// A user's tokens of a kind in an organization that are neither revoked nor over at `now`, newest
/// first. Those that have ended are not looked at, however many they are.
pub async fn list_live_by_user(
    tx: &mut Tx,
    (user_id, organization_id): (i64, i64),
    kind: &str,
    now: i64,
    limit: i64,
) -> Result<Vec<Token>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            COLUMNS,
            " from tokens where user_id = $1 and organization_id = $2 and kind = $3 and revoked_at is null \
             and (expires_at is null or expires_at > $4) and (retires_at is null or retires_at > $4) \
             order by created_at desc, id desc limit $5"
        ),
        bind![user_id, organization_id, kind, now, limit],
    )
    .await
}

/// The rest of the statements of [`list_by_filter`].
const FILTERED: &str = " and ($3 is null or kind = $3) \
    and ($4 is null or $4 = case when revoked_at is not null or retires_at <= $5 then 'revoked' \
        when expires_at <= $5 then 'expired' else 'active' end \
        or ($4 = 'ended' and (revoked_at is not null or retires_at <= $5 or expires_at <= $5))) \
    and ($6 is null or lower(name) like $6 escape '!' or lower(note) like $6 escape '!' or email like $6 escape '!') \
    and ($7 is null or coalesce(last_used_at, tokens.created_at) < $7) \
    and ($8 is null or tokens.created_at < $8 or (tokens.created_at = $8 and tokens.id < $9)) \
    and ($11 is null or email = $11) \
    order by tokens.created_at desc, tokens.id desc limit $10";
const BY_ORGANIZATION: &str = concatcp!(
    WITH_RULERS,
    " where tokens.organization_id = $1 and $2 is null",
    FILTERED
);
const BY_USER: &str = concatcp!(
    WITH_RULERS,
    " where tokens.organization_id = $1 and tokens.user_id = $2",
    FILTERED
);

/// A page of an organization's tokens with what rules over them, newest first. One user's are found
/// by an index of their own: he may be one of very many.
pub async fn list_by_filter(
    tx: &mut Tx,
    organization_id: i64,
    filter: &TokenFilter,
) -> Result<Vec<TokenWithRulers>, StoreError> {
    let (after_at, after_id) = filter.after.clone().unzip();
    let statement = if filter.user_id.is_some() {
        BY_USER
    } else {
        BY_ORGANIZATION
    };
    tx.all(
        statement,
        bind![
            organization_id,
            filter.user_id,
            filter.kind.as_deref(),
            filter.state.as_deref(),
            filter.now,
            filter.search.as_deref().map(contains_pattern).as_deref(),
            filter.unused_since,
            after_at,
            after_id.as_deref(),
            filter.limit,
            filter.owner.as_deref(),
        ],
    )
    .await
}

/// A `like` pattern for texts that contain `part`, with `!` before what has a meaning in patterns.
pub(super) fn contains_pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for character in part.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// Changes what its owner may say of a token.
pub async fn update_name(tx: &mut Tx, id: &str, name: &str, note: &str) -> Result<(), StoreError> {
    tx.changing(Change::Nothing)
        .execute(
            "update tokens set name = $2, note = $3 where id = $1",
            bind![id, name, note],
        )
        .await?;
    Ok(())
}

/// Forgets the sealed successors whose time is over.
pub async fn delete_sealed(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    tx.changing(Change::Nothing)
        .execute(
            "update tokens set sealed = null, sealed_until = null where sealed_until <= $1",
            bind![now],
        )
        .await?;
    Ok(())
}
