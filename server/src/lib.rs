//! Keybearer, the access-token server: four doors on one house.
//!
//! A request flows one way: door → [`cx::Cx`] (who, when, whence) → a function of [`domain`] →
//! [`store`], and the answer back. `docs/architecture.md` is the map.

// What lives as long as the process.
pub mod app;
// The command line: the fourth door, and the one that opens the other three.
pub mod cli;
// The clock and the source of randomness, as values.
pub mod clock;
// The settings: file, environment, flags.
pub mod config;
// What lives as long as one request: who asks, when and whence.
pub mod cx;
// What the product does. No HTTP, no SQL, no templates.
pub mod domain;
// The ways an operation can fail.
pub mod error;
// In front of a Label Studio: who answers what, and with whose credential.
pub mod gateway;
// The three web doors: Label Studio's interface, Keybearer's own, and the pages.
pub mod http;
// Mails and webhooks: what leaves the house by itself.
pub mod outbound;
// All SQL.
pub mod store;
// Logs.
pub mod telemetry;

/// Made for many small values, which is what a request allocates. Without huge pages, for an idle server
/// would hold 16 MiB in them for nothing. SQLite is built to ask it too, by its C names
/// (`.cargo/config.toml`), so it belongs to whatever this crate is a part of.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
