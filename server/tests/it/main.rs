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

mod config_policy;
mod notices;
mod own_header;
#[expect(dead_code, reason = "a part of it is for tests that are not here yet")]
mod support;
