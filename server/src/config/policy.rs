//! The table `[policy]`: what the settings say of the first organization's policy over tokens.
//!
//! Its keys are those of the policy itself; what is absent is left to the organization. A limit is
//! taken away, and a list emptied, by the word `none`.

use clap::Args;
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize, Serializer, de};

/// The policy as far as the settings say it.
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySettings {
    /// Policy at each start: personal access tokens on or off
    #[arg(
        long = "policy-personal-enabled",
        env = "KEYBEARER_POLICY_PERSONAL_ENABLED",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub personal_enabled: Option<bool>,
    /// Policy at each start: legacy tokens on or off
    #[arg(
        long = "policy-legacy-enabled",
        env = "KEYBEARER_POLICY_LEGACY_ENABLED",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub legacy_enabled: Option<bool>,
    /// Policy at each start: key tokens on or off
    #[arg(
        long = "policy-key-enabled",
        env = "KEYBEARER_POLICY_KEY_ENABLED",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub key_enabled: Option<bool>,
    /// Policy at each start: lifetime of new personal access tokens, in days
    #[arg(
        long = "policy-personal-ttl-days",
        env = "KEYBEARER_POLICY_PERSONAL_TTL_DAYS",
        value_name = "D"
    )]
    pub personal_ttl_days: Option<i64>,
    /// Policy at each start: lifetime of new key tokens, in days
    #[arg(
        long = "policy-key-ttl-days",
        env = "KEYBEARER_POLICY_KEY_TTL_DAYS",
        value_name = "D"
    )]
    pub key_ttl_days: Option<i64>,
    /// Policy at each start: longest lifetime that is let in, in days, or none
    #[arg(long = "policy-max-ttl-days", env = "KEYBEARER_POLICY_MAX_TTL_DAYS", value_name = "D", value_parser = Limit::parse)]
    pub max_ttl_days: Option<Limit>,
    /// Policy at each start: how long a token may lie unused, in days, or none
    #[arg(long = "policy-idle-days", env = "KEYBEARER_POLICY_IDLE_DAYS", value_name = "D", value_parser = Limit::parse)]
    pub idle_days: Option<Limit>,
    /// Policy at each start: personal access tokens sent without an exchange: allow, warn or refuse
    #[arg(
        long = "policy-direct-use",
        env = "KEYBEARER_POLICY_DIRECT_USE",
        value_name = "WORD"
    )]
    pub direct_use: Option<String>,
    /// Policy at each start: the most that any token may do, separated by commas, or none
    #[arg(
        long = "policy-scopes",
        env = "KEYBEARER_POLICY_SCOPES",
        value_delimiter = ',',
        value_name = "SCOPE"
    )]
    pub scopes: Option<Vec<String>>,
    /// Policy at each start: where tokens are let in from, separated by commas, or none
    #[arg(
        long = "policy-ip-ranges",
        env = "KEYBEARER_POLICY_IP_RANGES",
        value_delimiter = ',',
        value_name = "RANGE"
    )]
    pub ip_ranges: Option<Vec<String>>,
    /// Policy at each start: longest overlap of a rotation, in hours
    #[arg(
        long = "policy-max-overlap-hours",
        env = "KEYBEARER_POLICY_MAX_OVERLAP_HOURS",
        value_name = "H"
    )]
    pub max_overlap_hours: Option<i64>,
    /// Policy at each start: what follows when a rotated token is used after its overlap: `alert` or `revoke_family`
    #[arg(
        long = "policy-on-reuse",
        env = "KEYBEARER_POLICY_ON_REUSE",
        value_name = "WORD"
    )]
    pub on_reuse: Option<String>,
    /// Policy at each start: also if neither personal access tokens nor legacy tokens are left
    #[arg(
        long = "policy-force",
        env = "KEYBEARER_POLICY_FORCE",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub force: Option<bool>,
}

impl PolicySettings {
    /// What is said here, and where nothing is, what is said in `below`.
    pub(super) fn above(self, below: Self) -> Self {
        Self {
            personal_enabled: self.personal_enabled.or(below.personal_enabled),
            legacy_enabled: self.legacy_enabled.or(below.legacy_enabled),
            key_enabled: self.key_enabled.or(below.key_enabled),
            personal_ttl_days: self.personal_ttl_days.or(below.personal_ttl_days),
            key_ttl_days: self.key_ttl_days.or(below.key_ttl_days),
            max_ttl_days: self.max_ttl_days.or(below.max_ttl_days),
            idle_days: self.idle_days.or(below.idle_days),
            direct_use: self.direct_use.or(below.direct_use),
            scopes: self.scopes.or(below.scopes),
            ip_ranges: self.ip_ranges.or(below.ip_ranges),
            max_overlap_hours: self.max_overlap_hours.or(below.max_overlap_hours),
            on_reuse: self.on_reuse.or(below.on_reuse),
            force: self.force.or(below.force),
        }
    }
}

/// A number of days, or the word `none` for no limit: TOML and the environment have no null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<i64>);

const NO_LIMIT: &str = "none";

impl Limit {
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            NO_LIMIT => Ok(Self(None)),
            days => days
                .parse()
                .map(|days| Self(Some(days)))
                .map_err(|_| format!("{days:?} is neither a number of days nor the word none")),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(days) => serializer.serialize_i64(days),
            None => serializer.serialize_str(NO_LIMIT),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Days(i64),
            Word(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Days(days) => Ok(Self(Some(days))),
            Written::Word(word) => Self::parse(&word).map_err(de::Error::custom),
        }
    }
}
