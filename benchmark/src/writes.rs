//! Writers that make, rotate or revoke tokens at the same time, each over its own connection and one
//! after another. Only answers that say "done" count.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

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

/// Runs the writers and prints how many changes were made, how fast, and how long one took.
pub(crate) async fn measure(run: &Run) -> anyhow::Result<()> {
    let mut writers = JoinSet::new();
    for _ in 0..run.writers {
        let run = run.clone();
        writers.spawn(async move { Writer::open(&run).await?.work(&run).await });
    }
    let (mut took, mut longest) = (Vec::new(), Duration::ZERO);
    while let Some(done) = writers.join_next().await {
        let (times, all) = done??;
        took.extend(times);
        longest = longest.max(all);
    }
    took.sort_unstable();
    let at = |share: usize| {
        let index = (took.len() * share / 100).min(took.len().saturating_sub(1));
        took.get(index).map_or(0, Duration::as_micros)
    };
    let count = u32::try_from(took.len())?;
    let line = json!({
        "done": count,
        "rps": f64::from(count) / longest.as_secs_f64(),
        "p50_us": u64::try_from(at(50))?,
        "p99_us": u64::try_from(at(99))?,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

struct Writer {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Writer {
    async fn open(run: &Run) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&run.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: run.address.clone(),
        })
    }

    /// How long each change took, and all of them together.
    async fn work(mut self, run: &Run) -> anyhow::Result<(Vec<Duration>, Duration)> {
        let limit = Duration::from_secs_f64(run.seconds);
        // Revoked are tokens that were made before the clock runs.
        let mut ready = Vec::new();
        if matches!(run.work, Work::Revoke) {
            let began = Instant::now();
            while began.elapsed() < limit * 2 {
                ready.push(self.create(&run.token).await?.0);
            }
        }
        let (mut id, mut secret) = self.create(&run.token).await?;
        let (mut times, began) = (Vec::new(), Instant::now());
        while began.elapsed() < limit {
            let one = Instant::now();
            match run.work {
                Work::Create => drop(self.create(&run.token).await?),
                Work::Rotate => (id, secret) = self.rotate(&id, &secret).await?,
                Work::Revoke => match ready.pop() {
                    Some(id) => self.revoke(&run.token, &id).await?,
                    None => break,
                },
            }
            times.push(one.elapsed());
        }
        Ok((times, began.elapsed()))
    }

    async fn create(&mut self, token: &str) -> anyhow::Result<(String, String)> {
        let body = r#"{"kind":"key","name":"bench"}"#;
        let answer = self.ask("POST", "/api/v1/tokens", token, body).await?;
        id_and_secret(&answer)
    }

    /// With the token itself, and the old one dead when the new one is there.
    async fn rotate(&mut self, id: &str, secret: &str) -> anyhow::Result<(String, String)> {
        let path = format!("/api/v1/tokens/{id}/rotation");
        let answer = self
            .ask("POST", &path, secret, r#"{"overlap_hours":0}"#)
            .await?;
        id_and_secret(&answer)
    }

    async fn revoke(&mut self, token: &str, id: &str) -> anyhow::Result<()> {
        self.ask("DELETE", &format!("/api/v1/tokens/{id}"), token, "")
            .await
            .map(drop)
    }

    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> anyhow::Result<Value> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let (mut line, mut length, mut status) = (String::new(), 0, String::new());
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line).await? > 0, "no answer");
            if status.is_empty() {
                line.trim_end().clone_into(&mut status);
            } else if line.trim_end().is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await?;
        if !status.contains(" 20") {
            bail!(
                "{method} {path}: {status}: {}",
                String::from_utf8_lossy(&answer)
            );
        }
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&answer)?)
    }
}

fn id_and_secret(answer: &Value) -> anyhow::Result<(String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    // A rotation's answer has the token one level down.
    let id = text(answer.get("id").or(answer.pointer("/token/id")));
    let secret = text(answer.get("secret"));
    id.zip(secret).context("an answer without id and secret")
}
