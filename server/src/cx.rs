//! What lives as long as one request: who asks, when and whence.
//!
//! Every function of the domain that reads or changes something takes a [`Cx`]. There is no other
//! way to know the time or the caller, so neither is ever a matter of surroundings.

use crate::domain::access::Role;

/// Who asks, when and whence.
#[derive(Clone, Debug)]
pub struct Cx {
    pub actor: Actor,
    /// Unix milliseconds; the same for everything that one request does.
    pub now: i64,
    /// The client's address, empty for the command line.
    pub address: String,
    /// The client's `User-Agent`.
    pub client: String,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody has proven to be anybody.
    Anonymous,
    /// A user.
    User(Caller),
    /// Whoever may run the command line on the database.
    Operator,
    /// Keybearer itself, on a timer or at the start.
    System,
}

/// A user who has proven who he is.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user_id: i64,
    pub email: String,
    /// The organization that he acts in: the token's, or the one he has chosen.
    pub organization_id: i64,
    pub role: Role,
    pub proof: Proof,
}

/// How a caller proved who he is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// With a browser's session.
    Session,
    /// With the token of that id (an access token counts as its personal access token).
    Token { id: String },
}

impl Cx {
    /// For the command line.
    #[must_use]
    pub fn operator(now: i64) -> Self {
        Self {
            actor: Actor::Operator,
            now,
            address: String::new(),
            client: "keybearer command line".into(),
        }
    }

    /// For what Keybearer does by itself.
    #[must_use]
    pub fn system(now: i64) -> Self {
        Self {
            actor: Actor::System,
            now,
            address: String::new(),
            client: String::new(),
        }
    }

    /// The same request, now with a known caller.
    #[must_use]
    pub fn with_caller(&self, caller: Caller) -> Self {
        Self {
            actor: Actor::User(caller),
            ..self.clone()
        }
    }
}
