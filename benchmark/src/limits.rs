//! The least that a program on axum does: greet, send a body of a given size, echo JSON.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// As large as the answer of whoami.
const WHOAMI_BYTES: usize = 1600;

/// The body of an exchange.
#[derive(Serialize, Deserialize)]
struct Exchange {
    refresh: String,
}

pub(crate) async fn serve(port: u16) -> anyhow::Result<()> {
    let padding = "x".repeat(WHOAMI_BYTES - 10);
    let sized = Bytes::from(format!("{{\"pad\":\"{padding}\"}}"));
    let router = Router::new()
        .route("/hello", get(async || "Hello, World!"))
        .route("/sized", get(send))
        .with_state(sized)
        .route("/echo", post(echo));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, router).await?;
    Ok(())
}

async fn send(State(body): State<Bytes>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], body)
}

async fn echo(Json(body): Json<Exchange>) -> Json<Exchange> {
    Json(body)
}
