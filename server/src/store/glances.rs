//! SQLite connections for statements outside of a transaction.
//!
//! A pool asks each connection that is given back for a sign of life, which is as long a way as the
//! statement was. A file that is open needs no such question. Transactions are not opened here: those
//! that read have a pool, and those that write have [`super::group`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::StoreError;

/// How long one waits for a free connection.
const WAIT_FOR: Duration = Duration::from_secs(10);

/// So many connections at the most, each opened when there is need of it. Clones are the same ones.
#[derive(Clone, Debug)]
pub(super) struct Glances {
    options: Arc<SqliteConnectOptions>,
    most: u32,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
}

/// A connection that is in use. Dropped, it is free again, unless a statement failed.
#[derive(Debug)]
pub(super) struct Glance {
    /// `None` while it is dropped.
    connection: Option<SqliteConnection>,
    has_failed: bool,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    _place: OwnedSemaphorePermit,
}

impl Glances {
    pub(super) fn new(options: SqliteConnectOptions, most: u32) -> Self {
        let places = usize::try_from(most).unwrap_or(1);
        Self {
            options: Arc::new(options),
            most,
            places: Arc::new(Semaphore::new(places)),
            idle: Arc::default(),
        }
    }

    pub(super) async fn take(&self) -> Result<Glance, StoreError> {
        let place = tokio::time::timeout(WAIT_FOR, self.places.clone().acquire_owned()).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = match self.pop() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        Ok(Glance {
            connection: Some(connection),
            has_failed: false,
            idle: self.idle.clone(),
            _place: place,
        })
    }

    /// Closes the connections; waits for those that are in use.
    pub(super) async fn close(&self) {
        let all = self.places.acquire_many(self.most).await;
        self.places.close();
        while let Some(connection) = self.pop() {
            let _closed_either_way = connection.close().await;
        }
        drop(all);
    }

    fn pop(&self) -> Option<SqliteConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }
}

impl Glance {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let connection = self.connection.as_mut();
        connection.ok_or_else(|| sqlx::Error::PoolClosed.into())
    }

    /// Says that a statement failed: the connection is not used again.
    pub(super) fn fail(&mut self) {
        self.has_failed = true;
    }
}

impl Drop for Glance {
    fn drop(&mut self) {
        if !self.has_failed {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.extend(self.connection.take());
        }
    }
}
