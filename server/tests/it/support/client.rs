//! Asks the router as a client on the network would, and reads its answers.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Where clients are, unless a test moves them.
const ADDRESS: &str = "203.0.113.7:50000";

/// A client with headers that it sends each time.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    headers: Vec<(String, Vec<u8>)>,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn new(router: Router) -> Self {
        Self {
            router,
            headers: Vec::new(),
            address: ADDRESS.parse().unwrap(),
        }
    }

    /// The same client, with one header more.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.with_bytes(name, value.as_bytes())
    }

    /// The same client, with one header more, whose value need not be text.
    pub(crate) fn with_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same client, at another address.
    pub(crate) fn at(mut self, address: &str) -> Self {
        self.address = SocketAddr::new(address.parse().unwrap(), 50000);
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let body = body.to_string().into_bytes();
        self.send(method, path, Some("application/json"), body)
            .await
    }

    /// Sends a form, as a browser does.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let form = Some("application/x-www-form-urlencoded");
        self.send(Method::POST, path, form, body.into_bytes()).await
    }

    /// Sends a form of a page that this browser has seen.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let proof = [("csrfmiddlewaretoken", super::CSRF)];
        self.form(path, &[&proof[..], fields].concat()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends `request` as it is, this client's own headers left out.
    pub(crate) async fn ask(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}

impl Answer {
    /// Passes if the status is that one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The body, which must be JSON and say so.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/json",
            "{}",
            self.text()
        );
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What a refusal says, beside the keys that every one has: those are checked in here.
    #[track_caller]
    pub(crate) fn refusal(self, status: u16) -> Value {
        let answer = self.expect(status);
        let mut body = answer.json();
        let fields = body.as_object_mut().unwrap();
        let keys: Vec<&str> = fields.keys().take(5).map(String::as_str).collect();
        let usual = ["id", "status_code", "version", "detail", "exc_info"];
        assert_eq!(keys, usual, "{}", answer.text());
        let id = fields.shift_remove("id").unwrap();
        assert_eq!(id.as_str().unwrap().len(), 36);
        assert_eq!(fields.shift_remove("status_code").unwrap(), status);
        assert_eq!(fields.shift_remove("version").unwrap(), "1.23.2");
        assert!(fields.shift_remove("exc_info").unwrap().is_null());
        let code = fields.get("code").and_then(Value::as_str);
        let docs = code.map(|code| format!("http://keys.example.com/docs/refusals#{code}"));
        let told = fields.shift_remove("docs");
        assert_eq!(told.as_ref().and_then(Value::as_str), docs.as_deref());
        body
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default()
    }

    /// A header's values, in their order.
    pub(crate) fn header_lines(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// The `Set-Cookie` line of a cookie.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<&str> {
        let lines = self.header_lines("set-cookie");
        let start = format!("{name}=");
        lines.into_iter().find(|line| line.starts_with(&start))
    }

    /// The value that a cookie is set to.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let (_, value) = self.set_cookie(name)?.split(';').next()?.split_once('=')?;
        Some(value)
    }

    pub(crate) fn is_redirect_to(&self, path: &str) -> bool {
        self.status == StatusCode::FOUND.as_u16() && self.header("location") == path
    }
}
