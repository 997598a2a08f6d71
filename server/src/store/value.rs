//! The parameters of statements, and how many rows they touched.

/// A parameter of a statement.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// A text with a null character: PostgreSQL cannot hold one, so no row of ours has it.
    pub(super) fn is_in_no_row(&self) -> bool {
        matches!(self, Self::Text(Some(text)) if text.contains('\0'))
    }
}

/// `bind![a, b]`: the parameters `$1`, `$2` of a statement.
macro_rules! bind {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::value::Value::from($value)),*] };
}
pub(super) use bind;

/// A query of sqlx with `values` bound, on either engine.
macro_rules! bound {
    ($query:expr, $values:expr) => {
        $values
            .into_iter()
            .fold($query, |query, value| match value {
                $crate::store::value::Value::Text(value) => query.bind(value),
                $crate::store::value::Value::Int(value) => query.bind(value),
                $crate::store::value::Value::Bool(value) => query.bind(value),
                $crate::store::value::Value::Bytes(value) => query.bind(value),
            })
    };
}
pub(super) use bound;

/// How many rows one statement takes. SQLite looks a numbered parameter up among those before it, so
/// with hundreds of rows the look-ups cost more than the rows.
pub(super) const AT_ONCE: usize = 25;

/// The parameters of `rows` rows of `width` columns each: `($1, $2), ($3, $4)`.
pub(super) fn places(rows: usize, width: usize) -> String {
    let row = |row: usize| {
        let places = (1..=width).map(|place| format!("${}", row * width + place));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(Some(value))
    }
}

impl From<Option<bool>> for Value {
    fn from(value: Option<bool>) -> Self {
        Self::Bool(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(value: Option<&[u8]>) -> Self {
        Self::Bytes(value.map(<[u8]>::to_vec))
    }
}

/// How many rows a statement touched.
pub(super) struct Done {
    pub(super) rows: u64,
}

impl From<sqlx::sqlite::SqliteQueryResult> for Done {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self {
            rows: result.rows_affected(),
        }
    }
}

impl From<sqlx::postgres::PgQueryResult> for Done {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self {
            rows: result.rows_affected(),
        }
    }
}
