//! Writers that make, rotate or revoke tokens at the same time, each over its own connection and one
//! after another. Only answers that say "done" count.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::Client;

#[derive(Clone, Copy)]
pub(crate) enum Work {
    Create,
    Rotate,
    Revoke,
}

impl Work {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "create" => Some(Self::Create),
            "rotate" => Some(Self::Rotate),
            "revoke" => Some(Self::Revoke),
            _ => None,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) work: Work,
    /// `host:port`
    pub(crate) address: String,
    pub(crate) token: String,
    pub(crate) writers: usize,
    pub(crate) seconds: f64,
}

/// Runs the writers and prints a [`summary`] of what they did.
pub(crate) async fn measure(run: &Run) -> anyhow::Result<()> {
    let mut writers = JoinSet::new();
    for _ in 0..run.writers {
        let run = run.clone();
        writers.spawn(async move { Writer::new(&run).work(&run).await });
    }
    let (mut took, mut longest) = (Vec::new(), Duration::ZERO);
    while let Some(done) = writers.join_next().await {
        let (times, all) = done??;
        took.extend(times);
        longest = longest.max(all);
    }
    writeln!(std::io::stdout(), "{}", summary(took, longest)?)?;
    Ok(())
}

/// How many changes there were, how fast, and how long one took.
pub(crate) fn summary(mut took: Vec<Duration>, all: Duration) -> anyhow::Result<Value> {
    took.sort_unstable();
    let at = |share: usize| {
        let index = (took.len() * share / 100).min(took.len().saturating_sub(1));
        took.get(index).map_or(0, Duration::as_micros)
    };
    let count = u32::try_from(took.len())?;
    Ok(json!({
        "done": count,
        "rps": f64::from(count) / all.as_secs_f64(),
        "p50_us": u64::try_from(at(50))?,
        "p99_us": u64::try_from(at(99))?,
    }))
}

struct Writer {
    client: Client,
    authorization: String,
}

impl Writer {
    fn new(run: &Run) -> Self {
        Self {
            client: Client::new(&run.address),
            authorization: format!("Bearer {}", run.token),
        }
    }

    /// How long each change took, and all of them together.
    async fn work(mut self, run: &Run) -> anyhow::Result<(Vec<Duration>, Duration)> {
        let limit = Duration::from_secs_f64(run.seconds);
        // Revoked are tokens that were made before the clock runs.
        let mut ready = Vec::new();
        if matches!(run.work, Work::Revoke) {
            let began = Instant::now();
            while began.elapsed() < limit * 2 {
                ready.push(self.create().await?.0);
            }
        }
        let (mut id, mut secret) = self.create().await?;
        let (mut times, began) = (Vec::new(), Instant::now());
        while began.elapsed() < limit {
            let one = Instant::now();
            match run.work {
                Work::Create => drop(self.create().await?),
                Work::Rotate => (id, secret) = self.rotate(&id, &secret).await?,
                Work::Revoke => match ready.pop() {
                    Some(id) => self.revoke(&id).await?,
                    None => break,
                },
            }
            times.push(one.elapsed());
        }
        Ok((times, began.elapsed()))
    }

    async fn create(&mut self) -> anyhow::Result<(String, String)> {
        let (what, body) = (
            ("POST", "/api/v1/tokens"),
            r#"{"kind":"key","name":"bench"}"#,
        );
        id_and_secret(&self.client.ask(what, &self.authorization, body).await?)
    }

    /// With the token itself, and the old one dead when the new one is there.
    async fn rotate(&mut self, id: &str, secret: &str) -> anyhow::Result<(String, String)> {
        let path = format!("/api/v1/tokens/{id}/rotation");
        let (authorization, body) = (format!("Bearer {secret}"), r#"{"overlap_hours":0}"#);
        id_and_secret(
            &self
                .client
                .ask(("POST", &path), &authorization, body)
                .await?,
        )
    }

    async fn revoke(&mut self, id: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/tokens/{id}");
        let answer = self.client.ask(("DELETE", &path), &self.authorization, "");
        answer.await.map(drop)
    }
}

fn id_and_secret(answer: &Value) -> anyhow::Result<(String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    // A rotation's answer has the token one level down.
    let id = text(answer.get("id").or(answer.pointer("/token/id")));
    let secret = text(answer.get("secret"));
    id.zip(secret).context("an answer without id and secret")
}
