//! A service that decides by itself: it has the signing secret and what was granted, and asks nobody.
//!
//! `cargo run -p keybearer-verify --example offline` makes a token and judges it; with a token as its
//! argument it judges that one.
#![expect(clippy::print_stdout, reason = "an example shows its answer")]

use keybearer_verify::{
    Ask, Claims, Denial, Grant, Limits, Owner, Policy, Presented, Purpose, SignedKind, SigningKey,
    TokenKind, Verdict, judge,
};

/// What the service was told of the token, some time ago.
fn grant() -> Grant {
    Grant {
        id: "0123456789abcdef0123456789abcdef".into(),
        kind: TokenKind::Personal,
        user_id: 1,
        organization_id: 1,
        created_at: 1_767_323_045_000,
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

/// Form, signature, grant, judgement: in this order, so that a stranger learns nothing.
fn verdict(text: &str, key: &SigningKey, now: i64) -> Result<Verdict, Denial> {
    let Ok(Presented::Signed(token)) = Presented::parse(text) else {
        return Err(Denial::Malformed);
    };
    let claims = token.verify([key])?;
    let grant = grant();
    if claims.pat.as_ref() != Some(&grant.id) {
        return Err(Denial::UnknownToken);
    }
    Ok(judge(&grant, &Ask::signed(Purpose::Api, claims), now))
}

fn main() {
    let key = SigningKey::hs256(b"the secret that the service shares with Keybearer");
    let issued = 1_767_323_045;
    let made = Claims {
        kind: SignedKind::Access,
        exp: issued + 300,
        iat: Some(issued),
        nbf: None,
        jti: "f".repeat(32),
        user_id: "1".into(),
        pat: Some(grant().id),
        sub: None,
    }
    .sign(&key);
    let made = made.map_or_else(|_| String::new(), |token| token.plain().reveal().to_owned());
    let text = std::env::args().nth(1).unwrap_or(made);
    for seconds in [0, 300, 310] {
        let now = (issued + seconds) * 1000;
        println!("after {seconds} s: {:?}", verdict(&text, &key, now));
    }
}
