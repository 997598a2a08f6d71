//! The members of an organization.

use keybearer::domain::access::Role;
use serde_json::{Value, json};

use crate::support::TestApp;

const ALL: &str = "/api/organizations/1/memberships";

#[tokio::test]
async fn refuses_a_stranger() {
    let t = TestApp::new().await;
    let client = t.anonymous();
    client.get(ALL).await.refusal(401);
    client.get(&format!("{ALL}/1")).await.refusal(401);
    client.delete(&format!("{ALL}/1")).await.refusal(401);
}

#[tokio::test]
async fn refuses_a_member_to_remove_anybody() {
    let t = TestApp::new().await;
    let client = t.client(&t.member().await).await;
    let admin = t.admin().await;
    let path = format!("{ALL}/{}", admin.id);
    let answer = client.delete(&path).await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"{"detail": "You do not have permission to perform this action. It takes the role admin or owner; yours is member."}"#);
    client.get(&path).await.expect(200);
}

#[tokio::test]
async fn refuses_another_organization() {
    let t = TestApp::new().await;
    let (organization, other) = t.other_organization().await;
    let client = t.client(&other).await;
    client.get(ALL).await.refusal(404);
    client.get(&format!("{ALL}/1")).await.refusal(404);
    client.delete(&format!("{ALL}/1")).await.refusal(404);
    // Nor is a member of the first one of the second.
    let path = format!("/api/organizations/{}/memberships/1", organization.id);
    let answer = client.get(&path).await;
    insta::assert_compact_json_snapshot!(answer.refusal(404), @r#"{"detail": "No OrganizationMember matches the given query."}"#);
    let answer = client.delete(&path).await;
    insta::assert_compact_json_snapshot!(answer.refusal(404), @r#"{"detail": "No User matches the given query."}"#);
}

#[tokio::test]
async fn refuses_to_remove_oneself_or_the_owner() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let answer = owner.delete(&format!("{ALL}/1")).await.expect(405);
    assert_eq!(
        answer.text(),
        r#"{"detail":"User cannot soft delete self"}"#
    );
    let admin = t.client(&t.admin().await).await;
    let answer = admin.delete(&format!("{ALL}/1")).await;
    insta::assert_compact_json_snapshot!(answer.refusal(403), @r#"{"detail": "An owner cannot be removed. Change the role first."}"#);
}

#[tokio::test]
async fn refuses_pages_that_are_none() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    for page in ["0", "-1", "x", "1.5"] {
        let answer = client.get(&format!("{ALL}?page={page}")).await;
        assert_eq!(answer.refusal(404)["detail"], "Invalid page.", "{page}");
    }
}

#[tokio::test]
async fn shows_and_removes_a_member() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let owner = t.client(&t.owner).await;
    let path = format!("{ALL}/{}", member.id);
    let shown = owner.get(&path).await.expect(200).json();
    insta::assert_json_snapshot!(shown, @r#"
    {
      "user": 2,
      "organization": 1,
      "contributed_projects_count": 0,
      "annotations_count": 0,
      "created_at": "2026-01-02T03:04:05.678000Z",
      "created_projects": null,
      "contributed_to_projects": null
    }
    "#);
    owner.delete(&format!("{path}/")).await.expect(204);
    owner.get(&path).await.refusal(404);
    owner.delete(&path).await.refusal(404);
    assert_eq!(owner.get(ALL).await.json()["count"], 1);
}

#[tokio::test]
async fn lists_members() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await.with("host", "keys.example.com");
    let one = owner.get(&format!("{ALL}/")).await.expect(200).json();
    insta::assert_json_snapshot!(one, @r#"
    {
      "count": 1,
      "next": null,
      "previous": null,
      "results": [
        {
          "id": 1,
          "organization": 1,
          "user": {
            "id": 1,
            "first_name": "",
            "last_name": "",
            "username": "owner",
            "email": "owner@example.com",
            "last_activity": "2026-01-02T03:04:05.678000Z",
            "custom_hotkeys": {},
            "avatar": null,
            "initials": "ow",
            "phone": "",
            "active_organization": 1,
            "active_organization_meta": {
              "title": "Label Studio",
              "email": "owner@example.com"
            },
            "allow_newsletters": false,
            "date_joined": "2026-01-02T03:04:05.678000Z",
            "created_projects": null,
            "contributed_to_projects": null
          },
          "created_projects": null,
          "contributed_to_projects": null
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn numbers_and_links_its_pages() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await.with("host", "keys.example.com");
    for number in 2..=5 {
        t.user(&format!("m{number}@example.com"), Role::Member)
            .await;
    }
    let page = async |page: i64| {
        let path = format!("{ALL}?page_size=2&page={page}");
        let mut body = owner.get(&path).await.expect(200).json();
        let users: Value = body["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["user"]["id"].clone())
            .collect();
        body["results"] = users;
        body
    };
    insta::assert_json_snapshot!(page(1).await, @r#"
    {
      "count": 5,
      "next": "http://keys.example.com/api/organizations/1/memberships?page=2&page_size=2",
      "previous": null,
      "results": [
        2,
        3
      ]
    }
    "#);
    insta::assert_json_snapshot!(page(2).await, @r#"
    {
      "count": 5,
      "next": "http://keys.example.com/api/organizations/1/memberships?page=3&page_size=2",
      "previous": "http://keys.example.com/api/organizations/1/memberships?page_size=2",
      "results": [
        4,
        5
      ]
    }
    "#);
    insta::assert_json_snapshot!(page(3).await, @r#"
    {
      "count": 5,
      "next": null,
      "previous": "http://keys.example.com/api/organizations/1/memberships?page=2&page_size=2",
      "results": [
        1
      ]
    }
    "#);
    // The SDK's pager asks on until a page is empty.
    assert_eq!(page(4).await["results"], json!([]));
    assert_eq!(page(i64::MAX).await["results"], json!([]));
}
