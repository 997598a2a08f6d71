//! All tables as they are, whatever is in them: for backups, restores and exports.
//!
//! Which tables there are is told by the migrations. A value keeps its kind, so that what one engine
//! wrote can be read by the other.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, FromRow, Row, TypeInfo, ValueRef};

use super::changes::Change;
use super::error::StoreError;
use super::migrate;
use super::tx::Tx;
use super::value::{Value, bind};

/// How many parameters one statement has at the most; SQLite takes 32766.
const PARAMETERS: usize = 10_000;
/// What running processes tell each other.
const PASSING: [&str; 1] = ["changes"];
/// What both engines are asked for the columns of a table; they have no common way to be asked.
const SQLITE_COLUMNS: &str = "select name from pragma_table_info($1)";
const POSTGRES_COLUMNS: &str = "select column_name::text from information_schema.columns \
                                where table_name = $1 and table_schema = current_schema() order by ordinal_position";
/// The columns that PostgreSQL numbers by itself.
const POSTGRES_NUMBERED: &str = "select table_name::text, column_name::text from information_schema.columns \
                                 where is_identity = 'YES' and table_schema = current_schema()";

/// A value of any column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row of any table.
#[derive(Debug)]
pub struct Cells(pub Vec<Cell>);

impl Cell {
    /// Bytes as base64.
    #[must_use]
    pub fn base64(bytes: &[u8]) -> String {
        BASE64.encode(bytes)
    }

    /// Bytes of base64; `None` if it is none.
    #[must_use]
    pub fn of_base64(text: &str) -> Option<Self> {
        BASE64.decode(text).ok().map(Self::Bytes)
    }
}

/// The names of all tables, each after those that it refers to.
#[must_use]
pub fn names() -> Vec<&'static str> {
    migrate::tables()
}

/// The names of the tables that hold something lasting, in the same order.
#[must_use]
pub fn lasting() -> Vec<&'static str> {
    let mut names = names();
    names.retain(|name| !PASSING.contains(name));
    names
}

/// Whether the table is there.
pub async fn is_there(tx: &mut Tx, table: &str) -> Result<bool, StoreError> {
    Ok(!columns(tx, table).await?.is_empty())
}

/// The columns of a table; none if there is no such table.
pub async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<String>, StoreError> {
    let sql = if tx.is_postgres() {
        POSTGRES_COLUMNS
    } else {
        SQLITE_COLUMNS
    };
    let rows: Vec<(String,)> = tx.all(sql, bind![table]).await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Hands the rows of a table over, one after the other. What `take` refuses ends it.
pub async fn each(
    tx: &mut Tx,
    (table, columns): (&str, &[String]),
    take: impl FnMut(Cells) -> std::io::Result<()> + Send,
) -> Result<std::io::Result<()>, StoreError> {
    tx.each(format!("select {} from {table}", columns.join(", ")), take)
        .await
}

/// Takes every row out of a table.
pub async fn delete(tx: &mut Tx, table: &str) -> Result<(), StoreError> {
    tx.changing(Change::Everything)
        .execute(format!("delete from {table}"), bind![])
        .await?;
    Ok(())
}

/// Takes the table away.
pub async fn drop_table(tx: &mut Tx, table: &str) -> Result<(), StoreError> {
    tx.execute(format!("drop table if exists {table}"), bind![])
        .await?;
    Ok(())
}

/// Inserts rows, many with one statement.
pub async fn insert(
    tx: &mut Tx,
    (table, columns): (&str, &[String]),
    rows: Vec<Cells>,
) -> Result<(), StoreError> {
    let width = columns.len().max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut values = Vec::new();
        let mut places = Vec::new();
        for Cells(cells) in rows.by_ref().take(PARAMETERS / width) {
            let mut row = Vec::with_capacity(width);
            for cell in cells {
                // A null has no type of its own, and a parameter must have one.
                if let Some(value) = value(cell) {
                    values.push(value);
                    row.push(format!("${}", values.len()));
                } else {
                    row.push("null".to_owned());
                }
            }
            places.push(format!("({})", row.join(", ")));
        }
        let columns = columns.join(", ");
        let sql = format!(
            "insert into {table} ({columns}) values {}",
            places.join(", ")
        );
        tx.changing(Change::Everything).execute(sql, values).await?;
    }
    Ok(())
}

/// Sees to it that the numbers which the database gives from now on are above those that are there.
/// SQLite does so by itself.
pub async fn restart_numbers(tx: &mut Tx) -> Result<(), StoreError> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let numbered: Vec<(String, String)> = tx.all(POSTGRES_NUMBERED, bind![]).await?;
    for (table, column) in numbered {
        let sql = format!(
            "select setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) from {table}"
        );
        let _: (Option<i64>,) = tx.one(sql, bind![]).await?;
    }
    Ok(())
}

fn value(cell: Cell) -> Option<Value> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Int(number) => Value::Int(Some(number)),
        Cell::Bool(is) => Value::Bool(Some(is)),
        Cell::Text(text) => Value::Text(Some(text)),
        Cell::Bytes(bytes) => Value::Bytes(Some(bytes)),
    })
}

impl FromRow<'_, SqliteRow> for Cells {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let cell = |column: &sqlx::sqlite::SqliteColumn| {
            let at = column.ordinal();
            let raw = row.try_get_raw(at)?;
            if raw.is_null() {
                return Ok(Cell::Null);
            }
            // A boolean is a number in the file; the column's declaration says what is meant.
            if column.type_info().name() == "BOOLEAN" {
                return row.try_get(at).map(Cell::Bool);
            }
            match raw.type_info().name() {
                "INTEGER" => row.try_get(at).map(Cell::Int),
                "BLOB" => row.try_get(at).map(Cell::Bytes),
                _ => row.try_get(at).map(Cell::Text),
            }
        };
        row.columns()
            .iter()
            .map(cell)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FromRow<'_, PgRow> for Cells {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let cell = |column: &sqlx::postgres::PgColumn| {
            let at = column.ordinal();
            if row.try_get_raw(at)?.is_null() {
                return Ok(Cell::Null);
            }
            match column.type_info().name() {
                "INT8" => row.try_get(at).map(Cell::Int),
                "BOOL" => row.try_get(at).map(Cell::Bool),
                "BYTEA" => row.try_get(at).map(Cell::Bytes),
                _ => row.try_get(at).map(Cell::Text),
            }
        };
        row.columns()
            .iter()
            .map(cell)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}
