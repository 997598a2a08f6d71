//! Takes connections and answers what comes over them.
//!
//! Each connection stays on one thread with an event loop of its own, one for each core. Nearly every
//! request is answered from memory in a few microseconds; handing it to whichever thread is idle costs
//! more than answering it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZero;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::http::Whole;

/// The process has no file descriptor left, or the like.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The threads that connections live on. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Loops(Vec<Loop>);

#[derive(Debug)]
struct Loop {
    arrivals: mpsc::UnboundedSender<Arrival>,
    /// Each open connection of the thread holds one.
    load: Arc<()>,
}

/// A connection on its way to its thread.
struct Arrival {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    open: watch::Receiver<bool>,
    load: Arc<()>,
}

impl Loops {
    /// Starts a thread for each core.
    ///
    /// # Errors
    /// If the system gives no thread or no event queue.
    pub(super) fn start(whole: &Whole) -> std::io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        (0..cores)
            .map(|_| Loop::start(whole.clone()))
            .collect::<std::io::Result<_>>()
            .map(Self)
    }

    /// Takes connections until `stop`, and then waits for the requests that are under way.
    pub(super) async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let (closing, open) = watch::channel(false);
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stop => break,
            };
            let handed_on = accepted.and_then(|(stream, peer)| {
                stream
                    .into_std()
                    .map(|stream| self.hand_on(stream, peer, open.clone()))
            });
            match handed_on {
                Ok(()) => {}
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be taken; it is tried again");
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
        drop((listener, open));
        closing.send_replace(true);
        closing.closed().await;
    }

    /// Gives the connection to the thread that has the fewest.
    fn hand_on(&self, stream: std::net::TcpStream, peer: SocketAddr, open: watch::Receiver<bool>) {
        let Some(idlest) = self.0.iter().min_by_key(|one| Arc::strong_count(&one.load)) else {
            return;
        };
        let load = idlest.load.clone();
        // A thread takes until this value is dropped, so nothing is refused here.
        let _taken = idlest.arrivals.send(Arrival {
            stream,
            peer,
            open,
            load,
        });
    }
}

impl Loop {
    fn start(whole: Whole) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (arrivals, mut arriving) = mpsc::unbounded_channel();
        thread::Builder::new()
            .name("connections".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    while let Some(arrival) = arriving.recv().await {
                        tokio::spawn(connection(arrival, whole.clone()));
                    }
                });
            })?;
        Ok(Self {
            arrivals,
            load: Arc::default(),
        })
    }
}

async fn connection(arrival: Arrival, whole: Whole) {
    let Arrival {
        stream,
        peer,
        open,
        load: _load,
    } = arrival;
    let Ok(stream) = TcpStream::from_std(stream) else {
        tracing::error!("a connection was dropped: its thread cannot wait for it");
        return;
    };
    // Answers are small and whole; to wait for more to send with them helps nobody.
    let _best_effort = stream.set_nodelay(true);
    let is_gateway = whole.is_gateway();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        whole.answer(request).map(Ok::<_, Infallible>)
    });
    let served = http1::Builder::new()
        // One piece, not several by `writev`: an answer of our own is small, and to copy it costs less.
        .writev(is_gateway)
        // To notice that a client has gone while we answer is worth it where an answer takes long: it
        // costs a new buffer for each request.
        .half_close(!is_gateway)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut served = pin!(served);
    let mut heard = open.clone();
    let mut stop = pin!(heard.changed().fuse());
    let mut is_asked = false;
    let ended = poll_fn(|context| {
        // Whoever has asked once is woken at the stop. To ask at each request takes a lock that all
        // connections share; to look whether it is time does not.
        if !is_asked || open.has_changed().unwrap_or(true) {
            is_asked = true;
            if stop.as_mut().poll(context).is_ready() {
                served.as_mut().graceful_shutdown();
            }
        }
        served.as_mut().poll(context)
    })
    .await;
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
