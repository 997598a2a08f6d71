//! What noting a use costs, and whether a storm on one token makes its requests wait for each other.
//!
//! `cargo bench --bench uses`. Compare `one_token` with `many_tokens` at the same number of threads:
//! if uses of one token were written in line, the first would be the slower by far.

use keybearer::cx::Cx;
use keybearer::domain::uses::Uses;
use keybearer_verify::{Grant, Limits, Owner, Policy, TokenKind};

const THREADS: [usize; 3] = [1, 2, 4];

fn main() {
    divan::main();
}

fn request() -> Cx {
    Cx {
        address: Some([203, 0, 113, 7].into()),
        client: "label_studio_sdk/2.1.2".into(),
        ..Cx::operator(1_767_323_045_678)
    }
}

fn token(id: String) -> Grant {
    Grant {
        id,
        kind: TokenKind::Key,
        user_id: 1,
        organization_id: 1,
        created_at: 0,
        expires_at: None,
        revoked_at: None,
        retires_at: None,
        last_used_at: None,
        limits: Limits::default(),
        owner: Owner {
            is_active: true,
            is_member: true,
        },
        policy: Policy::open(),
    }
}

#[divan::bench(threads = THREADS)]
fn one_token(bencher: divan::Bencher<'_, '_>) {
    let (uses, cx) = (Uses::default(), request());
    let token = token("0123456789abcdef0123456789abcdef".into());
    bencher.bench(|| uses.note(&cx, &token));
}

#[divan::bench(threads = THREADS)]
fn many_tokens(bencher: divan::Bencher<'_, '_>) {
    let (uses, cx) = (Uses::default(), request());
    let tokens: Vec<Grant> = (0..1024)
        .map(|number| token(format!("{number:032x}")))
        .collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    bencher.bench(|| {
        let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if let Some(token) = tokens.get(at % tokens.len()) {
            uses.note(&cx, token);
        }
    });
}
