//! Statements that go together.
//!
//! To run something on SQLite is a way to another thread and back, which takes longer than a statement.
//! So those whose results nobody needs wait for the end of their transaction or for the next that is
//! run at once, and go with it as one text.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::value::Value;

/// Statements with their parameters, in the order in which they are to be run. Each is one statement.
#[derive(Clone, Default)]
pub(super) struct Batch(Vec<(Cow<'static, str>, Vec<Value>)>);

impl Batch {
    pub(super) fn add(&mut self, sql: impl Into<Cow<'static, str>>, values: Vec<Value>) {
        self.0.push((sql.into(), values));
    }

    pub(super) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none of them writes, as far as its first word tells.
    pub(super) fn only_reads(&self) -> bool {
        self.0.iter().all(|(sql, _)| sql.starts_with("select "))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one text, with the parameters numbered through. Only SQLite takes it.
    pub(super) fn joined(self) -> (String, Vec<Value>) {
        let (mut text, mut all) = (String::new(), Vec::new());
        for (sql, values) in self.0 {
            if !text.is_empty() {
                text.push_str("; ");
            }
            push_renumbered(&mut text, &sql, all.len());
            all.extend(values);
        }
        (text, all)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} statements", self.len())
    }
}

impl IntoIterator for Batch {
    type Item = (Cow<'static, str>, Vec<Value>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Writes `sql` with each parameter `$n` as `$(n + before)`.
fn push_renumbered(text: &mut String, sql: &str, before: usize) {
    let mut parts = sql.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        // Writing to a text does not fail.
        let _written = write!(text, "${}", number + before);
        text.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::value::bind;

    #[test]
    fn parameters_are_numbered_through() {
        let mut batch = Batch::default();
        batch.add("insert into a values ($1, $2)", bind![1, "x"]);
        batch.add("commit", bind![]);
        batch.add("update b set c = $2 where d = $1 and e = $10", bind![2, 3]);
        let (text, values) = batch.joined();
        assert_eq!(
            text,
            "insert into a values ($1, $2); commit; update b set c = $4 where d = $3 and e = $12"
        );
        assert_eq!(values.len(), 4);
    }
}
