//! What lives as long as one request: who asks, when and whence.
//!
//! Every function of the domain that reads or changes something takes a [`Cx`]. There is no other
//! way to know the time or the caller, so neither is ever a matter of surroundings.

use std::net::IpAddr;
use std::sync::Arc;

use keybearer_verify::{IpNet, Limits, Need, ScopeSet};

use crate::domain::access::Role;
use crate::domain::cache::Known;

/// Who asks, when and whence.
#[derive(Clone, Debug)]
pub struct Cx {
    pub actor: Actor,
    /// Unix milliseconds; the same for everything that one request does.
    pub now: i64,
    /// The client's address; none for the command line.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub client: String,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody has proven to be anybody.
    Anonymous,
    /// A user.
    User(Box<Caller>),
    /// Whoever may run the command line on the database.
    Operator,
    /// Keybearer itself, on a timer or at the start.
    System,
}

/// A user who has proven who he is.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user_id: i64,
    pub email: Arc<str>,
    /// The organization that he acts in: the token's, or the one he has chosen.
    pub organization_id: i64,
    pub role: Role,
    pub proof: Proof,
    pub notices: Notices,
}

/// How a caller proved who he is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// With a browser's session.
    Session,
    /// With a token, of which this is known (an access token counts as its personal access token).
    Token(Arc<Known>),
}

/// What the answer should say about the token that was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// When the token ends, in Unix milliseconds, if that is soon.
    pub expires_at: Option<i64>,
    /// A personal access token was sent where the organization wants it exchanged.
    pub is_direct_use: bool,
    /// How many requests the token has left, if they are limited.
    pub rate: Option<Rate>,
}

/// Where a token stands in its limit of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub limit: i64,
    pub remaining: i64,
    pub reset_seconds: i64,
}

impl Caller {
    /// What is known of the token that he came with; `None` for a session.
    #[must_use]
    pub fn token(&self) -> Option<&Arc<Known>> {
        match &self.proof {
            Proof::Session => None,
            Proof::Token(known) => Some(known),
        }
    }

    /// What the token was given, and the most that the organization lets any token do.
    #[must_use]
    pub fn scopes(&self) -> [&ScopeSet; 2] {
        static ALL: ScopeSet = ScopeSet::all();
        match self.token().map(|known| &known.grant) {
            Some(grant) => [&grant.limits.scopes, &grant.policy.limits.scopes],
            None => [&ALL, &ALL],
        }
    }

    /// Whether the token's scopes and the organization's policy both answer `need`.
    #[must_use]
    pub fn answers(&self, need: Need) -> bool {
        self.scopes().iter().all(|scopes| scopes.answers(need))
    }

    /// In which field a token with these limits would be more than what the caller came with, and
    /// what to do; `None` if he may hand it out.
    #[must_use]
    pub fn exceeded_by(
        &self,
        limits: &Limits,
        rate_per_minute: Option<i64>,
    ) -> Option<(&'static str, &'static str)> {
        let own_ranges = &self.token()?.grant.limits.ip_ranges;
        let within = |range: &IpNet| own_ranges.iter().any(|own| own.contains(range));
        if !self.scopes().iter().all(|own| own.covers(&limits.scopes)) {
            return Some(("scopes", "Name scopes that this token has."));
        }
        let is_bound = !limits.ip_ranges.is_empty() && limits.ip_ranges.iter().all(within);
        if !own_ranges.is_empty() && !is_bound {
            return Some(("ip_ranges", "Name ranges within those of this token."));
        }
        let is_slower = |own: Rate| rate_per_minute.is_some_and(|rate| rate <= own.limit);
        if !self.notices.rate.is_none_or(is_slower) {
            return Some((
                "rate_per_minute",
                "Name a limit no higher than this token's.",
            ));
        }
        None
    }
}

impl Cx {
    /// For the command line.
    #[must_use]
    pub fn operator(now: i64) -> Self {
        Self {
            actor: Actor::Operator,
            now,
            address: None,
            client: "keybearer command line".into(),
        }
    }

    /// For what Keybearer does by itself.
    #[must_use]
    pub fn system(now: i64) -> Self {
        Self {
            actor: Actor::System,
            now,
            address: None,
            client: String::new(),
        }
    }

    /// The same request, now with a known caller.
    #[must_use]
    pub fn with_caller(self, caller: Caller) -> Self {
        Self {
            actor: Actor::User(Box::new(caller)),
            ..self
        }
    }

    /// The caller, if it is a user.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        match &self.actor {
            Actor::User(caller) => Some(caller),
            _ => None,
        }
    }

    /// Whoever asks, as the records name him.
    #[must_use]
    pub fn actor_name(&self) -> String {
        match &self.actor {
            Actor::User(caller) => caller.email.to_string(),
            Actor::Anonymous => "anonymous".into(),
            Actor::Operator => "operator".into(),
            Actor::System => "system".into(),
        }
    }

    /// The client's address as text, empty for none.
    #[must_use]
    pub fn address_text(&self) -> String {
        self.address
            .map(|address| address.to_string())
            .unwrap_or_default()
    }
}
