//! The list of members.

use keybearer::domain::access::Role;
use keybearer::domain::policy::PolicyChange;
use keybearer::domain::tokens;
use keybearer::domain::upkeep;
use keybearer::domain::users::User;
use keybearer::domain::users::changing::{self, UserChange};
use keybearer_verify::TokenKind;

use super::{join, words};
use crate::support::TestApp;

async fn name(t: &TestApp, user: &User, first: &str, last: &str) {
    let change = UserChange {
        first_name: Some(first.into()),
        last_name: Some(last.into()),
        ..UserChange::default()
    };
    let named = changing::update(&t.app, &t.operator(), user.id, change).await;
    named.unwrap();
}

#[tokio::test]
async fn refuses_members_and_says_whom_to_ask() {
    let t = TestApp::new().await;
    let member = t.browser(&t.member().await).await;
    let page = member.get("/organization").await.expect(403);
    assert!(words(&page).contains("Whom to ask: owner@example.com"));
    assert!(
        !page.text().contains("href=\"/organization\""),
        "no entry leads there"
    );
    let stranger = t.anonymous().get("/organization?q=a&page=2").await;
    assert!(stranger.is_redirect_to("/user/login/?next=%2Forganization%3Fq%3Da%26page%3D2"));
}

#[tokio::test]
async fn members_of_other_organizations_and_removed_ones_are_not_there() {
    let t = TestApp::new().await;
    let (_, others) = t.other_organization().await;
    let member = t.member().await;
    let browser = t.browser(&t.owner).await;
    assert!(words(&browser.get("/organization").await).contains("1–2 of 2 members"));
    let remove = format!("/organization/members/{}/remove", member.id);
    browser.submit(&remove, &[]).await.expect(302);
    let page = words(&browser.get("/organization").await);
    assert!(page.contains("1–1 of 1 member"), "{page}");
    assert!(!page.contains(&others.email) && !page.contains(&member.email));
    let theirs = words(&t.browser(&others).await.get("/organization").await);
    assert!(theirs.contains(&others.email) && !theirs.contains("owner@example.com"));
}

#[tokio::test]
async fn only_live_tokens_of_this_organization_are_counted() {
    let t = TestApp::with_legacy().await;
    let member = t.member().await;
    let (others, _) = t.other_organization().await;
    let browser = t.browser(&t.owner).await;
    let live = async || {
        let page = words(&browser.get("/organization?q=member@").await);
        let (_, rest) = page.split_once("member@example.com Member ").unwrap();
        rest.split_once(" 1–1").unwrap().0.to_owned()
    };
    // A new account has its legacy token.
    assert_eq!(live().await, "just now 1");
    t.issue(&member, TokenKind::Personal).await;
    let (key, _) = t.issue(&member, TokenKind::Key).await;
    let (expiring, _) = t.issue(&member, TokenKind::Key).await;
    assert_eq!(live().await, "just now 4");
    tokens::revoke(&t.app, &t.operator(), &key.id)
        .await
        .unwrap();
    assert_eq!(live().await, "just now 3");
    // One of another organization, where he works for a moment.
    join(&t, &member, others.id, Role::Member).await;
    for id in [others.id, 1] {
        let moved = format!(
            "update users set active_organization_id = {id} where id = {}",
            member.id
        );
        t.database.meddle(&moved).await;
        if id == others.id {
            t.issue(&member, TokenKind::Key).await;
        }
    }
    assert_eq!(live().await, "just now 3");
    let sql = format!(
        "update tokens set expires_at = created_at + 60000 where id = '{}'",
        expiring.id
    );
    t.database.meddle(&sql).await;
    assert_eq!(live().await, "just now 3");
    t.advance(60);
    assert_eq!(live().await, "1 minute ago 2");
    // The legacy token is as good as none while its kind is switched off.
    let off = PolicyChange {
        legacy_enabled: Some(false),
        ..PolicyChange::default()
    };
    t.change_settings(off).await;
    assert_eq!(live().await, "1 minute ago 1");
}

#[tokio::test]
async fn last_activity_is_the_last_use_of_a_token_if_that_is_newer() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (_, text) = t.issue(&member, TokenKind::Key).await;
    t.advance(3600);
    t.token(&text).get("/api/users").await.expect(200);
    upkeep::flush(&t.app).await.unwrap();
    t.advance(240);
    let browser = t.browser(&t.owner).await;
    let page = words(&browser.get("/organization").await);
    assert!(
        page.contains("member@example.com Member 4 minutes ago 1"),
        "{page}"
    );
    assert!(
        page.contains("owner@example.com You Owner 1 hour ago 0"),
        "{page}"
    );
}

#[tokio::test]
async fn names_are_text_and_the_deactivated_are_marked() {
    let t = TestApp::new().await;
    let member = t.member().await;
    name(&t, &member, "<b>Grace", "Hopper").await;
    changing::set_active(&t.app, &t.operator(), member.id, false)
        .await
        .unwrap();
    let browser = t.browser(&t.owner).await;
    let page = browser.get("/organization").await;
    let link = format!(
        "href=\"/organization/members/{}\">&#60;b&#62;Grace Hopper</a>",
        member.id
    );
    assert!(page.text().contains(&link));
    assert!(words(&page).contains("Hopper Deactivated member@example.com Member"));
}

#[tokio::test]
async fn members_are_found_by_a_part_of_name_or_address() {
    let t = TestApp::new().await;
    let member = t.member().await;
    name(&t, &member, "Grace", "Hopper").await;
    let browser = t.browser(&t.owner).await;
    for (search, found) in [
        ("ACE%20hop", true),
        ("MEMBER%40", true),
        ("%20%20grace%20", true),
        ("%25", false),
        ("_ember", false),
        ("nobody", false),
        ("%00", false),
        ("%27", false),
    ] {
        let page = browser.get(&format!("/organization?q={search}")).await;
        let page = words(&page.expect(200));
        assert_eq!(page.contains("Grace Hopper"), found, "{search}: {page}");
    }
    let page = browser.get("/organization?q=%3Cb%3E%22").await;
    assert!(
        page.text().contains("value=\"&#60;b&#62;&#34;\""),
        "it stays in its field"
    );
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let t = TestApp::new().await;
    for number in 0..50 {
        t.user(&format!("m{number:02}@example.com"), Role::Member)
            .await;
    }
    let browser = t.browser(&t.owner).await;
    let page = browser.get("/organization").await;
    let text = words(&page);
    assert!(text.contains("1–50 of 51 members Next"), "{text}");
    assert!(page.text().contains("href=\"/organization?q=&#38;page=2\""));
    let last = words(&browser.get("/organization?q=&page=2").await);
    assert!(last.contains("Previous 51–51 of 51 members"), "{last}");
    assert!(last.contains("owner@example.com") && !last.contains("m49@"));
    for past in ["3", "9223372036854775807", "99999999999999999999"] {
        let page = browser.get(&format!("/organization?page={past}")).await;
        assert!(
            words(&page.expect(200)).contains("nobody on this page"),
            "{past}"
        );
    }
    for first in ["0", "-1", "x", ""] {
        let page = browser.get(&format!("/organization?page={first}")).await;
        assert!(words(&page.expect(200)).contains("1–50 of 51"), "{first}");
    }
}

#[tokio::test]
async fn a_member_of_two_organizations_has_the_role_of_each() {
    let t = TestApp::new().await;
    let (others, user) = t.other_organization().await;
    join(&t, &user, 1, Role::Member).await;
    let ours = words(&t.browser(&t.owner).await.get("/organization").await);
    assert!(ours.contains("others@example.com Member"), "{ours}");
    let theirs = words(&t.browser(&user).await.get("/organization").await);
    assert!(theirs.contains("others@example.com You Owner"), "{theirs}");
    assert_eq!(others.id, 2);
}

#[tokio::test]
async fn below_a_path_every_link_and_form_is_below_it() {
    let t =
        TestApp::with(|settings| settings.public_url = Some("https://example.com/keys/".into()))
            .await;
    let member = t.member().await;
    let browser = t.browser(&t.owner).await;
    let one = format!("/organization/members/{}", member.id);
    let remove = format!("{one}/remove");
    let mut seen = 0;
    for path in [
        "/organization",
        "/organization/title",
        "/organization/invite",
        "/organization/settings",
        &one,
        &remove,
    ] {
        let html = browser
            .get(&format!("/keys{path}"))
            .await
            .expect(200)
            .text();
        for start in [" href=\"", " action=\"", " src=\""] {
            for address in html.split(start).skip(1) {
                let below = address.starts_with("/keys/") || address.starts_with("#main");
                assert!(below, "{path}: {address:.80}");
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen}");
    let removed = browser.submit(&format!("/keys{remove}"), &[]).await;
    assert!(removed.is_redirect_to("/keys/organization?done=removed"));
}
