//! Adding members by the invite link.

use super::{updates, words};
use crate::support::{Answer, TestApp};

/// The link that the page shows.
fn link(page: &Answer) -> String {
    let html = page.text();
    let (_, rest) = html.split_once("id=\"invite-link\"").unwrap();
    let (_, rest) = rest.split_once("value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn refuses_the_link_to_members() {
    let t = TestApp::new().await;
    let owners = t.browser(&t.owner).await;
    let link = link(&owners.get("/organization/invite").await);
    let (_, secret) = link.split_once("token=").unwrap();
    let member = t.browser(&t.member().await).await;
    for path in ["/organization", "/organization/invite"] {
        let page = member.get(path).await.expect(403);
        assert!(!page.text().contains(secret), "{path}");
    }
    member.submit("/organization/invite", &[]).await.expect(403);
    assert_eq!(updates(&t, "invite").await, 0);
}

#[tokio::test]
async fn the_link_is_whole_and_lets_people_in() {
    let t =
        TestApp::with(|settings| settings.public_url = Some("https://example.com/keys/".into()))
            .await;
    let owner = t.browser(&t.owner).await;
    let page = owner.get("/organization").await.expect(200);
    let shown = link(&page);
    assert_eq!(link(&owner.get("/organization/invite").await), shown);
    let path = shown.strip_prefix("https://example.com").unwrap();
    assert!(path.starts_with("/keys/user/signup/?token="), "{path}");
    t.anonymous().get(path).await.expect(200);
}

#[tokio::test]
async fn a_reset_link_is_dead_and_another_takes_its_place() {
    let t = TestApp::new().await;
    let owner = t.browser(&t.owner).await;
    let path = |link: &str| link.replace("http://keys.example.com", "");
    let old = path(&link(&owner.get("/organization").await));
    let reset = owner.submit("/organization/invite", &[]).await;
    assert!(reset.is_redirect_to("/organization/invite?done=invite"));
    let page = owner.get(reset.header("location")).await.expect(200);
    assert!(words(&page).contains("The old one no longer works."));
    let new = path(&link(&page));
    assert_ne!(new, old);
    t.anonymous().get(&old).await.expect(403);
    t.anonymous().get(&new).await.expect(200);
}
