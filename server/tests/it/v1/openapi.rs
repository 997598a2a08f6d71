//! The description of the interface, and its page.

use serde_json::Value;

use super::{TABLE, routes};
use crate::support::TestApp;

#[tokio::test]
async fn every_route_is_in_the_description_and_nothing_else() {
    let t = TestApp::new().await;
    let document = t
        .anonymous()
        .get("/api/v1/openapi.json")
        .await
        .expect(200)
        .json();
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut there = routes(TABLE);
    there.retain(|(_, path)| path.starts_with("/api/v1/"));
    there.sort();
    described.sort();
    assert_eq!(described, there);
}

#[tokio::test]
async fn every_operation_has_its_name_its_errors_and_its_ways_in() {
    let t = TestApp::new().await;
    let document = t
        .anonymous()
        .get("/api/v1/openapi.json")
        .await
        .expect(200)
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "http://keys.example.com");
    let mut names = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(
                !operation["summary"].as_str().unwrap().is_empty(),
                "{method} {path}"
            );
            if operation["security"] == serde_json::json!([{}]) {
                continue;
            }
            let refused = &operation["responses"]["401"]["content"]["application/problem+json"]["schema"]
                ["$ref"];
            assert_eq!(refused, "#/components/schemas/Problem", "{method} {path}");
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "operation ids are not unique");
    let schemes: Vec<&String> = document["components"]["securitySchemes"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(schemes, ["api_key", "bearer", "session"]);
    // Every reference leads somewhere.
    let text = document.to_string();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(
            !matches!(document["components"]["schemas"][name], Value::Null),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_page_names_every_route_and_loads_nothing_from_elsewhere() {
    let t = TestApp::new().await;
    let page = t.anonymous().get("/api/v1/docs").await.expect(200);
    for (method, path) in routes(TABLE) {
        let is_there = page
            .text()
            .contains(&format!("<code>{method} {path}</code>"));
        assert!(is_there || !path.starts_with("/api/v1/"), "{method} {path}");
    }
    assert!(!page.text().contains("src=\"http") && !page.text().contains("href=\"http"));
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
}
