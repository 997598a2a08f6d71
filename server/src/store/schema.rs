//! The tables of an installation made anew, as they were when a backup was written, and then
//! brought up to date with its rows in them.

use super::error::StoreError;
use super::migrate::{self, MIGRATIONS};
use super::tables;
use super::tx::Tx;
use super::value::bind;

/// The names of the migrations that the tables have seen, in their order.
pub async fn list_applied(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx
        .all("select name from migrations order by name", bind![])
        .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Whether this program has all of these migrations: if not, a newer one wrote them.
#[must_use]
pub fn knows(names: &[String]) -> bool {
    names
        .iter()
        .all(|name| MIGRATIONS.iter().any(|(known, ..)| known == name))
}

/// Takes all tables away with what is in them and makes them as these migrations leave them, empty.
pub async fn remake(tx: &mut Tx, names: &[String]) -> Result<(), StoreError> {
    let tables = tables::names();
    for table in tables.iter().rev() {
        tables::drop_table(tx, table).await?;
    }
    tables::drop_table(tx, "migrations").await?;
    migrate::create_table(tx).await?;
    for migration in MIGRATIONS {
        if names.iter().any(|name| name == migration.0) {
            migrate::apply(tx, migration).await?;
        }
    }
    for table in tables.iter().rev() {
        if tables::is_there(tx, table).await? {
            tables::delete(tx, table).await?;
        }
    }
    Ok(())
}

/// Applies the migrations that are not among these.
pub async fn complete(tx: &mut Tx, names: &[String]) -> Result<(), StoreError> {
    for migration in MIGRATIONS {
        if names.iter().all(|name| name != migration.0) {
            migrate::apply(tx, migration).await?;
        }
    }
    Ok(())
}
