//! The pages' files, in the binary. An address holds the file's version, so browsers may keep it.

use axum::extract::{RawPathParams, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// The stylesheet's name as the templates write it; the program's version makes it another file
/// with each release.
pub(crate) const STYLESHEET: &str = concat!("app-", env!("CARGO_PKG_VERSION"), ".css");
const CSS: &str = include_str!("../../../assets/app.css");

pub(super) async fn show(State(app): State<App>, params: RawPathParams) -> Response {
    if params.iter().any(|(_, name)| name == STYLESHEET) {
        let headers = [
            (header::CONTENT_TYPE, "text/css"),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ];
        return (headers, CSS).into_response();
    }
    super::not_found(&app)
}
