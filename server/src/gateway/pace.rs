//! Time-outs for what streams: not how long a request takes, but how long nothing moves.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// Counts what moves.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<AtomicU64>);

impl Pace {
    /// The same body, each frame of it counted.
    pub(super) fn watch(&self, body: Body) -> Body {
        Body::new(Watched {
            body,
            pace: self.clone(),
        })
    }

    /// What comes of `future`; `None` if nothing moves for `limit` before that.
    pub(super) async fn unless_idle<F: Future>(
        &self,
        limit: Duration,
        future: F,
    ) -> Option<F::Output> {
        let mut future = pin!(future);
        loop {
            let seen = self.0.load(Ordering::Relaxed);
            if let Ok(output) = tokio::time::timeout(limit, future.as_mut()).await {
                return Some(output);
            }
            if self.0.load(Ordering::Relaxed) == seen {
                return None;
            }
        }
    }
}

/// A body whose frames are counted; in everything else it is the one inside.
struct Watched {
    body: Body,
    pace: Pace,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.pace.0.fetch_add(1, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
