//! `keybearer openapi`: the description of Keybearer's own interface, as the server gives it at
//! `/api/v1/openapi.json`.

use super::{Outcome, say};
use crate::http::api;

/// Prints it.
pub(super) fn run() -> Outcome {
    say(api::document().to_pretty_json()?)
}
