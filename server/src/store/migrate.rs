//! Brings the tables up to date: each migration once, in order, in one transaction.
//!
//! An applied migration is never edited; its digest is kept, and one that differs stops the start,
//! because nobody knows then what the tables look like.

use aws_lc_rs::digest;
use sqlx::FromRow;

use super::engine::Db;
use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// A migration's name, and its text for SQLite and for PostgreSQL.
pub(super) type Migration = (&'static str, &'static str, &'static str);

/// The migrations of both engines.
pub(super) const MIGRATIONS: &[Migration] = &[
    migration!("0001_accounts"),
    migration!("0002_tokens"),
    migration!("0003_notices"),
    migration!("0005_daily_counts"),
    migration!("0006_changes"),
    migration!("0007_import"),
    migration!("0008_token_indexes"),
    migration!("0009_row_numbers"),
    migration!("0010_tokens_by_id"),
];

macro_rules! migration {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        )
    };
}
use migration;

#[derive(FromRow)]
struct Applied {
    name: String,
    digest: Vec<u8>,
}

/// Applies what is missing.
pub(super) async fn run(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.alter().await?;
    create_table(&mut tx).await?;
    // A database that cannot be written is found now and not at the first change: SQLite opens a
    // read-only file without a word.
    tx.execute("update migrations set digest = digest", bind![])
        .await?;
    let applied: Vec<Applied> = tx
        .all("select name, digest from migrations order by name", bind![])
        .await?;
    if let Some(newer) = applied
        .iter()
        .find(|row| MIGRATIONS.iter().all(|(name, ..)| *name != row.name))
    {
        return Err(StoreError::Unusable(format!(
            "the database was written by a newer Keybearer (it has the migration {}); start that version, or restore a backup",
            newer.name
        )));
    }
    for migration in MIGRATIONS {
        let digest = digest_of(&tx, migration);
        match applied.iter().find(|row| row.name == migration.0) {
            Some(row) if row.digest == digest => {}
            Some(_) => {
                return Err(StoreError::Unusable(format!(
                    "the migration {} was changed after it was applied",
                    migration.0
                )));
            }
            None => apply(&mut tx, migration).await?,
        }
    }
    tx.commit().await
}

/// Applies one migration and notes that.
pub(super) async fn apply(tx: &mut Tx, migration: &Migration) -> Result<(), StoreError> {
    tx.script(text(tx, migration)).await?;
    let digest = digest_of(tx, migration);
    tx.execute(
        "insert into migrations (name, digest) values ($1, $2)",
        bind![migration.0, digest.as_slice()],
    )
    .await?;
    Ok(())
}

pub(super) async fn create_table(tx: &mut Tx) -> Result<(), StoreError> {
    tx.script(if tx.is_postgres() {
        "create table if not exists migrations (name text primary key, digest bytea not null)"
    } else {
        "create table if not exists migrations (name text primary key, digest blob not null)"
    })
    .await
}

/// The names of all tables that migrations make, each after those that it refers to.
pub(super) fn tables() -> Vec<&'static str> {
    let of_text = |text: &'static str| {
        text.lines()
            .filter_map(|line| line.strip_prefix("create table "))
            .filter_map(|rest| rest.split([' ', '(']).next())
    };
    let mut names = Vec::new();
    for name in MIGRATIONS.iter().flat_map(|(_, sqlite, _)| of_text(sqlite)) {
        // Some are made anew by a later migration.
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn text(tx: &Tx, (_, sqlite, postgres): &Migration) -> &'static str {
    if tx.is_postgres() { postgres } else { sqlite }
}

fn digest_of(tx: &Tx, migration: &Migration) -> Vec<u8> {
    let text = text(tx, migration);
    digest::digest(&digest::SHA256, text.as_bytes())
        .as_ref()
        .to_vec()
}
