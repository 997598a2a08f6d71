//! What a decision costs without the network and the look-up: goal P8 of docs/performance.md.
//!
//! `cargo bench -p keybearer-verify --bench judging`.

use divan::black_box;
use keybearer_verify::{
    Ask, Claims, Grant, KeyToken, Limits, Owner, Policy, Presented, Purpose, SignedKind,
    SigningKey, TokenHash, TokenKind, judge,
};

const NOW: i64 = 1_767_323_045_678;

fn main() {
    divan::main();
}

fn grant() -> Grant {
    Grant {
        id: "0123456789abcdef0123456789abcdef".into(),
        kind: TokenKind::Personal,
        user_id: 1,
        organization_id: 1,
        created_at: NOW,
        expires_at: Some(NOW + 90 * 86_400_000),
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

fn claims() -> Claims {
    Claims {
        kind: SignedKind::Access,
        exp: NOW / 1000 + 300,
        iat: Some(NOW / 1000),
        nbf: None,
        jti: "0123456789abcdef0123456789abcdef".into(),
        user_id: "1".into(),
        pat: Some("0123456789abcdef0123456789abcdef".into()),
        sub: None,
    }
}

fn key() -> SigningKey {
    SigningKey::hs256(b"a signing secret of the length that is usual")
}

#[divan::bench]
fn judge_a_grant(bencher: divan::Bencher<'_, '_>) {
    let (grant, claims) = (grant(), claims());
    let ask = Ask {
        purpose: Purpose::Api,
        claims: Some(&claims),
        address: None,
        need: None,
    };
    bencher.bench(|| judge(black_box(&grant), black_box(&ask), NOW));
}

#[divan::bench]
fn parse_and_check_hs256(bencher: divan::Bencher<'_, '_>) {
    let key = key();
    let signed = claims().sign(&key);
    let text = signed.map(|token| token.plain().reveal().to_owned());
    let text = text.unwrap_or_default();
    bencher.bench(|| match Presented::parse(black_box(&text)) {
        Ok(Presented::Signed(signed)) => signed.verify([&key]).is_ok(),
        _ => false,
    });
}

#[divan::bench]
fn sign_hs256(bencher: divan::Bencher<'_, '_>) {
    let (key, claims) = (key(), claims());
    bencher.bench(|| black_box(&claims).sign(&key).is_ok());
}

#[divan::bench]
fn parse_and_hash_a_key_token(bencher: divan::Bencher<'_, '_>) {
    let text = KeyToken::from_digits(&[7; 16], &[7; 32])
        .plain()
        .reveal()
        .to_owned();
    bencher.bench(|| match Presented::parse(black_box(&text)) {
        Ok(Presented::Key(key)) => Some(TokenHash::digest(key.plain().reveal())),
        _ => None,
    });
}

#[divan::bench(args = [
    "kb_tooshort",
    "kb_000000000000000000000000000000000000000000000000aaaaaa",
    "two words",
])]
fn refuse_malformed(text: &str) -> bool {
    Presented::parse(black_box(text)).is_err()
}
