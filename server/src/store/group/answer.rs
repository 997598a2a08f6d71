//! What one statement of several answers.

use sqlx::sqlite::SqliteRow;

use crate::store::error::StoreError;
use crate::store::tx::Row;
use crate::store::value::Done;

/// The rows that a statement found, and how many it touched. It is asked by the names of sqlx's
/// methods.
pub(in crate::store) struct Answer {
    pub(super) rows: Vec<SqliteRow>,
    pub(super) touched: u64,
}

impl Answer {
    pub(in crate::store) fn execute(self) -> Result<Done, StoreError> {
        Ok(Done { rows: self.touched })
    }

    pub(in crate::store) fn fetch_one<T: Row>(self) -> Result<T, StoreError> {
        let row = self.fetch_optional()?;
        row.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    pub(in crate::store) fn fetch_optional<T: Row>(self) -> Result<Option<T>, StoreError> {
        Ok(self.rows.first().map(T::from_row).transpose()?)
    }

    pub(in crate::store) fn fetch_all<T: Row>(self) -> Result<Vec<T>, StoreError> {
        let rows = self.rows.iter().map(T::from_row);
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
