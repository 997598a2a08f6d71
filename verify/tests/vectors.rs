//! `vectors.json`: tokens and the answers that every implementation of this format must give. The
//! file was made by an implementation in another language.

use keybearer_verify::{
    Ask, Denial, DirectUse, Grant, IpNet, Limits, Malformed, Need, Owner, Policy, Presented,
    Purpose, Scope, ScopeSet, SigningKey, TokenKind, Verdict, judge,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    secret: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    /// Where the request comes from, and the scope that it needs.
    address: Option<std::net::IpAddr>,
    need: Option<String>,
    name: String,
    token: String,
    purpose: String,
    now: i64,
    grant: Option<StoredGrant>,
    expect: String,
}

/// A grant as the file writes it, flat.
#[derive(Clone, Deserialize)]
struct StoredGrant {
    id: String,
    kind: String,
    user_id: i64,
    organization_id: i64,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    is_active: bool,
    is_member: bool,
    personal_enabled: bool,
    legacy_enabled: bool,
    key_enabled: bool,
    retires_at: Option<i64>,
    last_used_at: Option<i64>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    ip_ranges: Vec<String>,
    direct_use: Option<String>,
    max_ttl_days: Option<i64>,
    idle_days: Option<i64>,
    #[serde(default)]
    policy_scopes: Vec<String>,
    #[serde(default)]
    policy_ip_ranges: Vec<String>,
}

fn limits(scopes: &[String], ip_ranges: &[String]) -> Limits {
    let scopes = scopes
        .iter()
        .map(|scope| Scope::parse(scope).expect("the file has scopes"));
    let range = |text: &String| text.parse::<IpNet>().expect("the file has ranges");
    Limits {
        scopes: ScopeSet::new(scopes),
        ip_ranges: ip_ranges.iter().map(range).collect(),
    }
}

impl StoredGrant {
    fn grant(self) -> Grant {
        Grant {
            id: self.id,
            kind: TokenKind::parse(&self.kind).expect("the file names a kind"),
            user_id: self.user_id,
            organization_id: self.organization_id,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            retires_at: self.retires_at,
            last_used_at: self.last_used_at,
            limits: limits(&self.scopes, &self.ip_ranges),
            owner: Owner {
                is_active: self.is_active,
                is_member: self.is_member,
            },
            policy: Policy {
                personal_enabled: self.personal_enabled,
                legacy_enabled: self.legacy_enabled,
                key_enabled: self.key_enabled,
                direct_use: DirectUse::parse(self.direct_use.as_deref().unwrap_or("allow"))
                    .expect("the file names a way"),
                max_ttl_days: self.max_ttl_days,
                idle_days: self.idle_days,
                limits: limits(&self.policy_scopes, &self.policy_ip_ranges),
            },
        }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors.json")).expect("the file is as declared above")
}

/// What whoever embeds this crate does with a token: form, signature, look-up, judgement.
fn answer(vector: &Vector, key: &SigningKey) -> Result<Verdict, Denial> {
    let presented = Presented::parse(&vector.token).map_err(|malformed| match malformed {
        Malformed::KeyChecksum => Denial::BadChecksum,
        _ => Denial::Malformed,
    })?;
    let claims = match &presented {
        Presented::Signed(signed) => Some(signed.verify([key])?),
        Presented::Key(_) | Presented::Legacy(_) => None,
    };
    let grant = vector.grant.clone().ok_or(Denial::UnknownToken)?.grant();
    let purpose = match vector.purpose.as_str() {
        "exchange" => Purpose::Exchange,
        _ => Purpose::Api,
    };
    Ok(judge(
        &grant,
        &Ask {
            purpose,
            claims,
            address: vector.address,
            need: vector.need.as_deref().and_then(Need::parse),
        },
        vector.now,
    ))
}

#[test]
fn every_vector_gets_its_answer() {
    let file = vectors();
    let key = SigningKey::hs256(file.secret.as_bytes());
    for vector in &file.vectors {
        let code = match answer(vector, &key) {
            Ok(Verdict::Allowed) => "allowed",
            Ok(Verdict::Denied(denial)) | Err(denial) => denial.code(),
        };
        assert_eq!(code, vector.expect, "{}", vector.name);
    }
}

#[test]
fn every_reason_for_no_has_a_vector() {
    let file = vectors();
    // How often a token was used is no matter of a grant; the server counts it.
    for denial in Denial::ALL
        .into_iter()
        .filter(|denial| *denial != Denial::RateLimited)
    {
        let is_there = file
            .vectors
            .iter()
            .any(|vector| vector.expect == denial.code());
        assert!(is_there, "{} has none", denial.code());
    }
}

#[test]
fn every_name_says_one_thing() {
    let file = vectors();
    let mut names: Vec<&str> = file
        .vectors
        .iter()
        .map(|vector| vector.name.as_str())
        .collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
