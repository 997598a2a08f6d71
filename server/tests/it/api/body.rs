//! Bodies of every form: JSON, forms, multipart, and what is none of them.

use axum::http::Method;

use crate::support::{Answer, TestApp};

async fn exchange(t: &TestApp, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
    let path = "/api/token/refresh";
    let client = t.anonymous();
    client
        .send(Method::POST, path, content_type, body.into())
        .await
}

#[tokio::test]
async fn refuses_what_is_not_json() {
    let t = TestApp::new().await;
    let json = Some("application/json");
    let deep = "[".repeat(60_000);
    for body in [
        &b"{"[..],
        b"\xff\xfe",
        b"nonsense",
        b"{\"refresh\": 'x'}",
        b"{}{}",
        deep.as_bytes(),
    ] {
        let refusal = exchange(&t, json, body).await.refusal(400);
        let why = refusal["detail"].as_str().unwrap();
        assert!(why.starts_with("JSON parse error - "), "{why}");
    }
    for body in ["[]", "1", "\"text\"", "true"] {
        let refusal = exchange(&t, json, body).await.refusal(400);
        let why = &refusal["validation_errors"]["non_field_errors"][0];
        assert!(why.as_str().unwrap().starts_with("Invalid data."), "{why}");
    }
    let refusal = exchange(&t, json, "null").await.refusal(400);
    insta::assert_compact_json_snapshot!(refusal, @r#"{"detail": "Validation error", "validation_errors": {"non_field_errors": ["No data provided"]}}"#);
}

#[tokio::test]
async fn refuses_other_media_types() {
    let t = TestApp::new().await;
    let refusal = exchange(&t, Some("text/xml"), "<a/>").await.refusal(415);
    insta::assert_compact_json_snapshot!(refusal, @r#"{"detail": "Unsupported media type \"text/xml\" in request."}"#);
    exchange(&t, None, "{}").await.refusal(415);
    let multipart = exchange(&t, Some("multipart/form-data"), "x").await;
    multipart.refusal(400);
    let broken = Some("multipart/form-data; boundary=b");
    exchange(&t, broken, "--c\r\n\r\n").await.refusal(400);
}

#[tokio::test]
async fn refuses_a_body_above_64_kib() {
    let t = TestApp::new().await;
    let most = format!("{{\"refresh\": \"{}\"}}", "x".repeat(65_536 - 15));
    assert_eq!(most.len(), 65_536);
    exchange(&t, Some("application/json"), most.clone())
        .await
        .refusal(401);
    let refusal = exchange(&t, Some("application/json"), most + " ")
        .await
        .refusal(413);
    insta::assert_compact_json_snapshot!(refusal, @r#"{"detail": "The request's body is larger than 64 KiB."}"#);
    for media_type in [
        "multipart/form-data; boundary=b",
        "application/x-www-form-urlencoded",
        "text/plain",
    ] {
        let large = vec![b'x'; 1 << 20];
        exchange(&t, Some(media_type), large).await.refusal(413);
    }
}

#[tokio::test]
async fn refuses_answers_that_are_not_json() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await.with("accept", "text/html");
    insta::assert_compact_json_snapshot!(client.get("/api/users").await.refusal(406), @r#"{"detail": "Could not satisfy the request Accept header."}"#);
}

#[tokio::test]
async fn refuses_a_method_and_says_which_there_are() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let answer = client
        .send(Method::PUT, "/api/token", None, Vec::new())
        .await;
    assert_eq!(answer.header("allow"), "GET, POST, HEAD, OPTIONS");
    insta::assert_compact_json_snapshot!(answer.refusal(405), @r#"{"detail": "Method \"PUT\" not allowed."}"#);
    let brew = Method::from_bytes(b"BREW").unwrap();
    client
        .send(brew, "/api/token", None, Vec::new())
        .await
        .refusal(405);
}

#[tokio::test]
async fn takes_a_form_multipart_and_the_last_of_two() {
    let t = TestApp::new().await;
    let token = t.personal(&t.owner).await;
    let form = Some("application/x-www-form-urlencoded; charset=utf-8");
    let body = format!("refresh=first&refresh={token}");
    exchange(&t, form, body).await.expect(200);
    let body = format!("{{\"refresh\": \"first\", \"refresh\": \" {token} \"}}");
    exchange(&t, Some("Application/JSON; charset=utf-8"), body)
        .await
        .expect(200);
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"refresh\"\r\n\r\n{token}\r\n--b--\r\n"
    );
    let multipart = Some("multipart/form-data; boundary=b");
    exchange(&t, multipart, body).await.expect(200);
}

#[tokio::test]
async fn describes_itself_to_options() {
    let t = TestApp::new().await;
    let answer = exchange_options(&t).await.expect(200);
    assert_eq!(answer.header("allow"), "POST, OPTIONS");
    insta::assert_json_snapshot!(answer.json(), @r#"
    {
      "name": "Decorated Token Refresh",
      "description": "",
      "renders": [
        "application/json"
      ],
      "parses": [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data"
      ],
      "actions": {
        "POST": {
          "refresh": {
            "type": "string",
            "required": true,
            "read_only": false,
            "label": "Refresh"
          },
          "access": {
            "type": "string",
            "required": false,
            "read_only": true,
            "label": "Access"
          }
        }
      }
    }
    "#);
}

async fn exchange_options(t: &TestApp) -> Answer {
    let path = "/api/token/refresh";
    t.anonymous()
        .send(Method::OPTIONS, path, None, Vec::new())
        .await
}
