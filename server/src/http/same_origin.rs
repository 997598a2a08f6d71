//! The proof that a request with a cookie comes from our own pages.
//!
//! A browser says with every request that changes something where it comes from: `Sec-Fetch-Site`
//! (Fetch Metadata), and before that `Origin` (RFC 6454). Where neither is there the sender is no
//! browser, so no stranger's page can have sent it with somebody's cookie. `SameSite=Lax` on the
//! cookie is a second lock of the same door.

use axum::http::{HeaderMap, Method, header};

use crate::app::App;

/// Whether a request may use the session that its cookie names.
pub(super) fn is_proven(app: &App, method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name: header::HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable"))
    };
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match text(header::ORIGIN).or_else(|| text(header::REFERER)) {
        Some(sender) => is_ours(app, sender, text(header::HOST)),
        None => true,
    }
}

/// Whether an origin, or a URL below it, is the public URL's or that of the host which was asked.
fn is_ours(app: &App, sender: &str, host: Option<&str>) -> bool {
    let authority = |url: &str| {
        let rest = url.split_once("://").map(|(_, rest)| rest)?;
        rest.split(['/', '?', '#'])
            .next()
            .map(str::to_ascii_lowercase)
    };
    let Some(sender) = authority(sender) else {
        return false;
    };
    authority(&app.config.public_url).as_ref() == Some(&sender)
        || host.map(str::to_ascii_lowercase) == Some(sender)
}
