//! `GET /api/v1/audit-events`.

use serde_json::json;

use super::{key, problem};
use crate::support::TestApp;

const EVENTS: &str = "/api/v1/audit-events";

#[tokio::test]
async fn refuses_what_is_no_filter() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    for query in [
        "since=x",
        "until=2026",
        "format=xml",
        "cursor=%2b",
        "limit=-1",
        "who=x",
    ] {
        problem(client.get(&format!("{EVENTS}?{query}")).await, 400);
    }
    let (_, read_only) = key(&t, &t.owner, &["read", "write", "tokens"]).await;
    assert_eq!(
        problem(read_only.get(EVENTS).await, 403)["code"],
        "scope_missing"
    );
}

#[tokio::test]
async fn events_are_filtered_and_paged() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    t.advance(3600);
    for name in ["one", "two", "three"] {
        client
            .post("/api/v1/tokens", &json!({"kind": "key", "name": name}))
            .await
            .expect(201);
    }
    let names = async |query: &str| {
        let page = client
            .get(&format!("{EVENTS}?action=token.issue&{query}"))
            .await
            .expect(200)
            .json();
        let names: Vec<String> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["detail"]["name"].as_str().unwrap().to_owned())
            .collect();
        (names, page["next_cursor"].clone())
    };
    let mine = "actor=owner%40example.com";
    assert_eq!(names(mine).await.0, ["three", "two", "one"]);
    let (first, cursor) = names(&format!("{mine}&limit=2")).await;
    assert_eq!(first, ["three", "two"]);
    let (rest, end) = names(&format!(
        "{mine}&limit=2&cursor={}",
        cursor.as_str().unwrap()
    ))
    .await;
    assert_eq!((rest, end.is_null()), (vec!["one".to_owned()], true));
    assert!(names("since=2026-01-02T04:04:05.678Z").await.0.len() == 3);
    assert!(
        !names("until=2026-01-02T04:04:05.678Z")
            .await
            .0
            .contains(&"one".to_owned())
    );
}

#[tokio::test]
async fn the_csv_has_no_formula_in_it() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    client
        .post(
            "/api/v1/tokens",
            &json!({"kind": "key", "name": "=HYPERLINK(\"x\")"}),
        )
        .await
        .expect(201);
    let by_query = client
        .get(&format!("{EVENTS}?format=csv&limit=1"))
        .await
        .expect(200);
    assert_eq!(by_query.header("content-type"), "text/csv; charset=utf-8");
    assert!(
        by_query
            .header("link")
            .starts_with("</api/v1/audit-events?limit=1&format=csv&cursor=")
    );
    assert!(by_query.header("link").ends_with(">; rel=\"next\""));
    let by_header = client
        .clone()
        .with("accept", "text/csv")
        .get(EVENTS)
        .await
        .expect(200);
    let text = by_header.text();
    let header = text.lines().next().unwrap();
    assert_eq!(
        header,
        "id,at,actor,actor_id,address,action,subject,organization_id,outcome,detail"
    );
    for line in text.lines().skip(1) {
        for cell in line.split("\",\"") {
            assert!(
                !cell
                    .trim_start_matches('"')
                    .starts_with(['=', '+', '-', '@']),
                "{line}"
            );
        }
    }
}

#[tokio::test]
async fn a_sign_in_is_an_event_of_whoever_signed_in_and_his_admins_see_it() {
    let t = TestApp::new().await;
    let member = t.member().await;
    t.browser(&member).await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    let path = "/api/v1/audit-events?action=session.start&actor=member@example.com";
    let events = client.get(path).await.expect(200).json();
    let events = events["items"].as_array().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["actor"], "member@example.com");
    assert_eq!(events[0]["subject"], format!("user {}", member.id));
}
