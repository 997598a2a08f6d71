//! Another name for the organization.

use super::{updates, words};
use crate::support::TestApp;

#[tokio::test]
async fn refuses_no_name_and_keeps_what_was_typed() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let page = browser
        .submit("/organization/title", &[("title", "  ")])
        .await;
    let page = page.expect(200);
    assert!(words(&page).contains("This field may not be blank."));
    assert!(
        page.text()
            .contains("aria-invalid=\"true\" aria-describedby=\"title-fault\"")
    );
    let long = format!("<{}", "x".repeat(1000));
    let page = browser
        .submit("/organization/title", &[("title", &long)])
        .await;
    assert!(
        page.expect(200)
            .text()
            .contains(&long.replace('<', "value=\"&#60;"))
    );
    assert_eq!(updates(&t, "title").await, 0);
}

#[tokio::test]
async fn the_new_name_stands_on_the_organizations_page() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let saved = browser
        .submit("/organization/title", &[("title", "Engines & Co")])
        .await;
    assert!(saved.is_redirect_to("/organization?done=title"));
    let page = browser.get(saved.header("location")).await.expect(200);
    assert!(words(&page).contains("The organization has its new name."));
    assert!(page.text().contains("Engines &#38; Co"));
}
