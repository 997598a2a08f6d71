//! Brings the tables up to date: each migration once, in order, in one transaction.
//!
//! An applied migration is never edited; its digest is kept, and one that differs stops the start,
//! because nobody knows then what the tables look like.

use aws_lc_rs::digest;
use sqlx::FromRow;

use super::engine::{Db, Tx};
use super::error::StoreError;
use super::value::bind;

/// The migrations of both engines, by their common names.
const MIGRATIONS: &[(&str, &str, &str)] = &[
    migration!("0001_accounts"),
    migration!("0002_tokens"),
    migration!("0003_notices"),
    migration!("0005_daily_counts"),
    migration!("0006_changes"),
    migration!("0007_import"),
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
    let mut tx = db.write().await?;
    create_table(&mut tx, db.is_postgres()).await?;
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
    for (name, sqlite, postgres) in MIGRATIONS {
        let sql = if db.is_postgres() { postgres } else { sqlite };
        let digest = digest::digest(&digest::SHA256, sql.as_bytes());
        match applied.iter().find(|row| row.name == *name) {
            Some(row) if row.digest == digest.as_ref() => {}
            Some(_) => {
                return Err(StoreError::Unusable(format!(
                    "the migration {name} was changed after it was applied"
                )));
            }
            None => {
                tx.script(sql).await?;
                tx.execute(
                    "insert into migrations (name, digest) values ($1, $2)",
                    bind![*name, digest.as_ref()],
                )
                .await?;
            }
        }
    }
    tx.commit().await
}

async fn create_table(tx: &mut Tx, postgres: bool) -> Result<(), StoreError> {
    tx.script(if postgres {
        "create table if not exists migrations (name text primary key, digest bytea not null)"
    } else {
        "create table if not exists migrations (name text primary key, digest blob not null)"
    })
    .await
}
