//! What `./bench` needs in Rust: the limits that Keybearer is measured against, and the writers.
//!
//! `limits PORT` serves what any program on axum must do at the least. `writes WORK URL TOKEN WRITERS
//! SECONDS` makes, rotates or revokes tokens of a running Keybearer and prints a line of JSON; `personal
//! URL LEGACY SECONDS` does all three in turn by Label Studio's API, on it or on Keybearer.

mod client;
mod limits;
mod personal;
mod writes;

use anyhow::{Context, bail};

/// As Keybearer's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["limits", port] => limits::serve(port.parse().context("the port")?).await,
        ["writes", work, address, token, writers, seconds] => {
            let run = writes::Run {
                work: writes::Work::parse(work).context("create, rotate or revoke")?,
                address: address.to_owned(),
                token: token.to_owned(),
                writers: writers.parse().context("the number of writers")?,
                seconds: seconds.parse().context("the number of seconds")?,
            };
            writes::measure(&run).await
        }
        ["personal", address, legacy, seconds] => {
            let seconds = seconds.parse().context("the number of seconds")?;
            personal::measure(address, legacy, seconds).await
        }
        _ => bail!("see the head of benchmark/src/main.rs"),
    }
}
