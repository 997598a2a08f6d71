//! Who may do what, as one table over every route: a route without a row fails, and so does a row
//! without a route.

use axum::http::Method;
use keybearer::domain::access::Role;
use keybearer::domain::users::User;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::{Client, TestApp, forge};

/// A route, a body for it, and the status that each [`Caller`] gets, in that order.
///
/// The paths are of the first organization and of `VICTIM`, a member of it. In a body `OWNERS` is
/// the owner's personal access token, `LISTED` the same without its signature.
pub(crate) type Row = (&'static str, &'static str, &'static str, [u16; 6]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// Shows nothing.
    Stranger,
    /// With an expired key token of the owner.
    Expired,
    /// With a revoked key token of the owner.
    Revoked,
    /// A member of the first organization.
    Member,
    /// An owner, but of another organization.
    Other,
    /// An admin of the first organization.
    Admin,
}

const ALL: [u16; 6] = [200; 6];

#[rustfmt::skip]
pub(crate) const ROWS: [Row; 34] = [
    //                                                  stranger expired revoked member other admin
    ("GET", "/api/token", "",                                  [401, 401, 401, 200, 200, 200]),
    ("POST", "/api/token", "{}",                               [401, 401, 401, 201, 201, 201]),
    ("POST", "/api/token/refresh", r#"{"refresh": "OWNERS"}"#, ALL),
    ("POST", "/api/token/blacklist", r#"{"refresh": "LISTED"}"#, [401, 401, 401, 404, 404, 204]),
    ("POST", "/api/token/rotate", r#"{"refresh": "OWNERS"}"#,  [401, 401, 401, 400, 400, 200]),
    ("GET", "/api/jwt/settings", "",                           [401, 401, 401, 403, 200, 200]),
    ("POST", "/api/jwt/settings", "{}",                        [401, 401, 401, 403, 200, 200]),
    ("GET", "/api/current-user/token", "",                     [401, 401, 401, 200, 200, 200]),
    ("POST", "/api/current-user/reset-token", "",              [401, 401, 401, 201, 201, 201]),
    ("GET", "/api/current-user/whoami", "",                    [401, 401, 401, 200, 200, 200]),
    ("GET", "/api/current-user/hotkeys", "",                   [401, 401, 401, 200, 200, 200]),
    ("PATCH", "/api/current-user/hotkeys", r#"{"custom_hotkeys": {}}"#, [401, 401, 401, 200, 200, 200]),
    ("GET", "/api/users", "",                                  [401, 401, 401, 200, 200, 200]),
    ("POST", "/api/users", r#"{"username": "n", "email": "new@example.com"}"#, [401, 401, 401, 403, 201, 201]),
    ("GET", "/api/users/{id}", "",                             [401, 401, 401, 200, 404, 200]),
    ("PATCH", "/api/users/{id}", r#"{"phone": "1"}"#,          [401, 401, 401, 403, 404, 200]),
    ("DELETE", "/api/users/{id}", "",                          [401, 401, 401, 403, 404, 204]),
    ("GET", "/api/organizations", "",                          [401, 401, 401, 200, 200, 200]),
    ("POST", "/api/organizations", r#"{"title": "New"}"#,      [401, 401, 401, 403, 403, 403]),
    ("GET", "/api/organizations/{id}", "",                     [401, 401, 401, 200, 404, 200]),
    ("PATCH", "/api/organizations/{id}", r#"{"title": "New"}"#, [401, 401, 401, 403, 404, 200]),
    ("PUT", "/api/organizations/{id}", r#"{"title": "New"}"#,  [401, 401, 401, 403, 404, 200]),
    ("GET", "/api/organizations/{id}/memberships", "",         [401, 401, 401, 200, 404, 200]),
    ("GET", "/api/organizations/{id}/memberships/{user_id}", "", [401, 401, 401, 200, 404, 200]),
    ("DELETE", "/api/organizations/{id}/memberships/{user_id}", "", [401, 401, 401, 403, 404, 204]),
    ("GET", "/api/invite", "",                                 [401, 401, 401, 403, 200, 200]),
    ("POST", "/api/invite/reset-token", "",                    [401, 401, 401, 403, 201, 201]),
    ("GET", "/api/version", "",                                ALL),
    ("OPTIONS", "/api/version", "",                            ALL),
    ("GET", "/version", "",                                    ALL),
    ("GET", "/health", "",                                     ALL),
    // What OPTIONS says of a view is for whoever may ask the view at all.
    ("OPTIONS", "/api/token", "",                              [401, 401, 401, 200, 200, 200]),
    ("OPTIONS", "/api/jwt/settings", "",                       [401, 401, 401, 200, 200, 200]),
    ("HEAD", "/api/users", "",                                 [401, 401, 401, 200, 200, 200]),
];

/// The same for Keybearer's own interface. The token in a path is `VICTIM`'s.
#[rustfmt::skip]
const OWN_ROWS: [Row; 18] = [
    //                                                  stranger expired revoked member other admin
    ("GET", "/api/v1/me", "",                                  [401, 401, 401, 200, 200, 200]),
    ("GET", "/api/v1/tokens", "",                              [401, 401, 401, 200, 200, 200]),
    ("POST", "/api/v1/tokens", r#"{"kind": "key"}"#,           [401, 401, 401, 201, 201, 201]),
    ("GET", "/api/v1/tokens/{id}", "",                         [401, 401, 401, 404, 404, 200]),
    ("PATCH", "/api/v1/tokens/{id}", r#"{"name": "x"}"#,       [401, 401, 401, 404, 404, 403]),
    ("DELETE", "/api/v1/tokens/{id}", "",                      [401, 401, 401, 404, 404, 204]),
    ("POST", "/api/v1/tokens/{id}/rotation", "",               [401, 401, 401, 404, 404, 403]),
    ("GET", "/api/v1/tokens/{id}/uses", "",                    [401, 401, 401, 404, 404, 200]),
    ("DELETE", "/api/v1/users/{id}/tokens", "",                [401, 401, 401, 403, 404, 200]),
    ("GET", "/api/v1/organizations/{id}/tokens", "",           [401, 401, 401, 403, 404, 200]),
    ("GET", "/api/v1/organizations/{id}/policy", "",           [401, 401, 401, 200, 404, 200]),
    ("PATCH", "/api/v1/organizations/{id}/policy", "{}",       [401, 401, 401, 403, 404, 200]),
    ("GET", "/api/v1/audit-events", "",                        [401, 401, 401, 403, 200, 200]),
    ("GET", "/api/v1/notices", "",                             [401, 401, 401, 403, 200, 200]),
    ("GET", "/api/v1/openapi.json", "",                        ALL),
    ("GET", "/api/v1/docs", "",                                ALL),
    ("GET", "/docs/refusals", "",                              ALL),
    ("OPTIONS", "/api/v1/me", "",                              [204; 6]),
];

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    agree(&routes(), &ROWS);
    agree(&crate::v1::routes(crate::v1::TABLE), &OWN_ROWS);
}

fn agree(routes: &[(String, String)], rows: &[Row]) {
    assert!(
        routes.len() > 14,
        "the route table could not be read: {routes:?}"
    );
    for (method, path) in routes {
        let has_row = rows.iter().any(|row| row.0 == method && row.1 == path);
        assert!(has_row, "{method} {path} has no row");
    }
    for (method, path, ..) in rows {
        // Every view answers those two.
        if matches!(*method, "OPTIONS" | "HEAD") {
            continue;
        }
        let has_route = routes
            .iter()
            .any(|route| route.0 == *method && route.1 == *path);
        assert!(has_route, "{method} {path} is no route any more");
    }
}

/// Method and path of each route, out of the text of the route table.
fn routes() -> Vec<(String, String)> {
    let table = include_str!("../../src/http/label_studio/mod.rs");
    let mut routes = Vec::new();
    for route in table.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        for method in ["get", "post", "put", "patch", "delete", "options"] {
            let names_it = rest.match_indices(&format!("{method}(")).any(|(at, _)| {
                // `get(`, and not the end of a longer name such as `widget(`.
                !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            });
            if names_it {
                routes.push((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    routes
}

#[tokio::test]
async fn a_stranger() {
    check(Caller::Stranger).await;
}

#[tokio::test]
async fn an_expired_token() {
    check(Caller::Expired).await;
}

#[tokio::test]
async fn a_revoked_token() {
    check(Caller::Revoked).await;
}

#[tokio::test]
async fn a_member() {
    check(Caller::Member).await;
}

#[tokio::test]
async fn an_owner_of_another_organization() {
    check(Caller::Other).await;
}

#[tokio::test]
async fn an_admin() {
    check(Caller::Admin).await;
}

/// Asks every route as `caller`: what only reads on one installation, what may change something on
/// one of its own.
async fn check(caller: Caller) {
    let shared = Case::new(caller).await;
    for row in ROWS.into_iter().chain(OWN_ROWS) {
        if matches!(row.0, "GET" | "HEAD" | "OPTIONS") {
            shared.check(row).await;
        } else {
            Case::new(caller).await.check(row).await;
        }
    }
}

/// An installation and a client that asks it.
struct Case {
    // Holds the database.
    _t: TestApp,
    caller: Caller,
    client: Client,
    victim: User,
    victims_token: String,
    owners: String,
}

impl Case {
    async fn new(caller: Caller) -> Self {
        let t = TestApp::with_legacy().await;
        let victim = t.user("victim@example.com", Role::Member).await;
        Self {
            caller,
            victims_token: t.issue(&victim, TokenKind::Key).await.0.id,
            victim,
            owners: t.personal(&t.owner).await,
            client: client(&t, caller).await,
            _t: t,
        }
    }

    async fn check(&self, (method, path, body, statuses): Row) {
        let victim = self.victim.id.to_string();
        let path = if path.contains("/users/") {
            path.replace("{id}", &victim)
        } else if path.contains("/tokens/{id}") {
            path.replace("{id}", &self.victims_token)
        } else {
            path.replace("{id}", "1").replace("{user_id}", &victim)
        };
        let body = body
            .replace("OWNERS", &self.owners)
            .replace("LISTED", &forge::unsigned_part(&self.owners));
        let content_type = (!body.is_empty()).then_some("application/json");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = self
            .client
            .send(method.clone(), &path, content_type, body.into_bytes())
            .await;
        let expected = statuses[self.caller as usize];
        let caller = self.caller;
        assert_eq!(
            answer.status,
            expected,
            "{method} {path} as {caller:?}: {}",
            answer.text()
        );
    }
}

async fn client(t: &TestApp, caller: Caller) -> Client {
    match caller {
        Caller::Stranger => t.anonymous(),
        Caller::Expired => {
            let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
            let sql = format!(
                "update tokens set expires_at = created_at where id = '{}'",
                token.id
            );
            t.database.meddle(&sql).await;
            t.advance(11);
            t.token(&text)
        }
        Caller::Revoked => {
            let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
            let revoked = keybearer::domain::tokens::revoke(&t.app, &t.operator(), &token.id).await;
            revoked.unwrap();
            t.token(&text)
        }
        Caller::Member => with_key(t, &t.member().await).await,
        Caller::Other => with_key(t, &t.other_organization().await.1).await,
        Caller::Admin => with_key(t, &t.admin().await).await,
    }
}

async fn with_key(t: &TestApp, user: &User) -> Client {
    t.token(&t.text(user, TokenKind::Key).await)
}

#[tokio::test]
async fn nothing_of_the_first_organization_is_told_to_an_owner_of_another() {
    let t = TestApp::with_legacy().await;
    let client = client(&t, Caller::Other).await;
    for (method, path, ..) in ROWS.iter().filter(|row| row.0 == "GET") {
        let path = path.replace("{id}", "1").replace("{user_id}", "1");
        let answer = client.get(&path).await;
        assert!(
            !answer.text().contains("owner@example.com"),
            "{method} {path}"
        );
    }
    // Nor does he learn whether a thing of others exists.
    let there = client.get("/api/users/1").await.refusal(404);
    assert_eq!(there, client.get("/api/users/999").await.refusal(404));
    let there = client.get("/api/organizations/1").await.refusal(404);
    assert_eq!(
        there,
        client.get("/api/organizations/999").await.refusal(404)
    );
    let remove = "/api/organizations/1/memberships";
    let there = client.delete(&format!("{remove}/1")).await.refusal(404);
    assert_eq!(
        there,
        client.delete(&format!("{remove}/999")).await.refusal(404)
    );
    let there = client.patch("/api/users/1", &json!({})).await.refusal(404);
    assert_eq!(
        there,
        client
            .patch("/api/users/999", &json!({}))
            .await
            .refusal(404)
    );
}
