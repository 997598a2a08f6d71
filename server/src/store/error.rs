//! What can go wrong with a database, sorted by what the caller can do about it.

use std::fmt;

use sqlx::error::ErrorKind;

/// A failure of the database.
#[derive(Debug)]
pub enum StoreError {
    /// A unique constraint stands in the way; its name, as `table_column…`.
    Taken(String),
    /// The database cannot be used now (locked, full, read-only, unreachable): one sentence of why.
    /// The same call may succeed later.
    Unavailable(&'static str, sqlx::Error),
    /// A file or a migration that this Keybearer cannot work with: one sentence of why.
    Unusable(String),
    /// Anything else: a defect of ours.
    Other(sqlx::Error),
}

const LOCKED: &str = "the database is locked by another process";

impl StoreError {
    /// Whether the unique constraint `name` stands in the way.
    #[must_use]
    pub fn is_taken(&self, name: &str) -> bool {
        matches!(self, Self::Taken(taken) if taken == name)
    }

    /// Whether another process's lock stands in the way.
    pub(super) fn is_of_a_lock(&self) -> bool {
        matches!(self, Self::Unavailable(why, _) if *why == LOCKED)
    }

    /// The same failure, for another whom it befell too.
    pub(super) fn again(&self) -> Self {
        let words = |error: &sqlx::Error| sqlx::Error::Protocol(error.to_string());
        match self {
            Self::Taken(name) => Self::Taken(name.clone()),
            Self::Unavailable(why, error) => Self::Unavailable(why, words(error)),
            Self::Unusable(why) => Self::Unusable(why.clone()),
            Self::Other(error) => Self::Other(words(error)),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let database = match &error {
            sqlx::Error::Database(database) => database,
            sqlx::Error::PoolTimedOut => return Self::Unavailable("the database is busy", error),
            // A protocol error is a connection that broke in the middle of a word.
            sqlx::Error::Protocol(_)
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => {
                return Self::Unavailable("the database cannot be reached", error);
            }
            _ => return Self::Other(error),
        };
        if database.kind() == ErrorKind::UniqueViolation {
            return Self::Taken(constraint(database.as_ref()));
        }
        // SQLite takes a transaction back by itself when the disk is full, and our own end of it fails.
        if database.message().contains("no transaction is active") {
            return Self::Unavailable("the database took the change back", error);
        }
        match unavailable(database.code().as_deref().unwrap_or_default()) {
            Some(why) => Self::Unavailable(why, error),
            None => Self::Other(error),
        }
    }
}

/// PostgreSQL says the constraint's name. SQLite says `UNIQUE constraint failed: users.email`;
/// our constraints are named after the same table and columns, so that one spelling serves both.
fn constraint(database: &dyn sqlx::error::DatabaseError) -> String {
    if let Some(name) = database.constraint() {
        return name.to_owned();
    }
    let message = database.message();
    let columns = message.rsplit(": ").next().unwrap_or(message);
    let mut names = columns
        .split(", ")
        .filter_map(|column| column.split_once('.'));
    let Some((table, first)) = names.next() else {
        return message.to_owned();
    };
    let name = |column: &str| column.trim_end_matches("_id").to_owned();
    let columns: Vec<String> = std::iter::once(first)
        .chain(names.map(|(_, column)| column))
        .map(name)
        .collect();
    format!("{table}_{}", columns.join("_"))
}

/// SQLite's primary result codes (the low byte of the extended ones) and PostgreSQL's classes.
fn unavailable(code: &str) -> Option<&'static str> {
    if code.len() == 5 {
        return match code.get(..2)? {
            "08" => Some("the database cannot be reached"),
            "25" => Some("the database is read-only"),
            "28" | "3D" => {
                Some("the database refuses the user, the password or the name in --database")
            }
            "53" | "54" | "55" | "57" | "58" => {
                Some("the database is out of resources or shutting down")
            }
            _ => None,
        };
    }
    Some(match code.parse::<u32>().ok()? & 0xff {
        5 | 6 => LOCKED,
        8 => "the database is read-only",
        10 => "the disk under the database does not read or write",
        13 => "the disk under the database is full",
        14 => "the database file cannot be opened",
        11 | 26 => "the database file is damaged or is not a database",
        _ => return None,
    })
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(name) => write!(f, "{name} is taken"),
            Self::Unavailable(why, _) => f.write_str(why),
            Self::Unusable(why) => f.write_str(why),
            Self::Other(error) => write!(f, "database error: {error}"),
        }
    }
}

/// The driver's own words are in `Debug`, for the log; a sentence for people does not repeat them.
impl std::error::Error for StoreError {}
