//! Who gets which page, as one table over every page's route: a route without a row fails, and so does a
//! row without a route.

use keybearer::domain::access::Role;
use keybearer::domain::users::User;
use keybearer_verify::TokenKind;

use super::organization::all_events;
use crate::support::sources::files;
use crate::support::{Answer, CSRF, TestApp};

/// A route, the form for it, and the status that each [`Visitor`] gets, in that order. The member in a path
/// is a member of the first organization, the token in a path, and `TOKEN` in a form, that member's.
type PageRow = (&'static str, &'static str, &'static str, [u16; 4]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visitor {
    /// Not signed in. 401 in the table: he is sent to sign in, and back to where he was.
    Stranger,
    /// A member of the first organization.
    Member,
    /// An owner, but of another organization.
    Other,
    /// An admin of the first organization.
    Admin,
}

const TO_SIGN_IN: u16 = 401;
/// For whoever is signed in.
const ALL: [u16; 4] = [TO_SIGN_IN, 200, 200, 200];
const ALL_CHANGE: [u16; 4] = [TO_SIGN_IN, 302, 302, 302];
/// For owners and admins of whichever organization.
const ADMINS: [u16; 4] = [TO_SIGN_IN, 403, 200, 200];
/// The same, of a change that leads to another page.
const ADMINS_CHANGE: [u16; 4] = [TO_SIGN_IN, 403, 302, 302];
/// For owners and admins of the first organization.
const ITS_ADMINS: [u16; 4] = [TO_SIGN_IN, 403, 404, 200];
const ITS_ADMINS_CHANGE: [u16; 4] = [TO_SIGN_IN, 403, 404, 302];

#[rustfmt::skip]
const PAGE_ROWS: [PageRow; 54] = [
    //                                                         stranger member other admin
    ("GET", "/", "",                                           [TO_SIGN_IN, 302, 302, 302]),
    ("GET", "/user/login", "",                                 [200, 302, 302, 302]),
    ("POST", "/user/login", "email=nobody&password=x",         [200; 4]),
    ("GET", "/user/signup", "",                                [403; 4]),
    ("POST", "/user/signup", "email=a&password=b",             [403; 4]),
    ("GET", "/set-up", "",                                     [403; 4]),
    ("POST", "/set-up", "email=a&password=b",                  [403; 4]),
    ("GET", "/logout", "",                                     [302; 4]),
    ("POST", "/logout", "",                                    [302; 4]),
    ("POST", "/user/theme", "theme=dark",                      [302; 4]),
    ("GET", "/static/{name}", "",                              [404; 4]),
    ("GET", "/user/account", "",                               ALL_CHANGE),
    ("GET", "/user/account/personal-info", "",                 ALL),
    ("POST", "/user/account/personal-info", "first_name=A",    ALL_CHANGE),
    ("GET", "/user/account/password", "",                      ALL),
    ("POST", "/user/account/password", "password=wrong",       ALL),
    ("GET", "/user/account/sessions", "",                      ALL),
    ("POST", "/user/account/sessions", "session=x",            ALL_CHANGE),
    ("GET", "/user/account/personal-access-token", "",         ALL),
    ("POST", "/user/account/personal-access-token", "name=A",  ALL),
    ("GET", "/user/account/key-token", "",                     ALL),
    ("POST", "/user/account/key-token", "name=A",              ALL),
    ("GET", "/user/account/legacy-token", "",                  ALL),
    ("GET", "/user/account/legacy-token/reset", "",            ALL),
    ("POST", "/user/account/legacy-token/reset", "",           ALL_CHANGE),
    ("GET", "/user/tokens/{id}", "",                                [TO_SIGN_IN, 404, 404, 200]),
    ("POST", "/user/tokens/{id}", "name=A",                         [TO_SIGN_IN, 404, 404, 403]),
    ("GET", "/user/tokens/{id}/rotate", "",                         [TO_SIGN_IN, 404, 404, 403]),
    ("POST", "/user/tokens/{id}/rotate", "overlap_hours=1",          [TO_SIGN_IN, 404, 404, 403]),
    ("GET", "/user/tokens/{id}/revoke", "",                         [TO_SIGN_IN, 404, 404, 200]),
    ("POST", "/user/tokens/{id}/revoke", "",                        [TO_SIGN_IN, 404, 404, 302]),
    ("GET", "/user/organization", "",                          ALL_CHANGE),
    ("POST", "/user/organization", "organization=1",           [TO_SIGN_IN, 302, 404, 302]),
    ("GET", "/organization", "",                               ADMINS),
    ("GET", "/organization/tokens", "",                        ADMINS),
    ("GET", "/organization/tokens/revoke", "",                 ALL_CHANGE),
    ("POST", "/organization/tokens/revoke", "id=TOKEN",        [TO_SIGN_IN, 404, 404, 200]),
    ("GET", "/organization/title", "",                         ADMINS),
    ("POST", "/organization/title", "title=New",               ADMINS_CHANGE),
    ("GET", "/organization/invite", "",                        ADMINS),
    ("POST", "/organization/invite", "",                       ADMINS_CHANGE),
    ("GET", "/organization/settings", "",                      ADMINS),
    ("POST", "/organization/settings", "personal_enabled=on&legacy_enabled=on&key_enabled=on&personal_ttl_days=1&key_ttl_days=1&direct_use=warn&max_overlap_hours=1&on_reuse=alert",
                                                               ADMINS_CHANGE),
    ("GET", "/organization/use", "",                           ADMINS),
    ("GET", "/organization/use/{name}", "",                    [TO_SIGN_IN, 403, 404, 404]),
    ("GET", "/organization/audit", "",                         ADMINS),
    ("GET", "/organization/audit/{name}", "",                  [TO_SIGN_IN, 404, 404, 404]),
    ("GET", "/organization/members/{id}", "",                  ITS_ADMINS),
    ("GET", "/organization/members/{id}/role", "",             ITS_ADMINS),
    ("POST", "/organization/members/{id}/role", "role=admin",  ITS_ADMINS_CHANGE),
    ("GET", "/organization/members/{id}/account", "",          ITS_ADMINS),
    ("POST", "/organization/members/{id}/account", "account=deactivated", ITS_ADMINS_CHANGE),
    ("GET", "/organization/members/{id}/revoke", "",           ITS_ADMINS),
    ("POST", "/organization/members/{id}/revoke", "",          ITS_ADMINS_CHANGE),
];
/// The removal of a member, apart: it ends what the other rows look at.
#[rustfmt::skip]
const REMOVAL_ROWS: [PageRow; 2] = [
    ("GET", "/organization/members/{id}/remove", "",           ITS_ADMINS),
    ("POST", "/organization/members/{id}/remove", "",          ITS_ADMINS_CHANGE),
];

fn rows() -> impl Iterator<Item = PageRow> {
    PAGE_ROWS.into_iter().chain(REMOVAL_ROWS)
}

/// Method and path of each route, out of the texts of the route tables.
fn routes() -> Vec<(&'static str, String)> {
    let mut routes = Vec::new();
    for source in files("server/src/http/ui", &[".rs"]) {
        for call in source.text.split(".route(").skip(1) {
            let mut depth = 1;
            let end = call.find(|character| {
                depth += match character {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            let (_, call) = call[..end.unwrap()].split_once('"').unwrap();
            let (path, methods) = call.split_once('"').unwrap();
            for (word, method) in [("get(", "GET"), ("post(", "POST")] {
                if methods.contains(word) {
                    routes.push((method, path.to_owned()));
                }
            }
        }
    }
    routes
}

#[test]
fn every_page_has_a_row_and_every_row_a_page() {
    let routes = routes();
    assert!(
        routes.len() > 14,
        "the route table could not be read: {routes:?}"
    );
    for (method, path) in &routes {
        let has_row = rows().any(|row| row.0 == *method && row.1 == path);
        assert!(has_row, "{method} {path} has no row");
    }
    for (method, path, ..) in rows() {
        let has_route = routes
            .iter()
            .any(|route| route.0 == method && route.1 == path);
        assert!(has_route, "{method} {path} is no route any more");
    }
}

#[test]
fn a_sign_in_leads_back_from_every_form() {
    for (method, path, _, statuses) in rows() {
        if method == "POST" && statuses[0] == TO_SIGN_IN {
            let has_page = rows().any(|row| row.0 == "GET" && row.1 == path);
            assert!(
                has_page,
                "a sign-in leads back to GET {path}, which is no page"
            );
        }
    }
}

#[tokio::test]
async fn a_stranger() {
    check(Visitor::Stranger).await;
}

#[tokio::test]
async fn a_member() {
    check(Visitor::Member).await;
}

#[tokio::test]
async fn an_owner_of_another_organization() {
    check(Visitor::Other).await;
}

#[tokio::test]
async fn an_admin() {
    check(Visitor::Admin).await;
}

/// Asks every route as `visitor`, on one installation, in the order of the table.
async fn check(visitor: Visitor) {
    let t = TestApp::with_legacy().await;
    let victim = t.user("victim@example.com", Role::Member).await;
    let token = t.issue(&victim, TokenKind::Key).await.0.id;
    let user = match visitor {
        Visitor::Stranger => None,
        Visitor::Member => Some(t.member().await),
        Visitor::Other => Some(t.other_organization().await.1),
        Visitor::Admin => Some(t.admin().await),
    };
    for (method, path, form, statuses) in rows() {
        let path = address(path, &victim, &token);
        // A new session each time: some rows end it.
        let browser = match &user {
            Some(user) => t.browser(user).await,
            None => t.anonymous().with("cookie", &format!("csrftoken={CSRF}")),
        };
        let answer = if method == "GET" {
            browser.get(&path).await
        } else {
            let form = form.replace("TOKEN", &token);
            browser.submit(&path, &fields(&form)).await
        };
        compare(
            &answer,
            (method, &path, visitor),
            statuses[visitor as usize],
        );
    }
}

fn address(path: &str, victim: &User, token: &str) -> String {
    let id = if path.starts_with("/user/tokens/") {
        token.to_owned()
    } else {
        victim.id.to_string()
    };
    path.replace("{id}", &id)
}

fn fields(form: &str) -> Vec<(&str, &str)> {
    form.split('&')
        .filter_map(|field| field.split_once('='))
        .collect()
}

fn compare(answer: &Answer, (method, path, visitor): (&str, &str, Visitor), expected: u16) {
    let place = format!("{method} {path} as {visitor:?}");
    if expected == TO_SIGN_IN {
        let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        let to = match path {
            "/" => "/user/login/".to_owned(),
            _ => format!("/user/login/?next={next}"),
        };
        assert!(answer.is_redirect_to(&to), "{place}: {answer:?}");
        return;
    }
    assert_eq!(answer.status, expected, "{place}: {}", answer.text());
    let location = answer.header("location");
    assert!(!location.starts_with("/user/login"), "{place}: {location}");
    let text = answer.text();
    if expected == 403 && visitor == Visitor::Member && path.starts_with("/organization") {
        assert!(text.contains("mailto:owner@example.com"), "{place}");
    }
    if visitor == Visitor::Other {
        assert!(!text.contains("victim@example.com"), "{place}");
    }
}

#[tokio::test]
async fn no_form_is_taken_without_the_proof_of_its_page() {
    let t = TestApp::with_legacy().await;
    let victim = t.user("victim@example.com", Role::Member).await;
    let token = t.issue(&victim, TokenKind::Key).await.0.id;
    let browser = t.browser(&t.admin().await).await;
    let before = all_events(&t).await;
    // Label Studio's clients sign out without one; another site's page cannot.
    for (_, path, form, _) in rows().filter(|row| row.0 == "POST" && row.1 != "/logout") {
        let path = address(path, &victim, &token);
        browser.form(&path, &fields(form)).await.expect(403);
    }
    assert_eq!(all_events(&t).await, before);
}
