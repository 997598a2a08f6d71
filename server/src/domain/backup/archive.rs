//! The form of a backup: gzip over lines of JSON.
//!
//! First a header, then for each table a line with its name and columns and a line for each row,
//! and at the end how many rows there were, so that a file that was cut off is not taken for whole.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};

use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store::tables::{Cell, Cells};

const FORMAT: u32 = 1;
const NO_BACKUP: &str = "it is no backup of Keybearer";

/// What stands at the beginning.
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    keybearer_backup: u32,
    /// The program that wrote it.
    pub(super) version: String,
    pub(super) made_at: i64,
    /// The migrations that its tables have seen, and the digests of their texts in SQLite's words.
    pub(super) migrations: Vec<String>,
    /// The installation's key; none if it was left out.
    pub(super) sealing_key: Option<String>,
}

/// A line after the header.
pub(super) enum Line {
    Table(String, Vec<String>),
    Row(Cells),
    End { rows: u64 },
}

#[derive(Deserialize)]
struct TableLine {
    table: String,
    columns: Vec<String>,
}

#[derive(Deserialize)]
struct EndLine {
    rows: u64,
}

pub(super) struct Writer<W: Write> {
    out: GzEncoder<BufWriter<W>>,
    rows: u64,
}

impl Header {
    pub(super) fn new(made_at: i64, migrations: Vec<String>, sealing_key: Option<String>) -> Self {
        Self {
            keybearer_backup: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            made_at,
            migrations,
            sealing_key,
        }
    }
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W, header: &Header) -> std::io::Result<Self> {
        let mut writer = Self {
            out: GzEncoder::new(BufWriter::new(out), Compression::fast()),
            rows: 0,
        };
        writer.line(&serde_json::to_value(header)?)?;
        Ok(writer)
    }

    pub(super) fn table(&mut self, table: &str, columns: &[String]) -> std::io::Result<()> {
        self.line(&json!({"table": table, "columns": columns}))
    }

    pub(super) fn row(&mut self, Cells(cells): Cells) -> std::io::Result<()> {
        self.rows += 1;
        let row: Value = cells.into_iter().map(shown).collect();
        self.line(&row)
    }

    /// Writes the end and gives back what it was written to.
    pub(super) fn finish(mut self) -> std::io::Result<W> {
        self.line(&json!({"rows": self.rows}))?;
        self.out
            .finish()?
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
    }

    fn line(&mut self, value: &Value) -> std::io::Result<()> {
        writeln!(self.out, "{value}")
    }
}

/// Reads a backup line by line.
pub(super) struct Reader<R: Read> {
    lines: std::io::Lines<BufReader<GzDecoder<R>>>,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R) -> anyhow::Result<(Self, Header)> {
        let mut lines = BufReader::new(GzDecoder::new(input)).lines();
        let first = lines.next().context(NO_BACKUP)?.context(NO_BACKUP)?;
        let header: Header = serde_json::from_str(&first).ok().context(NO_BACKUP)?;
        ensure!(
            header.keybearer_backup == FORMAT,
            "its form is of a newer Keybearer; restore it with that version ({})",
            header.version
        );
        Ok((Self { lines }, header))
    }

    /// The next line; `None` after the last one.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Line>> {
        let Some(line) = self.lines.next() else {
            return Ok(None);
        };
        let line = line.context("it is damaged or was cut off")?;
        let value: Value = serde_json::from_str(&line).context("it is damaged")?;
        Ok(Some(match value {
            Value::Array(cells) => Line::Row(Cells(
                cells.into_iter().map(read).collect::<anyhow::Result<_>>()?,
            )),
            Value::Object(ref fields) if fields.contains_key("table") => {
                let line: TableLine = serde_json::from_value(value)?;
                Line::Table(line.table, line.columns)
            }
            value => {
                let end: EndLine = serde_json::from_value(value).context("it is damaged")?;
                Line::End { rows: end.rows }
            }
        }))
    }
}

/// Bytes are the only values that JSON does not know.
fn shown(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => number.into(),
        Cell::Bool(is) => is.into(),
        Cell::Text(text) => text.into(),
        Cell::Bytes(bytes) => json!({"base64": Cell::base64(&bytes)}),
    }
}

fn read(value: Value) -> anyhow::Result<Cell> {
    Ok(match value {
        Value::Null => Cell::Null,
        Value::Bool(is) => Cell::Bool(is),
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => Cell::Int(number.as_i64().context("it is damaged")?),
        Value::Object(fields) => {
            let text = fields.get("base64").and_then(Value::as_str);
            text.and_then(Cell::of_base64).context("it is damaged")?
        }
        Value::Array(_) => bail!("it is damaged"),
    })
}
