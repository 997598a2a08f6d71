//! An installation made of a backup.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use super::archive::{Header, Line, Reader};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::audit::{self, Chain};
use crate::domain::sealing::{Purpose, SealingKey};
use crate::store::tables::Cells;
use crate::store::{self, Db, StoreError, Tx, schema, tables};

/// How many rows are read before they are written.
const AT_ONCE: usize = 5_000;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was written.
    pub made_at: i64,
    pub rows: u64,
    /// Audit events, all of which fit.
    pub events: i64,
    /// Where the key file is that was there before, if it was another one.
    pub old_key: Option<PathBuf>,
}

/// Makes the installation that `config` describes what the backup holds: all of it or nothing.
///
/// # Errors
/// One sentence of what is in the way: a backup that is damaged or of a newer Keybearer, an installation
/// that is not empty (unless `overwrites`), a key that does not fit.
pub async fn restore(
    config: &Config,
    input: impl Read,
    overwrites: bool,
) -> anyhow::Result<Restored> {
    let (mut reader, header) = Reader::new(input)?;
    ensure!(
        schema::knows(&header.migrations),
        "it was written by a newer Keybearer ({}); restore it with that version",
        header.version
    );
    let sealing = sealing_key(config, &header)?;
    let db = Db::connect(config.database.reveal(), &Clock::System).await;
    let db =
        db.with_context(|| format!("the database {} does not open", config.database_place()))?;
    let mut tx = db.alter().await?;
    refuse_others(&mut tx, overwrites).await?;
    schema::remake(&mut tx, &header.migrations).await?;
    let rows = fill(&mut tx, &mut reader).await?;
    schema::complete(&mut tx, &header.migrations).await?;
    tables::restart_numbers(&mut tx).await?;
    for key in store::signing_keys::list(&mut tx).await? {
        sealing.unseal(Purpose::SigningKey, &key.sealed)?;
    }
    let events = match audit::verify_in(&mut tx).await {
        Ok(Chain::Whole { events }) => events,
        Ok(chain) => bail!("the audit log in it is not whole: {chain:?}"),
        Err(error) => bail!("the audit log in it cannot be read: {error:?}"),
    };
    let old_key = match &header.sealing_key {
        Some(key) => put_key(&config.key_file, key)?,
        None => None,
    };
    if let Err(error) = tx.commit().await {
        if let Some(old) = &old_key {
            fs::rename(old, &config.key_file)?;
        }
        return Err(error.into());
    }
    db.close().await;
    Ok(Restored {
        made_at: header.made_at,
        rows,
        events,
        old_key,
    })
}

/// The key of the backup, or the one that is here if it was left out.
fn sealing_key(config: &Config, header: &Header) -> anyhow::Result<SealingKey> {
    let text = match &header.sealing_key {
        Some(key) => key.clone(),
        None => fs::read_to_string(&config.key_file).with_context(|| {
            format!(
                "it was written without its key, and the key file {} cannot be read; put the key file of that installation there",
                config.key_file.display()
            )
        })?,
    };
    SealingKey::of_text(&text).context("the key in it is no key")
}

/// Passes if there is nothing here, or it may be replaced; never if the tables are somebody else's.
async fn refuse_others(tx: &mut Tx, overwrites: bool) -> anyhow::Result<()> {
    if !tables::is_there(tx, "migrations").await? {
        for table in tables::names() {
            ensure!(
                !tables::is_there(tx, table).await?,
                "the database has a table {table} that is not Keybearer's; name a database of its own with --database"
            );
        }
        return Ok(());
    }
    let is_empty = !tables::is_there(tx, "users").await? || !store::users::any(tx).await?;
    ensure!(
        is_empty || overwrites,
        "there is an installation already, with accounts in it; name another place with --data-dir or --database, or replace it with --overwrite: what is in it is lost then"
    );
    Ok(())
}

/// Reads rows until the end and writes them.
async fn fill(tx: &mut Tx, reader: &mut Reader<impl Read>) -> anyhow::Result<u64> {
    let (mut table, mut columns) = (String::new(), Vec::new());
    let mut waiting: Vec<Cells> = Vec::new();
    let mut count = 0;
    loop {
        let line = reader.next()?;
        if waiting.len() >= AT_ONCE || !matches!(line, Some(Line::Row(_))) {
            let rows = std::mem::take(&mut waiting);
            let written = tables::insert(tx, (&table, &columns), rows).await;
            written.map_err(|error| match error {
                // The disk is full, or the like: that says nothing of the backup.
                StoreError::Unavailable(..) => error.into(),
                other => anyhow::Error::from(other)
                    .context("it is damaged: its rows do not fit together"),
            })?;
        }
        match line {
            Some(Line::Table(name, its)) => {
                let there = tables::columns(tx, &name).await?;
                let is_known = tables::lasting().contains(&name.as_str());
                ensure!(
                    is_known && its.iter().all(|column| there.contains(column)),
                    "it is damaged: it has a table that no Keybearer has"
                );
                (table, columns) = (name, its);
            }
            Some(Line::Row(row)) => {
                ensure!(row.0.len() == columns.len(), "it is damaged");
                waiting.push(row);
                count += 1;
            }
            Some(Line::End { rows }) => {
                ensure!(rows == count, "it is damaged: rows are missing");
                // What proves that no byte was changed stands behind the end.
                ensure!(reader.next()?.is_none(), "it is damaged");
                return Ok(count);
            }
            None => bail!("it was cut off: its end is missing"),
        }
    }
}

/// Writes the key file, for its owner alone, and keeps another one that is there beside it.
fn put_key(file: &Path, key: &str) -> anyhow::Result<Option<PathBuf>> {
    let mut old = None;
    if file.exists() {
        if fs::read_to_string(file).is_ok_and(|text| text.trim() == key) {
            return Ok(None);
        }
        let mut name = file.as_os_str().to_owned();
        name.push(".before-restore");
        let aside = PathBuf::from(name);
        ensure!(
            !aside.exists(),
            "{} is there already, from a restore before; take it away if nothing needs it",
            aside.display()
        );
        fs::rename(file, &aside)?;
        old = Some(aside);
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file)?;
    writeln!(out, "{key}")?;
    out.sync_all()?;
    Ok(old)
}
