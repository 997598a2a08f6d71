//! A fresh database for one test, gone after it: a SQLite file in a folder of its own, or a schema
//! of its own on the PostgreSQL that `TEST_POSTGRES_URL` names.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use keybearer::store::changes::Changes;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tempfile::TempDir;

/// The PostgreSQL to test on, if there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "it says where to test, and is no setting of the product"
)]
pub(crate) fn postgres_url() -> Option<String> {
    std::env::var("TEST_POSTGRES_URL").ok()
}

/// A place for one test's data.
pub(crate) struct Database {
    folder: TempDir,
    schema: Option<Schema>,
    /// Of the app that is tested on it.
    changes: OnceLock<Changes>,
}

struct Schema {
    server: String,
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let schema = match postgres_url() {
            Some(server) => Some(Schema::create(server).await),
            None => None,
        };
        Self {
            schema,
            ..Self::sqlite()
        }
    }

    pub(crate) fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            schema: None,
            changes: OnceLock::new(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of the schema; none for the default, which is the SQLite file in the folder.
    pub(crate) fn url(&self) -> Option<String> {
        self.schema.as_ref().map(Schema::url)
    }

    /// Everything that lies in the database, as bytes: SQLite's files, or PostgreSQL's rows as text.
    pub(crate) async fn dump(&self) -> Vec<u8> {
        match &self.schema {
            Some(schema) => schema.dump().await.into_bytes(),
            None => self.sqlite_files(),
        }
    }

    fn sqlite_files(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(self.folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains("keybearer.sqlite3") {
                all.extend(std::fs::read(path).unwrap());
            }
        }
        assert!(!all.is_empty(), "there is no SQLite file");
        all
    }

    /// Has [`Self::meddle`] tell the app of it, as the statements of the product do.
    pub(crate) fn watch(&self, changes: &Changes) {
        self.changes.set(changes.clone()).unwrap();
    }

    /// Runs statements behind the server's back; foreign keys do not hold for them. The app forgets
    /// what it remembers.
    pub(crate) async fn meddle(&self, sql: &str) {
        self.meddle_unseen(sql).await;
        if let Some(changes) = self.changes.get() {
            changes.mark_everything();
        }
    }

    /// The same, and the app is not told.
    pub(crate) async fn meddle_unseen(&self, sql: &str) {
        let setting = match self.schema {
            Some(_) => "set session_replication_role = replica",
            None => "pragma foreign_keys = off",
        };
        let sql = sqlx::raw_sql(AssertSqlSafe(format!("{setting}; {sql}")));
        if let Some(schema) = &self.schema {
            let mut connection = PgConnection::connect(&schema.url()).await.unwrap();
            connection.execute(sql).await.unwrap();
        } else {
            let url = format!(
                "sqlite://{}",
                self.folder().join("keybearer.sqlite3").display()
            );
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            connection.execute(sql).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

impl Schema {
    async fn create(server: String) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("keybearer_test_{}_{count}", std::process::id());
        let mut connection = PgConnection::connect(&server).await.unwrap();
        // One of a killed run may have had the same process id.
        let sql = format!("drop schema if exists {name} cascade; create schema {name}");
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
            .await
            .unwrap();
        connection.close().await.unwrap();
        Self { server, name }
    }

    fn url(&self) -> String {
        let mark = if self.server.contains('?') { '&' } else { '?' };
        let name = &self.name;
        format!(
            "{}{mark}options[search_path]={name}&application_name={name}",
            self.server
        )
    }

    async fn dump(&self) -> String {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        let tables = sqlx::query("select tablename from pg_tables where schemaname = $1")
            .bind(&self.name)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let mut all = String::new();
        for table in tables {
            let table: String = table.get(0);
            let sql = AssertSqlSafe(format!("select t::text from {table} t"));
            for row in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
                all.push_str(row.get(0));
                all.push('\n');
            }
        }
        all
    }

    /// Ends the connections that the test's server still has, so that the drop waits for none.
    async fn remove(server: &str, name: &str) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect(server).await?;
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
        )
        .bind(name)
        .execute(&mut connection)
        .await?;
        connection
            .execute(AssertSqlSafe(format!("drop schema {name} cascade")))
            .await?;
        connection.close().await
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // A runtime of its own, for the test's may be the one that is dropping this.
        let (server, name) = (self.server.clone(), self.name.clone());
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime
                .block_on(Self::remove(&server, &name))
                .map_err(std::io::Error::other)
        });
        if !std::thread::panicking() {
            removal.join().unwrap().unwrap();
        }
    }
}
