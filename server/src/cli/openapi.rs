//! `keybearer openapi`: the description of Keybearer's own interface, as the server gives it at
//! `/api/v1/openapi.json`.

use super::Outcome;
use crate::http::api;

/// Prints it.
pub(super) fn run() -> Outcome {
    println!("{}", api::document().to_pretty_json()?);
    Ok(())
}
