//! What the product does.
//!
//! Each operation takes the [`crate::app::App`] and a [`crate::cx::Cx`], decides by
//! [`access`] whether the caller may, and then validates, prepares, writes, records and commits, in
//! that order. No HTTP, no SQL and no templates in here.

pub mod access;
pub mod archive;
pub mod audit;
pub mod backup;
pub mod cache;
pub mod daily_counts;
pub mod diagnosis;
pub mod django_passwords;
pub mod export;
pub mod failed_sign_ins;
pub mod feed;
mod grants;
pub mod import;
pub mod introspection;
pub mod invites;
pub mod members;
pub mod notices;
pub mod organizations;
pub mod passwords;
pub mod policy;
pub mod rates;
pub mod recognition;
pub mod refusals;
pub mod sealing;
pub mod sessions;
pub mod set_up;
pub mod signing;
pub mod signing_keys;
pub mod standing_policy;
pub mod throttle;
pub mod tokens;
pub mod upkeep;
pub mod users;
pub mod uses;
