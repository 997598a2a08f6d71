//! The ids of new personal access tokens and key tokens: when they were made, in milliseconds, and then
//! chance. (A legacy token's is chance alone; each user has one.)
//!
//! They are public. Tokens that are made or used together have neighbouring ids, so that an index by id is
//! written a page for many of them and not one for each (RFC 9562, section 2.1, says so of UUIDs).

use crate::clock::Random;

/// The 16 characters of a key token's id, as numbers below 62: 8 for the instant, which last until the year
/// 8888, and 47 bits of chance.
pub(super) fn base62(random: &Random, now: i64) -> [u8; 16] {
    let mut id = [0; 16];
    let (instant, chance) = id.split_at_mut(8);
    let mut rest = now.unsigned_abs();
    for digit in instant.iter_mut().rev() {
        *digit = u8::try_from(rest % 62).unwrap_or_default();
        rest /= 62;
    }
    chance.copy_from_slice(&random.base62::<8>());
    id
}

/// 32 lower-case hex digits, as the `jti` of Label Studio's: 12 for the instant and 80 bits of chance.
pub(super) fn hex(random: &Random, now: i64) -> String {
    format!("{:012x}{}", now.unsigned_abs(), random.hex::<10>())
}
