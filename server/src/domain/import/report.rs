//! What an import brings, or would bring.

use std::collections::BTreeMap;

/// How many examples of each oddity are kept.
const EXAMPLES: usize = 10;

/// What came, what was there already, and what is odd.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub is_dry_run: bool,
    pub users: Count,
    pub organizations: Count,
    pub memberships: Count,
    pub personal_tokens: Count,
    pub legacy_tokens: Count,
    /// Of the personal access tokens that are new here: those that work.
    pub live_personal_tokens: u64,
    /// Tokens that were brought by an earlier import and have ended in Label Studio since.
    pub revoked_since: u64,
    pub odd: Oddities,
    /// Tables and columns that this Label Studio's version does not have.
    pub missing: Vec<String>,
}

impl Report {
    /// Whether anything comes or ends.
    pub(super) fn has_news(&self) -> bool {
        let counts = [
            self.users,
            self.organizations,
            self.memberships,
            self.personal_tokens,
            self.legacy_tokens,
        ];
        self.revoked_since > 0 || counts.iter().any(|count| count.new > 0)
    }
}

/// How many are new, and how many were here already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub new: u64,
    pub known: u64,
}

/// What is odd, by its reason.
#[derive(Clone, Debug, Default)]
pub struct Oddities(BTreeMap<&'static str, Oddity>);

/// How often there is something odd, and some of those.
#[derive(Clone, Debug, Default)]
pub struct Oddity {
    pub count: u64,
    pub examples: Vec<String>,
}

impl Oddities {
    pub(super) fn note(&mut self, reason: &'static str, example: impl Into<String>) {
        let oddity = self.0.entry(reason).or_default();
        oddity.count += 1;
        if oddity.examples.len() < EXAMPLES {
            oddity.examples.push(example.into());
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each reason with what it was found at.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Oddity)> {
        self.0.iter().map(|(reason, oddity)| (*reason, oddity))
    }
}
