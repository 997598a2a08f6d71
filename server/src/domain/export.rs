//! Everything as lines of JSON, for people and for other programs.
//!
//! What opens something stays out: sealed texts and whole sessions always, hashes of passwords and
//! the texts of legacy tokens unless they are asked for. Digests of tokens are in it, as hex: they
//! open nothing, and another program can know a token by them.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::cx::Cx;
use crate::domain::sealing::Purpose;
use crate::domain::signing_keys;
use crate::error::{Error, Result};
use crate::store::tables::{self, Cell, Cells};

/// Tables that have nothing but secrets and what hangs on them.
const LEFT_OUT: [&str; 1] = ["sessions"];
/// Bytes that are digests. All other bytes are sealed, or may be.
const DIGESTS: [&str; 3] = [
    "tokens.hash",
    "audit_events.digest",
    "audit_events.previous_digest",
];
const PASSWORD_HASH: &str = "users.password_hash";
const SEALED: &str = "tokens.sealed";

/// What is exported beside the rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra {
    pub password_hashes: bool,
    pub legacy_tokens: bool,
}

/// Writes one object a line: `table` says which it is of, the rest are its columns.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is not the operator; [`Error::Internal`] if `out` takes no more.
pub async fn write(app: &App, cx: &Cx, out: &mut (dyn Write + Send), extra: Extra) -> Result<()> {
    signing_keys::require_operator(cx)?;
    let mut tx = app.db.snapshot().await?;
    for table in tables::lasting() {
        if LEFT_OUT.contains(&table) {
            continue;
        }
        let columns = tables::columns(&mut tx, table).await?;
        let line = |row| {
            let shown = shown(app, (table, &columns), row, extra)?;
            writeln!(out, "{shown}")
        };
        tables::each(&mut tx, (table, &columns), line)
            .await?
            .map_err(|error| Error::Internal(error.into()))?;
    }
    Ok(())
}

fn shown(
    app: &App,
    (table, columns): (&str, &[String]),
    Cells(cells): Cells,
    extra: Extra,
) -> std::io::Result<Value> {
    let mut object = Map::new();
    object.insert("table".into(), table.into());
    let kind = columns.iter().position(|column| column == "kind");
    let kind = kind.and_then(|at| cells.get(at)).cloned();
    let is_legacy = kind == Some(Cell::Text("legacy".into()));
    for (column, cell) in columns.iter().zip(cells) {
        let name = format!("{table}.{column}");
        if name == SEALED {
            if let (Cell::Bytes(sealed), true) = (&cell, extra.legacy_tokens && is_legacy) {
                let text = app.sealing.unseal(Purpose::LegacyToken, sealed);
                let text = text.map_err(std::io::Error::other)?;
                object.insert("text".into(), text.into());
            }
            continue;
        }
        if name == PASSWORD_HASH && !extra.password_hashes {
            continue;
        }
        let value = match cell {
            Cell::Null => Value::Null,
            Cell::Int(number) => number.into(),
            Cell::Bool(is) => is.into(),
            Cell::Text(text) => json!(text),
            Cell::Bytes(bytes) if DIGESTS.contains(&name.as_str()) => bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                .into(),
            Cell::Bytes(_) => continue,
        };
        object.insert(column.clone(), value);
    }
    Ok(Value::Object(object))
}
