//! A client of Label Studio's own API: it makes a personal token, rotates it and revokes it, again and
//! again, one after another. Keybearer and Label Studio answer the same requests.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::client::Client;
use crate::writes::summary;

/// Runs it with a legacy token and prints a summary of each of the three.
pub(crate) async fn measure(address: &str, legacy: &str, seconds: f64) -> anyhow::Result<()> {
    let mut client = Client::new(address);
    let authorization = format!("Token {legacy}");
    let (mut created, mut rotated, mut revoked) = (Vec::new(), Vec::new(), Vec::new());
    let began = Instant::now();
    while began.elapsed().as_secs_f64() < seconds {
        let one = Instant::now();
        let ask = client.ask(("POST", "/api/token/"), &authorization, "{}");
        let answer = ask.await?;
        created.push(one.elapsed());

        let one = Instant::now();
        let body = refresh(&answer, "token")?;
        let ask = client.ask(("POST", "/api/token/rotate/"), &authorization, &body);
        let answer = ask.await?;
        rotated.push(one.elapsed());

        let one = Instant::now();
        let body = refresh(&answer, "refresh")?;
        let ask = client.ask(("POST", "/api/token/blacklist/"), &authorization, &body);
        ask.await?;
        revoked.push(one.elapsed());
    }
    let line = json!({
        "create": alone(created)?,
        "rotate": alone(rotated)?,
        "revoke": alone(revoked)?,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// Each counts by its own time, not by that of the two others.
fn alone(took: Vec<Duration>) -> anyhow::Result<Value> {
    let all = took.iter().sum();
    summary(took, all)
}

fn refresh(answer: &Value, name: &str) -> anyhow::Result<String> {
    let token = answer.get(name).and_then(Value::as_str);
    let token = token.with_context(|| format!("an answer without {name}"))?;
    Ok(json!({"refresh": token}).to_string())
}
