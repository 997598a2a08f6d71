//! Label Studio's rows as values: read in one go, so that its database is free again at once.
//!
//! What cannot be read as what it should be is left out and noted.

use std::collections::HashMap;

use keybearer_verify::{PlainToken, SignedKind, UnverifiedToken};

use super::report::Oddities;
use crate::error::Result;
use crate::store::label_studio::{self as rows, Source};

/// Everything that is read.
#[derive(Default)]
pub(super) struct Snapshot {
    pub(super) users: Vec<User>,
    pub(super) organizations: Vec<Organization>,
    pub(super) members: Vec<Member>,
    /// `None`: this Label Studio is too old to have settings of tokens.
    pub(super) settings: Option<HashMap<i64, Settings>>,
    pub(super) personal: Vec<Personal>,
    pub(super) legacy: Vec<Legacy>,
    pub(super) odd: Oddities,
}

pub(super) struct User {
    pub(super) id: i64,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) username: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) phone: String,
    pub(super) is_active: bool,
    pub(super) is_superuser: bool,
    pub(super) joined_at: Option<i64>,
    pub(super) last_activity_at: Option<i64>,
    pub(super) active_organization_id: Option<i64>,
    pub(super) allow_newsletters: Option<bool>,
    pub(super) hotkeys: Option<String>,
}

pub(super) struct Organization {
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) created_at: Option<i64>,
    pub(super) updated_at: Option<i64>,
    pub(super) created_by: Option<i64>,
    /// The secret of the invite link.
    pub(super) invite: Option<PlainToken>,
}

pub(super) struct Member {
    pub(super) organization_id: i64,
    pub(super) user_id: i64,
    pub(super) created_at: Option<i64>,
    pub(super) is_removed: bool,
    pub(super) removed_at: Option<i64>,
}

pub(super) struct Settings {
    pub(super) personal_enabled: bool,
    pub(super) legacy_enabled: bool,
    pub(super) ttl_days: Option<i64>,
}

/// A personal access token without its signature, of which only the digest is kept.
pub(super) struct Personal {
    pub(super) id: String,
    pub(super) hash: [u8; 32],
    /// `None`: the user was deleted.
    pub(super) user_id: Option<i64>,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    pub(super) is_blacklisted: bool,
    pub(super) blacklisted_at: Option<i64>,
}

pub(super) struct Legacy {
    pub(super) text: PlainToken,
    pub(super) user_id: i64,
    pub(super) created_at: Option<i64>,
}

/// Reads it all.
pub(super) async fn read(source: &mut Source) -> Result<Snapshot> {
    let mut all = Snapshot::default();
    for row in rows::list_users(source).await? {
        all.take_user(row);
    }
    for row in rows::list_organizations(source).await? {
        all.take_organization(row);
    }
    for row in rows::list_members(source).await? {
        all.take_member(&row);
    }
    all.settings = rows::list_settings(source).await?.map(settings);
    rows::each_issued_token(source, |row| all.take_issued(row)).await?;
    rows::each_legacy_token(source, |row| {
        if let (Some(text), Some(user_id)) = (row.key, number(row.user_id.as_deref())) {
            all.legacy.push(Legacy {
                text: PlainToken::new(text),
                user_id,
                created_at: instant(row.created.as_deref()),
            });
        }
    })
    .await?;
    Ok(all)
}

impl Snapshot {
    fn take_user(&mut self, row: rows::User) {
        let email = row.email.unwrap_or_default().trim().to_lowercase();
        let Some(id) = number(row.id.as_deref()) else {
            return;
        };
        if email.is_empty() {
            self.odd.note(
                "users without an e-mail address, left out with their tokens",
                format!("user {id}"),
            );
            return;
        }
        let text = |value: Option<String>| value.unwrap_or_default();
        self.users.push(User {
            id,
            email,
            password: text(row.password),
            username: text(row.username),
            first_name: text(row.first_name),
            last_name: text(row.last_name),
            phone: text(row.phone),
            is_active: truth(row.is_active.as_deref()).unwrap_or(true),
            is_superuser: truth(row.is_superuser.as_deref()).unwrap_or(false),
            joined_at: instant(row.date_joined.as_deref()),
            last_activity_at: instant(row.last_activity.as_deref()),
            active_organization_id: number(row.active_organization_id.as_deref()),
            allow_newsletters: truth(row.allow_newsletters.as_deref()),
            hotkeys: row.custom_hotkeys,
        });
    }

    fn take_organization(&mut self, row: rows::Organization) {
        let Some(id) = number(row.id.as_deref()) else {
            return;
        };
        self.organizations.push(Organization {
            id,
            title: row.title.unwrap_or_default(),
            created_at: instant(row.created_at.as_deref()),
            updated_at: instant(row.updated_at.as_deref()),
            created_by: number(row.created_by_id.as_deref()),
            invite: row
                .token
                .filter(|token| !token.is_empty())
                .map(PlainToken::new),
        });
    }

    fn take_member(&mut self, row: &rows::Member) {
        let ids = (
            number(row.organization_id.as_deref()),
            number(row.user_id.as_deref()),
        );
        if let (Some(organization_id), Some(user_id)) = ids {
            self.members.push(Member {
                organization_id,
                user_id,
                created_at: instant(row.created_at.as_deref()),
                is_removed: row.deleted_at.is_some(),
                removed_at: instant(row.deleted_at.as_deref()),
            });
        }
    }

    fn take_issued(&mut self, row: rows::IssuedToken) {
        let jti = row.jti.unwrap_or_default();
        match personal(&jti, row.token.as_deref().unwrap_or_default()) {
            Ok(token) => {
                let user_id = number(row.user_id.as_deref());
                if user_id.is_some() && user_id != token.user_id {
                    let why =
                        "personal access tokens of another user than their row says, left out";
                    self.odd.note(why, format!("token {jti}"));
                    return;
                }
                self.personal.push(Personal {
                    user_id,
                    created_at: token
                        .created_at
                        .or_else(|| instant(row.created_at.as_deref()))
                        .unwrap_or(0),
                    is_blacklisted: row.blacklisted_id.is_some(),
                    blacklisted_at: instant(row.blacklisted_at.as_deref()),
                    id: token.id,
                    hash: token.hash,
                    expires_at: token.expires_at,
                });
            }
            Err(why) => self.odd.note(why, format!("token {jti:.40}")),
        }
    }
}

/// What the text of a personal access token says.
struct Said {
    id: String,
    hash: [u8; 32],
    user_id: Option<i64>,
    created_at: Option<i64>,
    expires_at: i64,
}

fn personal(jti: &str, text: &str) -> std::result::Result<Said, &'static str> {
    let is_usual = jti.len() == 32 && jti.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_usual {
        return Err("personal access tokens whose id is not 32 hex digits, left out");
    }
    // Another version may keep the signature; the digest is of what stands before it.
    let shown = UnverifiedToken::parse(text);
    let claims = shown.as_ref().and_then(UnverifiedToken::unverified_claims);
    let (Some(shown), Some(claims)) = (&shown, claims) else {
        return Err("personal access tokens that cannot be read, left out");
    };
    // It will be found by the id that its text says.
    if claims.kind != SignedKind::Refresh || claims.jti != jti {
        return Err("tokens that say to be another token, left out");
    }
    Ok(Said {
        id: jti.to_owned(),
        hash: *shown.hash().as_bytes(),
        user_id: claims.user_id.parse().ok(),
        created_at: claims.iat.map(|at| at.saturating_mul(1000)),
        expires_at: claims.exp.saturating_mul(1000),
    })
}

fn settings(rows: Vec<rows::Settings>) -> HashMap<i64, Settings> {
    let of_row = |row: rows::Settings| {
        let settings = Settings {
            personal_enabled: truth(row.api_tokens_enabled.as_deref()).unwrap_or(true),
            legacy_enabled: truth(row.legacy_api_tokens_enabled.as_deref()).unwrap_or(true),
            ttl_days: number(row.api_token_ttl_days.as_deref()),
        };
        Some((number(row.organization_id.as_deref())?, settings))
    };
    rows.into_iter().filter_map(of_row).collect()
}

fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}

/// SQLite keeps a boolean as a number, PostgreSQL prints a word.
fn truth(text: Option<&str>) -> Option<bool> {
    match text? {
        "1" | "true" | "t" => Some(true),
        "0" | "false" | "f" => Some(false),
        _ => None,
    }
}

/// `2026-01-02 03:04:05.678901`, in UTC, with PostgreSQL's `+00` behind it or without; as Unix
/// milliseconds.
fn instant(text: Option<&str>) -> Option<i64> {
    let text = text?;
    let text = text
        .strip_suffix("+00:00")
        .or_else(|| text.strip_suffix("+00"))
        .unwrap_or(text);
    let at: jiff::Timestamp = format!("{text}Z").parse().ok()?;
    Some(at.as_millisecond())
}
