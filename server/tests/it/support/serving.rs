//! The installation on the real network of this machine, for what a router alone cannot show.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::TestApp;

impl TestApp {
    /// Serves on a port of its own until the test's runtime ends; returns the address.
    pub(crate) async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = self.router.clone();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(axum::serve(listener, service).into_future());
        url
    }
}
