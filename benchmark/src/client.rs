//! One connection that asks one thing after another.

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) struct Client {
    /// `host:port`
    address: String,
    /// `None` after an answer with which the server closes.
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            stream: None,
        }
    }

    /// The JSON of an answer that says "done"; `null` if it is empty.
    pub(crate) async fn ask(
        &mut self,
        (method, path): (&str, &str),
        authorization: &str,
        body: &str,
    ) -> anyhow::Result<Value> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {authorization}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let (mut line, mut length, mut status) = (String::new(), 0, String::new());
        let mut closes = false;
        loop {
            line.clear();
            ensure!(stream.read_line(&mut line).await? > 0, "no answer");
            if status.is_empty() {
                line.trim_end().clone_into(&mut status);
            } else if line.trim_end().is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(':') {
                let value = value.trim();
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse()?,
                    "connection" => closes = value.eq_ignore_ascii_case("close"),
                    "transfer-encoding" => bail!("an answer without a length"),
                    _ => {}
                }
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).await?;
        if !closes {
            self.stream = Some(stream);
        }
        if !status.contains(" 20") {
            let answer = String::from_utf8_lossy(&answer);
            bail!("{method} {path}: {status}: {answer}");
        }
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    async fn connect(&self) -> anyhow::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(&self.address).await;
        let stream = stream.context("the server takes no connection")?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }
}
