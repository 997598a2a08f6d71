//! Label Studio's interface: a file a noun, the refusals first.

mod absent;
mod body;
mod current_user;
mod hotkeys;
mod invites;
mod memberships;
mod organizations;
mod settings;
mod tokens;
mod users;
mod version;
