//! One member: role, account, tokens, membership.

use keybearer::domain::access::Role;
use keybearer::domain::users::User;
use keybearer_verify::TokenKind;

use super::{events, join, words};
use crate::support::TestApp;

const CHANGES: [(&str, &[(&str, &str)]); 4] = [
    ("role", &[("role", "admin")]),
    ("account", &[("account", "deactivated")]),
    ("revoke", &[]),
    ("remove", &[]),
];

fn path(user: &User, what: &str) -> String {
    format!("/organization/members/{}/{what}", user.id)
}

#[tokio::test]
async fn refuses_to_know_members_of_other_organizations() {
    let t = TestApp::new().await;
    let (_, others) = t.other_organization().await;
    let (_, text) = t.issue(&others, TokenKind::Key).await;
    let browser = t.browser(&t.owner).await;
    let nobody = browser.get("/organization/members/999").await.expect(404);
    let there = browser.get(&path(&others, "")).await.expect(404);
    assert_eq!(words(&there), words(&nobody));
    for (what, fields) in CHANGES {
        browser.get(&path(&others, what)).await.expect(404);
        browser
            .submit(&path(&others, what), fields)
            .await
            .expect(404);
    }
    t.token(&text).get("/api/users").await.expect(200);
    for odd in ["x", "1x", "-1", "0", "99999999999999999999", "%00"] {
        browser
            .get(&format!("/organization/members/{odd}"))
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn refuses_members_even_their_own_page() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (_, text) = t.issue(&member, TokenKind::Key).await;
    let browser = t.browser(&member).await;
    browser.get(&path(&member, "")).await.expect(403);
    for (what, fields) in CHANGES {
        for user in [&member, &t.owner] {
            let page = browser.get(&path(user, what)).await.expect(403);
            assert!(words(&page).contains("owner@example.com"), "{what}");
            browser.submit(&path(user, what), fields).await.expect(403);
        }
    }
    t.token(&text).get("/api/users").await.expect(200);
}

#[tokio::test]
async fn refuses_an_admin_who_reaches_above_himself() {
    let t = TestApp::new().await;
    let admin = t.browser(&t.admin().await).await;
    let second = t.user("second@example.com", Role::Owner).await;
    let page = words(&admin.get(&path(&second, "")).await.expect(200));
    assert!(page.contains("Only an owner can change an owner's role."));
    assert!(
        !page.contains("Deactivate") && !page.contains("Remove"),
        "{page}"
    );
    for (what, fields) in [
        ("role", [("role", "member")]),
        ("account", [("account", "deactivated")]),
        ("account", [("account", "active")]),
        ("remove", [("", "")]),
    ] {
        admin
            .submit(&path(&second, what), &fields)
            .await
            .expect(403);
    }
    // Nor does he make owners.
    let member = t.member().await;
    let page = admin.get(&path(&member, "")).await.text();
    assert!(page.contains("value=\"admin\"") && !page.contains("value=\"owner\""));
    let page = admin
        .submit(&path(&member, "role"), &[("role", "owner")])
        .await;
    assert!(words(&page.expect(403)).contains("Only an owner can make an owner."));
    assert!(events(&t, "member.role").await.is_empty());
    assert!(events(&t, "user.deactivate").await.is_empty());
}

#[tokio::test]
async fn refuses_to_leave_an_organization_without_an_owner() {
    let t = TestApp::new().await;
    let owner = t.browser(&t.owner).await;
    let page = owner
        .submit(&path(&t.owner, "role"), &[("role", "admin")])
        .await;
    assert!(words(&page.expect(403)).contains("This is the organization's only owner."));
    let page = words(&owner.get(&path(&t.owner, "")).await.expect(200));
    assert!(
        !page.contains("Deactivate") && !page.contains("Remove from"),
        "{page}"
    );
    let answer = owner
        .submit(&path(&t.owner, "account"), &[("account", "deactivated")])
        .await;
    assert!(words(&answer.expect(409)).contains("You cannot deactivate your own account."));
    owner.get(&path(&t.owner, "remove")).await.expect(409);
    let answer = owner
        .submit(&path(&t.owner, "remove"), &[])
        .await
        .expect(409);
    assert!(words(&answer).contains("You cannot remove yourself."));
    let second = t.user("second@example.com", Role::Owner).await;
    let answer = owner
        .submit(&path(&second, "remove"), &[])
        .await
        .expect(403);
    assert!(words(&answer).contains("An owner cannot be removed. Change the role first."));
}

#[tokio::test]
async fn refuses_to_deactivate_an_account_that_is_others_too() {
    let t = TestApp::new().await;
    let (_, others) = t.other_organization().await;
    // He works there, where he is the only owner; here he is a member.
    join(&t, &others, 1, Role::Member).await;
    let owner = t.browser(&t.owner).await;
    for account in ["deactivated", "active"] {
        let page = owner
            .submit(&path(&others, "account"), &[("account", account)])
            .await;
        assert!(words(&page.expect(403)).contains("belongs to other organizations too"));
    }
    t.browser(&others)
        .await
        .get("/organization")
        .await
        .expect(200);
}

#[tokio::test]
async fn an_owner_who_works_elsewhere_is_still_above_an_admin() {
    let t = TestApp::new().await;
    let (_, others) = t.other_organization().await;
    join(&t, &others, 1, Role::Owner).await;
    let admin = t.browser(&t.admin().await).await;
    let page = admin
        .submit(&path(&others, "account"), &[("account", "deactivated")])
        .await;
    assert!(words(&page.expect(403)).contains("Only an owner can do this to an owner."));
}

#[tokio::test]
async fn refuses_words_that_are_no_choice() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let owner = t.browser(&t.owner).await;
    let page = owner
        .submit(&path(&member, "role"), &[("role", "god")])
        .await;
    assert!(words(&page.expect(200)).contains("Choose one of the roles."));
    let page = owner.submit(&path(&member, "account"), &[]).await;
    assert!(words(&page.expect(200)).contains("Choose whether the account is active."));
}

#[tokio::test]
async fn a_role_is_changed() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let owner = t.browser(&t.owner).await;
    let changed = owner
        .submit(&path(&member, "role"), &[("role", "admin")])
        .await;
    let page = format!("/organization/members/{}", member.id);
    assert!(changed.is_redirect_to(&format!("{page}?done=role")));
    let page = owner.get(changed.header("location")).await.expect(200);
    assert!(words(&page).contains("The role is changed."));
    assert!(page.text().contains("value=\"admin\" checked"));
    t.browser(&member)
        .await
        .get("/organization")
        .await
        .expect(200);
    // No other word makes a page say anything.
    let page = owner.get(&format!("{}?done=x", path(&member, ""))).await;
    assert!(!page.text().contains("role=\"status\""));
}

#[tokio::test]
async fn a_deactivated_account_stops_and_works_again_when_it_is_active() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (_, text) = t.issue(&member, TokenKind::Key).await;
    let owner = t.browser(&t.owner).await;
    let account = path(&member, "account");
    let done = owner.submit(&account, &[("account", "deactivated")]).await;
    assert!(done.header("location").ends_with("?done=deactivated"));
    t.token(&text).get("/api/users").await.refusal(401);
    let page = words(&owner.get(&path(&member, "")).await);
    assert!(page.contains("Deactivated") && page.contains("Activate"));
    let done = owner.submit(&account, &[("account", "active")]).await;
    assert!(done.header("location").ends_with("?done=activated"));
    t.token(&text).get("/api/users").await.expect(200);
}

#[tokio::test]
async fn all_tokens_of_a_member_are_revoked_after_a_question() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (_, first) = t.issue(&member, TokenKind::Key).await;
    let (_, second) = t.issue(&member, TokenKind::Personal).await;
    let owner = t.browser(&t.owner).await;
    let page = owner.get(&path(&member, "")).await;
    let tokens = "href=\"/organization/tokens?owner=member%40example.com\"";
    assert!(page.text().contains(tokens));
    let page = words(&owner.get(&path(&member, "revoke")).await.expect(200));
    assert!(
        page.contains("Revoke all tokens of member@example.com?"),
        "{page}"
    );
    assert!(page.contains("2 live tokens stop at once. None was ever used."));
    t.token(&first).get("/api/users").await.expect(200);
    let done = owner.submit(&path(&member, "revoke"), &[]).await;
    assert!(done.header("location").ends_with("?done=revoked"));
    t.token(&first).get("/api/users").await.refusal(401);
    t.bearer(&second).get("/api/users").await.refusal(401);
    t.browser(&member).await.get("/api/users").await.expect(200);
    let page = words(&owner.get(&path(&member, "")).await);
    assert!(page.contains("No live token."), "{page}");
}

#[tokio::test]
async fn a_member_is_removed_after_a_question() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (_, text) = t.issue(&member, TokenKind::Key).await;
    let owner = t.browser(&t.owner).await;
    let page = words(&owner.get(&path(&member, "remove")).await.expect(200));
    assert!(
        page.contains("Remove member@example.com from the organization?"),
        "{page}"
    );
    assert!(page.contains("1 live token stops at once."), "{page}");
    t.token(&text).get("/api/users").await.expect(200);
    let done = owner.submit(&path(&member, "remove"), &[]).await;
    assert!(done.is_redirect_to("/organization?done=removed"));
    t.token(&text).get("/api/users").await.refusal(401);
    owner.get(&path(&member, "")).await.expect(404);
    owner
        .submit(&path(&member, "remove"), &[])
        .await
        .expect(404);
}
