//! Working in another of one's organizations.

use keybearer::domain::access::Role;

use super::{events, join, words};
use crate::support::TestApp;

const PATH: &str = "/user/organization";

#[tokio::test]
async fn refuses_organizations_of_others() {
    let t = TestApp::new().await;
    let (others, _) = t.other_organization().await;
    let browser = t.browser(&t.owner).await;
    for id in [others.id.to_string().as_str(), "999", "-1", "x", ""] {
        browser
            .submit(PATH, &[("organization", id)])
            .await
            .expect(404);
    }
    let whoami = browser.get("/api/current-user/whoami").await.json();
    assert_eq!(whoami["active_organization"], 1);
    assert!(events(&t, "user.organization").await.is_empty());
    assert!(
        !browser
            .get("/organization")
            .await
            .text()
            .contains("name=\"organization\"")
    );
}

#[tokio::test]
async fn refuses_an_organization_that_one_was_removed_from() {
    let t = TestApp::new().await;
    let (others, others_owner) = t.other_organization().await;
    join(&t, &t.owner, others.id, Role::Admin).await;
    let theirs = t.browser(&others_owner).await;
    let remove = format!("/organization/members/{}/remove", t.owner.id);
    theirs.submit(&remove, &[]).await.expect(302);
    let browser = t.browser(&t.owner).await;
    let id = others.id.to_string();
    browser
        .submit(PATH, &[("organization", &id)])
        .await
        .expect(404);
}

#[tokio::test]
async fn everything_is_that_of_the_other_organization_afterwards() {
    let t = TestApp::new().await;
    let (others, _) = t.other_organization().await;
    join(&t, &t.owner, others.id, Role::Member).await;
    let browser = t.browser(&t.owner).await;
    let page = browser.get("/organization").await.expect(200);
    assert!(
        page.text()
            .contains("<option value=\"2\">The others</option>")
    );
    assert!(browser.get(PATH).await.is_redirect_to("/"));
    let id = others.id.to_string();
    let switched = browser.submit(PATH, &[("organization", &id)]).await;
    assert!(switched.is_redirect_to("/"));
    // He is a member there and no more.
    let page = browser.get("/organization").await.expect(403);
    assert!(words(&page).contains("Member of The others"));
    let event = events(&t, "user.organization").await.remove(0);
    assert_eq!(event.detail, "{\"organization\":2}");
    browser
        .submit(PATH, &[("organization", "1")])
        .await
        .expect(302);
    browser.get("/organization").await.expect(200);
}
