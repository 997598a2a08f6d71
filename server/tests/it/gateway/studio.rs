//! A small upstream on the real network of this machine: it knows its users as Label Studio does, by
//! JWT or session, answers a few of its URLs, and echoes what reaches it elsewhere.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use keybearer_verify::{Presented, SigningKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const SECRET_KEY: &str = "upstream's own key, 50 characters of it: a#b$c!d=e";

/// What reached the upstream.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// Whom its credential makes him, if it is good.
    pub(crate) user: Option<i64>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) is_active: bool,
}

/// The upstream. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Studio {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    key: String,
    people: Vec<Person>,
    seen: Vec<Seen>,
    asked: Vec<String>,
}

impl Studio {
    /// With these users, whose ids count from 1.
    pub(crate) async fn start(emails: &[&str]) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), emails).await
    }

    /// The same, at that address.
    pub(crate) async fn start_at(address: SocketAddr, emails: &[&str]) -> Self {
        let people = (1..).zip(emails).map(|(id, email)| Person {
            id,
            email: (*email).to_owned(),
            is_active: true,
        });
        let state = Arc::new(Mutex::new(State {
            key: SECRET_KEY.into(),
            people: people.collect(),
            seen: Vec::new(),
            asked: Vec::new(),
        }));
        let kept = state.clone();
        let router = Router::new().fallback(move |request| answer(kept.clone(), request));
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, state }
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Vec<Person>) -> T) -> T {
        change(&mut self.state.lock().unwrap().people)
    }

    pub(crate) fn set_key(&self, key: &str) {
        self.state.lock().unwrap().key = key.into();
    }

    /// The client's requests that reached it, Keybearer's own questions left out.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    /// The last of them.
    #[track_caller]
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("nothing has reached the upstream")
    }

    /// What Keybearer itself has asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let mut state = state.lock().unwrap();
    let user = user(&state, &parts.headers);
    let path = parts.uri.path();
    if parts
        .headers
        .get("user-agent")
        .is_some_and(|agent| agent == "Keybearer")
    {
        state.asked.push(path.to_owned());
        return own_question(&state, path, user, &body);
    }
    let seen = Seen {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        user: user.as_ref().map(|user| user.id),
    };
    let echo = json!({"target": seen.target, "user": seen.user, "body": seen.body});
    let needs_user = seen.target.starts_with("/api/");
    state.seen.push(seen);
    if needs_user && user.is_none() {
        return say(
            StatusCode::UNAUTHORIZED,
            &json!({"detail": "no credentials"}),
        );
    }
    say(StatusCode::OK, &echo)
}

fn own_question(state: &State, path: &str, user: Option<Person>, body: &[u8]) -> Response<Body> {
    let refused = || {
        say(
            StatusCode::UNAUTHORIZED,
            &json!({"detail": "Authentication credentials were not provided."}),
        )
    };
    match (path, user) {
        ("/api/token/refresh/", _) => {
            let body: Value = serde_json::from_slice(body).unwrap();
            let is_good = claims(&state.key, body["refresh"].as_str().unwrap()).is_some();
            let detail = if is_good {
                "Token has wrong type"
            } else {
                "Token is invalid"
            };
            say(StatusCode::UNAUTHORIZED, &json!({"detail": detail}))
        }
        ("/api/version", _) => say(StatusCode::OK, &json!({"release": "1.23.2"})),
        ("/api/current-user/whoami", Some(user)) => say(StatusCode::OK, &view(&user)),
        ("/api/users/", Some(_)) => {
            let all: Vec<Value> = state.people.iter().map(view).collect();
            say(StatusCode::OK, &json!(all))
        }
        ("/api/organizations/1", Some(_)) => {
            say(StatusCode::OK, &json!({"id": 1, "created_by": 1}))
        }
        (_, None) => refused(),
        _ => say(StatusCode::NOT_FOUND, &json!({})),
    }
}

fn view(person: &Person) -> Value {
    json!({"id": person.id, "email": person.email, "first_name": "F", "last_name": "L", "username": "u",
           "active_organization": 1})
}

/// Whom the headers prove: a JWT before a session, as in Label Studio.
fn user(state: &State, headers: &HeaderMap) -> Option<Person> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let by_token = text(header::AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| claims(&state.key, token))
        .and_then(|id| id.parse().ok());
    let by_session = || {
        text(header::COOKIE)?
            .split("sessionid=of-")
            .nth(1)?
            .split(';')
            .next()?
            .parse()
            .ok()
    };
    let id: i64 = by_token.or_else(by_session)?;
    let mut people = state.people.iter();
    people
        .find(|person| person.id == id && person.is_active)
        .cloned()
}

/// The user id in an access token that `key` has signed.
fn claims(key: &str, token: &str) -> Option<String> {
    let Ok(Presented::Signed(signed)) = Presented::parse(token) else {
        return None;
    };
    let key = SigningKey::hs256(key.as_bytes());
    let claims = signed.verify([&key]).ok()?;
    // Whoever else signs with this key must not be mistaken for the gateway.
    assert!(claims.pat.is_none() && claims.jti.len() == 32, "{claims:?}");
    Some(claims.user_id.clone())
}

fn say(status: StatusCode, body: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}
