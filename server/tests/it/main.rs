//! The tests of the server: requests through the real router on a real database.
//!
//! `support` makes an installation per test, with a clock that stands still and a seeded source of
//! randomness, so that whole answers are snapshots. SQLite by default; PostgreSQL when
//! `TEST_POSTGRES_URL` is set. `tidy` keeps the house rules.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails, and says where"
)]

mod abuse;
mod any_header;
mod api;
mod archive;
mod audit;
mod authorization;
mod backup;
mod bad_input;
mod cli;
mod config_docs;
mod config_policy;
mod daily_counts;
mod documents;
mod export;
mod failed_sign_ins;
mod gateway;
mod group;
mod import;
mod known_from_the_start;
mod notices;
mod own_header;
mod parity;
mod policy;
mod races;
mod remembered;
mod rotation;
mod scopes;
mod secrets;
mod sessions;
mod signing_keys;
mod store;
mod support;
mod tidy;
mod token_confusion;
mod token_ids;
mod token_life;
mod two_organizations;
mod ui;
mod uses;
mod v1;
mod vectors;
