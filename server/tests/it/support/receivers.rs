//! A mail server and a webhook that write down what they are sent, on the real network of this
//! machine.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A webhook. It answers 200, or what it is told to answer next; 0 is no answer at all.
pub(crate) struct Hook {
    pub(crate) url: String,
    posts: Arc<Mutex<Vec<Posted>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

#[derive(Clone)]
pub(crate) struct Posted {
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Posted {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

impl Hook {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (posts, answers) = <(Arc<Mutex<Vec<Posted>>>, Arc<Mutex<VecDeque<u16>>>)>::default();
        let (kept, queue) = (posts.clone(), answers.clone());
        let router = Router::new().fallback(move |request: Request<Body>| {
            let (kept, queue) = (kept.clone(), queue.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                kept.lock().unwrap().push(Posted {
                    headers: parts.headers,
                    text: String::from_utf8(body.to_vec()).unwrap(),
                });
                let status = queue.lock().unwrap().pop_front().unwrap_or(200);
                if status == 0 {
                    std::future::pending::<()>().await;
                }
                let answer = Response::builder().status(status);
                let answer = answer.header("location", "/elsewhere");
                answer.body(Body::empty()).unwrap()
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            posts,
            answers,
        }
    }

    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn posts(&self) -> Vec<Posted> {
        self.posts.lock().unwrap().clone()
    }

    /// How many days before the end each post about the token was, in their order.
    pub(crate) fn days(&self, token_id: &str) -> Vec<i64> {
        let start = format!("notice-{token_id}-");
        let posts = self.posts();
        let ids = posts
            .iter()
            .map(|post| post.header("webhook-id").to_owned());
        let days = ids.filter_map(|id| id.strip_prefix(&start)?.strip_suffix('d')?.parse().ok());
        days.collect()
    }
}

/// A mail server. It takes every mail, or says for the next one what it is told to say.
pub(crate) struct MailServer {
    pub(crate) url: String,
    mails: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (mails, answers) = <(Arc<Mutex<Vec<String>>>, Arc<Mutex<VecDeque<&str>>>)>::default();
        let (kept, queue) = (mails.clone(), answers.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, kept.clone(), queue.clone()));
            }
        });
        Self {
            url,
            mails,
            answers,
        }
    }

    pub(crate) fn answer(&self, lines: &[&'static str]) {
        self.answers.lock().unwrap().extend(lines);
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

/// RFC 5321, as far as a client that sends one mail needs it.
async fn converse(
    stream: TcpStream,
    mails: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
) -> std::io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 here\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer = match line.get(..4).unwrap_or_default() {
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                let said = answers.lock().unwrap().pop_front().unwrap_or("250 taken");
                if said.starts_with("250") {
                    mails.lock().unwrap().push(mail);
                }
                said
            }
            "QUIT" => "221 bye",
            _ => "250 well",
        };
        writing
            .write_all(format!("{answer}\r\n").as_bytes())
            .await?;
    }
    Ok(())
}
