//! Backups: everything that an installation is, in one file, and an installation made of it.
//!
//! A backup is our own rows and no copy of the engine's files, so a backup of SQLite can be restored
//! into PostgreSQL and the other way round. It is read in one transaction: it shows one moment,
//! however long it takes and whatever is written meanwhile.

mod archive;
mod restore;

use std::fs;
use std::io::Write;

use anyhow::Context;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::signing_keys;
use crate::error::{Error, Result};
use crate::store::{schema, tables};

use archive::{Header, Writer};

pub use restore::{Restored, restore};

/// Writes a backup to `out`, with the installation's key unless it is to be left out. Returns how many
/// rows there are in it.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is not the operator; [`Error::Internal`] if `out` takes no more.
pub async fn write<W: Write + Send>(
    app: &App,
    cx: &Cx,
    out: W,
    with_key: bool,
) -> Result<(W, u64)> {
    signing_keys::require_operator(cx)?;
    let key = if with_key { Some(key(app)?) } else { None };
    let mut tx = app.db.snapshot().await?;
    let header = Header::new(cx.now, schema::list_applied(&mut tx).await?, key);
    let mut writer = Writer::new(out, &header).map_err(full)?;
    let mut rows = 0;
    for table in tables::lasting() {
        let columns = tables::columns(&mut tx, table).await?;
        writer.table(table, &columns).map_err(full)?;
        let write = |row| {
            rows += 1;
            writer.row(row)
        };
        tables::each(&mut tx, (table, &columns), write)
            .await?
            .map_err(full)?;
    }
    Ok((writer.finish().map_err(full)?, rows))
}

fn key(app: &App) -> Result<String> {
    let file = &app.config.key_file;
    fs::read_to_string(file)
        .with_context(|| format!("the key file {} cannot be read", file.display()))
        .map(|text| text.trim().to_owned())
        .map_err(Error::Internal)
}

fn full(error: std::io::Error) -> Error {
    Error::Internal(anyhow::Error::from(error).context("the backup cannot be written"))
}
