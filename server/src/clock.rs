//! Time and chance as values, so that a test can hold both still.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// Where "now" comes from. Always Unix milliseconds.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// A clock that stands still until it is moved.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    #[must_use]
    pub fn now(&self) -> i64 {
        match self {
            Self::System => system_now(),
            Self::Fixed(now) => now.load(Ordering::SeqCst),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clock"
)]
fn system_now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Where random bytes come from: a cryptographic generator, seeded by the operating system or by a
/// test.
#[derive(Clone, Debug)]
pub struct Random(Source);

#[derive(Clone, Debug)]
enum Source {
    /// One generator a thread: an exchange draws an id, and must not wait for another's.
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Random {
    /// Seeded by the operating system.
    ///
    /// # Errors
    /// If the operating system has no randomness to give.
    pub fn system() -> anyhow::Result<Self> {
        // The threads' generators take their seeds from the same place, and would panic.
        rand::TryRng::try_fill_bytes(&mut rand::rngs::SysRng, &mut [0; 32])?;
        Ok(Self(Source::System))
    }

    /// The same bytes for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => of_this_thread().fill_bytes(&mut bytes),
            Source::Seeded(rng) => lock(rng).fill_bytes(&mut bytes),
        }
        bytes
    }

    /// `N` numbers below 62, evenly drawn: the characters of a key token.
    #[must_use]
    pub fn base62<const N: usize>(&self) -> [u8; N] {
        match &self.0 {
            Source::System => digits(&mut of_this_thread()),
            Source::Seeded(rng) => digits(&mut *lock(rng)),
        }
    }

    /// A text of `N` random letters and digits.
    #[must_use]
    pub fn text<const N: usize>(&self) -> String {
        self.base62::<N>()
            .iter()
            .filter_map(|digit| BASE62.get(usize::from(*digit)))
            .copied()
            .map(char::from)
            .collect()
    }

    /// `N` random bytes as lower-case hex digits.
    #[must_use]
    pub fn hex<const N: usize>(&self) -> String {
        let mut digits = vec![0; 2 * N];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.bytes::<N>()) {
            pair.copy_from_slice(&[byte >> 4, byte & 0xf].map(|nibble| {
                let first = if nibble < 10 { b'0' } else { b'a' - 10 };
                first + nibble
            }));
        }
        String::from_utf8(digits).unwrap_or_default()
    }

    /// A random UUID (RFC 9562, version 4).
    #[must_use]
    pub fn uuid(&self) -> String {
        let mut bytes = u128::from_be_bytes(self.bytes());
        bytes = bytes & !(0xf << 76) | (4 << 76);
        bytes = bytes & !(0b11 << 62) | (0b10 << 62);
        let hex = format!("{bytes:032x}");
        let part = |range| hex.get(range).unwrap_or_default();
        format!(
            "{}-{}-{}-{}-{}",
            part(0..8),
            part(8..12),
            part(12..16),
            part(16..20),
            part(20..32)
        )
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that takes the thread's generator"
)]
fn of_this_thread() -> rand::rngs::ThreadRng {
    rand::rng()
}

fn digits<const N: usize>(rng: &mut impl Rng) -> [u8; N] {
    std::array::from_fn(|_| rng.random_range(0..62))
}

fn lock(rng: &Mutex<StdRng>) -> MutexGuard<'_, StdRng> {
    // A generator that somebody panicked over is still a generator.
    rng.lock().unwrap_or_else(PoisonError::into_inner)
}
