//! The invite link, as programs see it; `ui/sign_up` follows it.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn refuses_strangers_and_members() {
    let t = TestApp::new().await;
    let member = t.client(&t.member().await).await;
    t.anonymous().get("/api/invite").await.refusal(401);
    let reset = "/api/invite/reset-token";
    t.anonymous().post(reset, &json!({})).await.refusal(401);
    member.get("/api/invite").await.refusal(403);
    member.post(reset, &json!({})).await.refusal(403);
}

#[tokio::test]
async fn refuses_to_show_another_organizations() {
    let t = TestApp::new().await;
    let (_, other) = t.other_organization().await;
    let theirs = t.client(&other).await.get("/api/invite").await.json();
    let ours = t.client(&t.owner).await.get("/api/invite").await.json();
    assert_eq!(theirs["token"], "the others' invite");
    assert_ne!(theirs, ours);
}

#[tokio::test]
async fn shows_and_resets_it() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let first = owner.get("/api/invite/").await.expect(200).json();
    insta::assert_json_snapshot!(first, @r#"
    {
      "token": "YN0kfCaHRYHjDtfJ8Mx1SsdKHiPwB6H7Go3ItLqo",
      "invite_url": "/user/signup/?token=YN0kfCaHRYHjDtfJ8Mx1SsdKHiPwB6H7Go3ItLqo"
    }
    "#);
    assert_eq!(owner.get("/api/invite").await.json(), first);
    let answer = owner.post("/api/invite/reset-token/", &json!({})).await;
    let second = answer.expect(201).json();
    assert_ne!(first["token"], second["token"]);
    let admin = t.client(&t.admin().await).await;
    assert_eq!(admin.get("/api/invite").await.json(), second);
}
