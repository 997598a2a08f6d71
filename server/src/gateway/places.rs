//! Which address is whose: Keybearer's, or the upstream's.

use std::borrow::Cow;

use crate::config::upstream::OWN_FOLDER;

/// Label Studio's URLs that Keybearer answers: tokens, and what rules over them.
const TAKEN_OVER: [&str; 7] = [
    "/api/token",
    "/api/token/refresh",
    "/api/token/blacklist",
    "/api/token/rotate",
    "/api/jwt/settings",
    "/api/current-user/token",
    "/api/current-user/reset-token",
];
/// Keybearer's own families of addresses, none of which Label Studio has.
const OWN: [&str; 3] = ["/api/v1", "/.well-known", "/docs/refusals"];
/// Keybearer's pages for people who have no Label Studio to sign in to.
const ONLY_ALONE: [&str; 5] = [
    "/user/signup",
    "/set-up",
    "/user/account/password",
    "/user/account/sessions",
    "/organization/invite",
];
/// What Label Studio has a page for as well.
const BETTER_THERE: [&str; 2] = ["/user/login", "/logout"];

/// Whose a path is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Keybearer's, at this path of its doors.
    Own(String),
    /// The upstream's.
    Upstream,
    /// The upstream has this page, at this path of its own.
    Theirs(&'static str),
    /// Nobody's.
    Nowhere,
}

/// Whose `path` is; it has one slash at its beginning and none at its end.
pub(super) fn of(path: &str) -> Place {
    if let Some(below) = below(path, OWN_FOLDER) {
        return in_own_folder(if below.is_empty() { "/" } else { below });
    }
    if is_own(path) {
        return Place::Own(path.to_owned());
    }
    // Another spelling of what Keybearer answers must not reach Label Studio's own answer to it.
    if is_own(&plain(path)) {
        return Place::Nowhere;
    }
    Place::Upstream
}

fn in_own_folder(path: &str) -> Place {
    let is_alone = ONLY_ALONE.iter().any(|place| below(path, place).is_some());
    if let Some(page) = BETTER_THERE.iter().find(|page| path == **page) {
        return Place::Theirs(page);
    }
    let is_others = below(path, "/api").is_some() && !is_own(path);
    if is_alone || is_others {
        Place::Nowhere
    } else {
        Place::Own(path.to_owned())
    }
}

fn is_own(path: &str) -> bool {
    TAKEN_OVER.contains(&path) || OWN.iter().any(|family| below(path, family).is_some())
}

/// What follows `folder` in `path`, if the path is the folder or in it.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    path.strip_prefix(folder)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path as a lenient server may read it: percent signs decoded, doubled slashes and dot segments
/// taken out.
pub(super) fn plain(path: &str) -> String {
    let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode_str(path).into();
    let decoded = String::from_utf8_lossy(&decoded).replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Place, of};

    #[test]
    fn each_address_has_one_owner() {
        let own = |path: &str| Place::Own(path.to_owned());
        let cases = [
            ("/api/token", own("/api/token")),
            ("/api/token/refresh", own("/api/token/refresh")),
            ("/api/v1/me", own("/api/v1/me")),
            ("/docs/refusals", own("/docs/refusals")),
            ("/keybearer", own("/")),
            ("/keybearer/static/app.css", own("/static/app.css")),
            ("/keybearer/api/v1/me", own("/api/v1/me")),
            ("/keybearer/api/users", Place::Nowhere),
            ("/keybearer/user/signup", Place::Nowhere),
            ("/keybearer/user/account/password", Place::Nowhere),
            ("/keybearer/organization/invite", Place::Nowhere),
            ("/keybearer/user/login", Place::Theirs("/user/login")),
            ("/keybearers", Place::Upstream),
            ("/api/v10", Place::Upstream),
            ("/", Place::Upstream),
            ("/api/users", Place::Upstream),
            ("/api/current-user/whoami", Place::Upstream),
            ("/user/login", Place::Upstream),
            ("/docs/api", Place::Upstream),
            ("/api/projects/%2F", Place::Upstream),
            ("/%61pi/token", Place::Nowhere),
            ("/api//token", Place::Nowhere),
            ("/api/x/../token", Place::Nowhere),
            ("/api/token%2Frefresh", Place::Nowhere),
            ("/api/current-user/./token", Place::Nowhere),
            ("/api\\token", Place::Nowhere),
        ];
        for (path, place) in cases {
            assert_eq!(of(path), place, "{path}");
        }
    }
}
