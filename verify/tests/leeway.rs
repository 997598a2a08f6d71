//! The clock, stepped across every edge: when a token begins, when it ends, and what stays so.

use keybearer_verify::{
    Ask, Claims, Denial, Grant, LEEWAY_SECONDS, Limits, Owner, Policy, Purpose, SignedKind,
    TokenKind, Verdict, judge,
};
use proptest::prelude::*;

const ISSUED: i64 = 1_767_323_045;
const END: i64 = ISSUED + 300;

fn grant() -> Grant {
    Grant {
        id: "id".into(),
        kind: TokenKind::Personal,
        user_id: 1,
        organization_id: 1,
        created_at: ISSUED * 1000,
        expires_at: None,
        revoked_at: None,
        retires_at: None,
        last_used_at: None,
        limits: Limits::default(),
        owner: Owner {
            is_active: true,
            is_member: true,
        },
        policy: Policy {
            legacy_enabled: true,
            ..Policy::open()
        },
    }
}

fn claims() -> Claims {
    Claims {
        kind: SignedKind::Access,
        exp: END,
        iat: Some(ISSUED),
        nbf: None,
        jti: "jti".into(),
        user_id: "1".into(),
        pat: Some("id".into()),
        sub: None,
    }
}

fn verdict(grant: &Grant, claims: &Claims, now: i64) -> Verdict {
    judge(grant, &Ask::signed(Purpose::Api, claims), now)
}

#[test]
fn every_millisecond_around_the_end_and_the_beginning() {
    assert_eq!(LEEWAY_SECONDS, 10);
    let (grant, claims) = (grant(), claims());
    for step in -12_000..12_000 {
        let now = END * 1000 + step;
        let expected = if step < 10_000 {
            Verdict::Allowed
        } else {
            Verdict::Denied(Denial::Expired)
        };
        assert_eq!(
            verdict(&grant, &claims, now),
            expected,
            "the end {step:+} ms"
        );
        let now = ISSUED * 1000 + step;
        let expected = if step < -10_000 {
            Verdict::Denied(Denial::Malformed)
        } else {
            Verdict::Allowed
        };
        assert_eq!(
            verdict(&grant, &claims, now),
            expected,
            "the beginning {step:+} ms"
        );
    }
}

#[test]
fn every_millisecond_around_the_end_of_the_grant() {
    let claims = Claims {
        exp: END + 3600,
        ..claims()
    };
    let grant = Grant {
        expires_at: Some(END * 1000 + 500),
        ..grant()
    };
    for step in -12_000..12_000 {
        let now = END * 1000 + 500 + step;
        let is_allowed = verdict(&grant, &claims, now) == Verdict::Allowed;
        assert_eq!(is_allowed, step < 10_000, "{step:+} ms");
    }
}

#[test]
fn times_at_the_ends_of_the_numbers_do_not_overflow() {
    for at in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
        for now in [i64::MIN, -1, 0, 1, i64::MAX] {
            let claims = Claims {
                exp: at,
                iat: Some(at),
                nbf: Some(at),
                ..claims()
            };
            let grant = Grant {
                expires_at: Some(at),
                ..grant()
            };
            let _ = verdict(&grant, &claims, now);
            let _ = judge(&grant, &Ask::api(), now);
        }
    }
}

prop_compose! {
    fn any_grant()(
        kind in prop::sample::select(vec![TokenKind::Personal, TokenKind::Key, TokenKind::Legacy]),
        expires_at in prop::option::of(any::<i64>()),
        revoked_at in prop::option::of(any::<i64>()),
        is in prop::array::uniform5(prop::bool::weighted(0.8)),
    ) -> Grant {
        let [is_active, is_member, personal_enabled, legacy_enabled, key_enabled] = is;
        Grant {
            kind,
            expires_at,
            revoked_at,
            owner: Owner { is_active, is_member },
            policy: Policy { personal_enabled, legacy_enabled, key_enabled, ..Policy::open() },
            ..grant()
        }
    }
}

proptest! {
    #[test]
    fn what_is_allowed_has_every_reason_to_be(grant in any_grant(), now in any::<i64>()) {
        if judge(&grant, &Ask::api(), now) == Verdict::Allowed {
            prop_assert!(grant.revoked_at.is_none());
            prop_assert!(grant.owner.is_active && grant.owner.is_member);
            prop_assert!(grant.policy.allows(grant.kind));
            prop_assert!(grant.expires_at.is_none_or(|end| now < end.saturating_add(10_000)));
        }
    }

    #[test]
    fn a_revoked_token_is_revoked_at_any_time(grant in any_grant(), now in any::<i64>(), at in any::<i64>()) {
        let grant = Grant { revoked_at: Some(at), ..grant };
        prop_assert_eq!(judge(&grant, &Ask::api(), now), Verdict::Denied(Denial::Revoked));
    }

    #[test]
    fn an_expired_token_stays_expired(grant in any_grant(), now in any::<i64>(), later in 0i64..i64::MAX) {
        if judge(&grant, &Ask::api(), now) == Verdict::Denied(Denial::Expired) {
            let later = now.saturating_add(later);
            prop_assert_eq!(judge(&grant, &Ask::api(), later), Verdict::Denied(Denial::Expired));
        }
    }

    #[test]
    fn only_a_personal_access_token_is_exchanged(grant in any_grant(), now in any::<i64>()) {
        let ask = Ask { purpose: Purpose::Exchange, ..Ask::api() };
        if judge(&grant, &ask, now) == Verdict::Allowed {
            prop_assert_eq!(grant.kind, TokenKind::Personal);
        }
        prop_assert_eq!(
            judge(&grant, &Ask::signed(Purpose::Exchange, &claims()), now),
            Verdict::Denied(Denial::WrongTokenType)
        );
    }
}
