//! Rotation under every interleaving: an honest client that rotates, loses answers and tries again
//! always has a working token, and no late use of an old token passes unseen.
//!
//! A small model says of each token of the line whether it works; the server must agree.

use keybearer::domain::audit::{self, AuditFilter};
use keybearer::domain::policy::PolicyChange;
use keybearer::domain::tokens;
use keybearer_verify::TokenKind;
use proptest::prelude::{Strategy, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use crate::support::TestApp;

/// How long after its end a rotated token is shown without an alarm.
const MINUTE_MS: i64 = 60_000;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// What `judge` allows for clocks that differ.
const LEEWAY_MS: i64 = 10_000;

#[derive(Clone, Debug)]
enum Step {
    /// The client rotates its token and gets the answer.
    Rotate { overlap_hours: i64 },
    /// The answer is lost; the client asks again after that share of the overlap, by its key.
    RotateAndLoseTheAnswer { overlap_hours: i64, percent: i64 },
    /// The client uses its token.
    Use,
    /// Somebody uses an older token.
    UseOld(usize),
    /// The owner revokes the client's token.
    Revoke,
    /// Time passes, or the clock is set back.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..5_i64).prop_map(|overlap_hours| Step::Rotate { overlap_hours }),
        3 => (1..5_i64, 0..100_i64).prop_map(|(overlap_hours, percent)| Step::RotateAndLoseTheAnswer { overlap_hours, percent }),
        3 => proptest::strategy::Just(Step::Use),
        4 => (0..8_usize).prop_map(Step::UseOld),
        1 => proptest::strategy::Just(Step::Revoke),
        3 => (-HOUR..5 * HOUR).prop_map(Step::Wait),
        1 => (20 * DAY..95 * DAY).prop_map(Step::Wait),
    ]
}

/// A token as the model knows it.
#[derive(Clone, Debug)]
struct Known {
    id: String,
    text: String,
    /// Which line of successors it is of.
    line: usize,
    expires_at: i64,
    retires_at: Option<i64>,
    is_revoked: bool,
}

struct Model {
    t: TestApp,
    revokes_family: bool,
    held: Known,
    old: Vec<Known>,
    lines: usize,
    keys: usize,
}

impl Model {
    async fn new(revokes_family: bool) -> Self {
        let t = TestApp::new().await;
        let on_reuse = if revokes_family {
            "revoke_family"
        } else {
            "alert"
        };
        t.change_settings(PolicyChange {
            on_reuse: Some(on_reuse.into()),
            ..PolicyChange::default()
        })
        .await;
        let held = issue(&t, 0).await;
        Self {
            t,
            revokes_family,
            held,
            old: Vec::new(),
            lines: 1,
            keys: 0,
        }
    }

    fn now(&self) -> i64 {
        self.t.app.clock.now()
    }

    /// The code that the model expects for a use, or none if the token works.
    fn expected(&self, token: &Known) -> Option<&'static str> {
        if token.is_revoked || token.retires_at.is_some_and(|end| end <= self.now()) {
            return Some("revoked");
        }
        (token.expires_at + LEEWAY_MS <= self.now()).then_some("expired")
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Rotate { overlap_hours } => self.rotate(*overlap_hours, None).await,
            Step::RotateAndLoseTheAnswer {
                overlap_hours,
                percent,
            } => {
                self.rotate(*overlap_hours, Some(overlap_hours * HOUR * percent / 100))
                    .await;
            }
            Step::Use => {}
            Step::UseOld(which) => self.use_old(*which).await,
            Step::Revoke => {
                let revoked = tokens::revoke(&self.t.app, &self.t.operator(), &self.held.id).await;
                assert_eq!(revoked.is_ok(), !self.held.is_revoked);
                self.held.is_revoked = true;
            }
            Step::Wait(seconds) => self.t.advance(*seconds),
        }
        self.check(&self.held.clone()).await;
        if self.expected(&self.held).is_some() {
            // It ended by its time, by its owner or by the alarm: the owner hands out another.
            let next = issue(&self.t, self.lines).await;
            self.lines += 1;
            self.old.push(std::mem::replace(&mut self.held, next));
            self.check(&self.held.clone()).await;
        }
    }

    async fn rotate(&mut self, overlap_hours: i64, lost_for: Option<i64>) {
        self.keys += 1;
        let client = self
            .t
            .bearer(&self.held.text)
            .with("idempotency-key", &format!("k{}", self.keys));
        let path = format!("/api/v1/tokens/{}/rotation", self.held.id);
        let body = json!({"overlap_hours": overlap_hours});
        if self.held.expires_at <= self.now() {
            // In the leeway it still opens the door, but has no successor any more.
            client.post(&path, &body).await.expect(409);
            return;
        }
        let mut answer = client.post(&path, &body).await.expect(201);
        self.held.retires_at = Some(self.now() + overlap_hours * HOUR * 1000);
        self.held.is_revoked |= overlap_hours == 0;
        if let Some(seconds) = lost_for {
            self.t.advance(seconds);
            if self.expected(&self.held).is_none() {
                let again = client.post(&path, &body).await.expect(201);
                assert_eq!(again.json(), answer.json());
                // The old token itself makes it the same request as well.
                answer = self
                    .t
                    .bearer(&self.held.text)
                    .post(&path, &body)
                    .await
                    .expect(201);
                assert_eq!(again.json(), answer.json());
            }
        }
        let answer = answer.json();
        let next = Known {
            id: answer["token"]["id"].as_str().unwrap().into(),
            text: answer["secret"].as_str().unwrap().into(),
            line: self.held.line,
            expires_at: expires_at(&self.t, answer["token"]["id"].as_str().unwrap()).await,
            retires_at: None,
            is_revoked: false,
        };
        self.old.push(std::mem::replace(&mut self.held, next));
    }

    async fn use_old(&mut self, which: usize) {
        let Some(old) = self.old.get(which).cloned() else {
            return;
        };
        self.check(&old).await;
        let Some(retires_at) = old.retires_at.filter(|end| *end <= self.now()) else {
            return;
        };
        let subject = Some(format!("token {}", old.id));
        let filter = AuditFilter {
            action: Some("token.reuse".into()),
            subject,
            limit: 10,
            ..AuditFilter::default()
        };
        let events = audit::list(&self.t.app, &self.t.operator(), filter)
            .await
            .unwrap();
        if self.now() < retires_at + MINUTE_MS {
            assert!(
                events.is_empty(),
                "an honest repetition was taken for theft"
            );
            return;
        }
        assert!(!events.is_empty(), "a late use passed unseen");
        if self.revokes_family {
            for token in self.old.iter_mut().chain([&mut self.held]) {
                token.is_revoked |= token.line == old.line;
            }
        }
    }

    /// Passes if the server says of the token what the model says.
    async fn check(&self, token: &Known) {
        let answer = self.t.bearer(&token.text).get("/api/v1/me").await;
        match self.expected(token) {
            None => drop(answer.expect(200)),
            Some(code) => assert!(
                answer
                    .expect(401)
                    .text()
                    .contains(&format!("\"code\":\"{code}\"")),
                "{token:?}"
            ),
        }
    }
}

async fn issue(t: &TestApp, line: usize) -> Known {
    let (token, text) = t.issue(&t.owner, TokenKind::Key).await;
    Known {
        id: token.id,
        text,
        line,
        expires_at: token.expires_at.unwrap(),
        retires_at: None,
        is_revoked: false,
    }
}

async fn expires_at(t: &TestApp, id: &str) -> i64 {
    tokens::find(&t.app, &t.operator(), id)
        .await
        .unwrap()
        .expires_at
        .unwrap()
}

#[test]
fn an_honest_client_always_has_a_working_token_and_no_late_use_passes_unseen() {
    let config = Config {
        cases: 32,
        failure_persistence: None,
        ..Config::default()
    };
    let plans = (
        proptest::bool::ANY,
        proptest::collection::vec(step(), 1..24),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let done = TestRunner::new(config).run(&plans, |(revokes_family, steps)| {
        runtime.block_on(async {
            let mut model = Model::new(revokes_family).await;
            for step in &steps {
                model.take(step).await;
            }
        });
        Ok::<(), TestCaseError>(())
    });
    done.unwrap();
}
