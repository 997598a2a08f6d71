//! A token as a list or its own page shows it.

use keybearer_verify::Denial;

use crate::domain::tokens::Token;
use crate::domain::tokens::listing::{self, Listed};
use crate::http::ui::words::{self, Moment};

const SOON_MS: i64 = 30 * 86_400_000;

/// A token in words.
#[derive(Clone, Debug)]
pub(crate) struct TokenRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) kind: &'static str,
    pub(crate) owner: String,
    pub(crate) made: Moment,
    /// `None` for never.
    pub(crate) expires: Option<Moment>,
    pub(crate) expires_soon: bool,
    pub(crate) last_use: Option<LastUse>,
    /// Empty for all that its owner may do.
    pub(crate) scopes: Vec<String>,
    /// Empty for everywhere.
    pub(crate) ip_ranges: Vec<String>,
    pub(crate) rate_per_minute: Option<i64>,
    pub(crate) state: State,
    pub(crate) successor_id: Option<String>,
    pub(crate) is_personal: bool,
    pub(crate) is_legacy: bool,
}

/// When, whence and by what a token was last used.
#[derive(Clone, Debug)]
pub(crate) struct LastUse {
    pub(crate) at: Moment,
    pub(crate) address: String,
    pub(crate) client: String,
    /// All that the client said of itself.
    pub(crate) agent: String,
}

/// Whether a token opens the door.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) word: &'static str,
    /// Its badge's class: good, warn or bad.
    pub(crate) class: &'static str,
    /// Why, or until when.
    pub(crate) because: Option<String>,
    pub(crate) is_live: bool,
}

impl TokenRow {
    pub(crate) fn new(listed: Listed, now: i64) -> Self {
        let state = State::of(&listed, now);
        let Listed { token, email, .. } = listed;
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        let last_use = token.last_used_at.map(|at| {
            let agent = token.last_used_client.clone().unwrap_or_default();
            LastUse {
                at: Moment::new(at, now),
                address: token.last_used_address.clone().unwrap_or_default(),
                client: words::client(&agent),
                agent,
            }
        });
        let name = match (token.name.as_str(), token.kind.as_str()) {
            ("", "legacy") => "Legacy token".to_owned(),
            ("", _) => "Without a name".to_owned(),
            (name, _) => name.to_owned(),
        };
        Self {
            kind: words::kind(&token.kind),
            is_personal: token.kind == "personal",
            is_legacy: token.kind == "legacy",
            made: Moment::new(token.created_at, now),
            expires: token.expires_at.map(|at| Moment::new(at, now)),
            expires_soon: state.is_live && token.expires_at.is_some_and(|at| at - now <= SOON_MS),
            scopes: lines(&token.scopes),
            ip_ranges: lines(&token.ip_ranges),
            rate_per_minute: token.rate_per_minute,
            owner: email,
            note: token.note,
            id: token.id,
            name,
            last_use,
            state,
            successor_id: token.successor_id,
        }
    }

    /// The last use in a sentence.
    pub(crate) fn last_use_words(&self) -> String {
        match &self.last_use {
            None => "It was never used.".to_owned(),
            Some(last) => {
                let known = |word, text: &str| match text {
                    "" => String::new(),
                    text => format!(" {word} {text}"),
                };
                let (from, by) = (known("from", &last.address), known("by", &last.client));
                format!("It was last used {}{from}{by}.", last.at.distance())
            }
        }
    }
}

impl State {
    fn of(listed: &Listed, now: i64) -> Self {
        let token = &listed.token;
        let (word, class, because) = match listing::state(token, now) {
            "revoked" => ("Revoked", "bad", Some(ending(token, now))),
            "expired" => ("Expired", "bad", None),
            _ if listed.blocked.is_some() => ("Blocked", "warn", listed.blocked.map(blocked)),
            "rotated" => {
                let until = token.retires_at.map(|at| Moment::new(at, now).distance());
                let because = until.map(|until| format!("It has a successor and stops {until}"));
                ("Rotated", "warn", because)
            }
            _ => ("Active", "good", None),
        };
        Self {
            word,
            class,
            because,
            is_live: !matches!(word, "Revoked" | "Expired"),
        }
    }
}

fn blocked(denial: Denial) -> String {
    match denial {
        Denial::TypeDisabled => "The organization has switched this kind off",
        Denial::LifetimeOverPolicy => {
            "It lives longer, or was unused for longer, than the organization allows"
        }
        Denial::UserInactive => "Its owner's account is deactivated",
        _ => "Its owner is no longer a member",
    }
    .to_owned()
}

/// Why and when a token was revoked.
fn ending(token: &Token, now: i64) -> String {
    let by = token.revoked_by.as_deref().unwrap_or_default();
    let why = match token.revoked_because.as_deref() {
        Some("by_owner") => "by its owner".to_owned(),
        Some("by_admin") => format!("by {by}"),
        Some("by_holder") => "by somebody who showed the token itself".to_owned(),
        Some("reset") => "when it was reset".to_owned(),
        Some("reuse") => "because a token that it had replaced was used again".to_owned(),
        Some("member_removed") => "when its owner left".to_owned(),
        Some("user_deleted") => "when its owner's account was deleted".to_owned(),
        _ => "when its successor took over".to_owned(),
    };
    let at = token.revoked_at.or(token.retires_at).unwrap_or(now);
    format!("{} {why}", Moment::new(at, now).distance())
}
