//! All SQL. The only room that knows the engines.
//!
//! A [`Db`] opens transactions; every function in here takes one (`&mut Tx`) first, so that any of
//! them compose, and does one statement. A `Tx` that is dropped is rolled back: what was not
//! committed did not happen. Rows leave this room as they are; what a client sees is made in `http`.

mod batch;
mod engine;
mod error;
mod glances;
mod group;
mod listener;
mod migrate;
mod snapshot;
mod tx;
mod value;

pub mod archive;
pub mod audit;
pub mod changes;
pub mod daily_counts;
pub mod imports;
pub mod label_studio;
pub mod members;
pub mod notices;
pub mod organizations;
pub mod schema;
pub mod sessions;
pub mod signing_keys;
pub mod tables;
pub mod token_endings;
pub mod token_uses;
pub mod tokens;
pub mod unrevoked_tokens;
pub mod users;

pub use engine::Db;
pub use error::StoreError;
pub use listener::Listener;
pub use tx::Tx;
