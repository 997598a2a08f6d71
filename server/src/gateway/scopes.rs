//! Which scope a request to Label Studio takes.

use axum::http::Method;
use keybearer_verify::Need;

use super::places;
use crate::cx::Caller;
use crate::error::{Error, Result};

/// Members and settings over there: what changes them takes `admin`, as it does here.
const ADMINISTRATION: [&str; 6] = [
    "/api/users",
    "/api/organizations",
    "/api/session-policy",
    "/people",
    "/organization",
    "/feature-flags",
];
/// The same, but already to look at it: whoever has an invite link can make accounts.
const SECRET_ADMINISTRATION: [&str; 3] = ["/api/invite", "/admin", "/django-rq"];

/// Passes if the caller's token, and his organization's policy, let the request through.
///
/// # Errors
/// [`Error::ScopeMissing`] with the scope that it takes.
pub(super) fn require(caller: &Caller, method: &Method, path: &str) -> Result<()> {
    let need = need(method, path);
    let lets_through = caller
        .scopes()
        .iter()
        .all(|scopes| scopes.lets_through(need, method.as_str(), path));
    if lets_through {
        Ok(())
    } else {
        Err(Error::ScopeMissing(need))
    }
}

fn need(method: &Method, path: &str) -> Need {
    let path = places::plain(path);
    let is_below = |place: &str| {
        let rest = path.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_reading = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if SECRET_ADMINISTRATION.iter().any(|place| is_below(place)) {
        return Need::Admin;
    }
    match (
        is_reading,
        ADMINISTRATION.iter().any(|place| is_below(place)),
    ) {
        (true, _) => Need::Read,
        (false, true) => Need::Admin,
        (false, false) => Need::Write,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use keybearer_verify::Need;

    use super::need;

    #[test]
    fn each_request_takes_one_scope() {
        let cases = [
            (Method::GET, "/api/projects/1", Need::Read),
            (Method::HEAD, "/data/upload/1/a.png", Need::Read),
            (Method::POST, "/api/projects", Need::Write),
            (Method::DELETE, "/api/tasks/1", Need::Write),
            (Method::GET, "/api/users", Need::Read),
            (Method::POST, "/api/users", Need::Admin),
            (Method::POST, "/api/%75sers", Need::Admin),
            (Method::POST, "//api//users", Need::Admin),
            (
                Method::DELETE,
                "/api/organizations/1/memberships/2",
                Need::Admin,
            ),
            (Method::GET, "/api/invite", Need::Admin),
            (Method::GET, "/admin/auth", Need::Admin),
            (Method::POST, "/api/usersettings", Need::Write),
        ];
        for (method, path, needed) in cases {
            assert_eq!(need(&method, path), needed, "{method} {path}");
        }
    }
}
