//! Moving in from Label Studio: users, organizations and tokens come, and go on working.
//!
//! All of it or nothing, in one transaction. Running it again brings what is new and ends what has
//! ended; it changes nothing else of what is here. Label Studio's database is read and left alone.

mod organizations;
mod people;
mod report;
mod snapshot;
mod tokens;

use std::collections::HashSet;

use serde_json::json;

use crate::app::App;
use crate::config::Secret;
use crate::config::secret_key::SecretKey;
use crate::cx::Cx;
use crate::domain::audit::{self, Subject};
use crate::domain::sealing::Purpose;
use crate::domain::{signing, signing_keys};
use crate::error::{Error, Result};
use crate::store::label_studio::Source;
use crate::store::signing_keys::SigningKeyRow;
use crate::store::{self, Db, StoreError, Tx};

pub use report::{Count, Oddity, Report};

use people::People;
use snapshot::Snapshot;
use tokens::{Known, Tokens};

/// What is to be imported, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Label Studio's database: `sqlite://PATH` or `postgres://…`.
    pub database: Secret,
    /// What signed its personal access tokens.
    pub secret_key: Option<SecretKey>,
    /// Only say what would come.
    pub is_dry_run: bool,
    /// Leave users out whose number or e-mail address is another one's here, instead of refusing.
    pub leaves_conflicts_out: bool,
}

/// Told what is being done, how much of it is done, and how much there is.
pub type Progress<'p> = dyn Fn(&'static str, u64, u64) + Send + Sync + 'p;

/// Imports a Label Studio.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is not the operator; [`Error::Invalid`] if the source cannot be
/// read or its key is missing; [`Error::Conflict`] if users cannot keep their numbers.
pub async fn label_studio(
    app: &App,
    cx: &Cx,
    request: Request,
    progress: &Progress<'_>,
) -> Result<Report> {
    signing_keys::require_operator(cx)?;
    let mut report = Report {
        is_dry_run: request.is_dry_run,
        ..Report::default()
    };
    progress("reading", 0, 0);
    let (mut all, missing) = read(&request).await.map_err(unreadable)?;
    report.missing = missing;
    report.odd = std::mem::take(&mut all.odd);
    if request
        .secret_key
        .as_ref()
        .is_some_and(SecretKey::is_lost_at_restart)
    {
        report.odd.note(
            "SECRET_KEYs that begin with $: Label Studio loses such a key at its next start, Keybearer does not",
            "SECRET_KEY",
        );
    }
    let mut tx = begin(&app.db, request.is_dry_run).await?;
    let known = store::imports::list_tokens(&mut tx).await?;
    let imported: HashSet<i64> = known
        .iter()
        .filter(|token| token.imported_at.is_some())
        .map(|token| token.user_id)
        .collect();
    let leaves_out = (imported, request.leaves_conflicts_out);
    let people = people::plan((app, cx), &mut tx, &mut all, leaves_out, &mut report).await?;
    let rows = store::signing_keys::list(&mut tx).await?;
    let keys = rows.iter().map(|row| row.id.clone()).collect();
    let known = Known {
        archived: store::imports::list_archived(&mut tx).await?,
        tokens: known,
        keys,
    };
    let tokens = tokens::plan((app, cx), &all, &known, &people.homes, &mut report);
    if tokens.needs_key() && request.secret_key.is_none() {
        return Err(Error::invalid(
            "secret_key_file",
            "Label Studio's SECRET_KEY is needed, because its personal access tokens are signed with it. It is not in the file .env of its data folder, so Label Studio takes it from its environment: write it into a file and name that here.",
        ));
    }
    if !request.is_dry_run {
        let key = key_of(app, cx, &mut tx, (&request, &rows), tokens.needs_key()).await?;
        write(app, cx, &mut tx, (&people, &tokens, key), progress).await?;
        if report.has_news() {
            record(&mut tx, cx, &report).await?;
        }
        tx.commit().await?;
        app.signing.look(&app.db, &app.sealing).await?;
    }
    Ok(report)
}

/// A dry run takes no turn to write, so that a running server does not wait for it.
async fn begin(db: &Db, is_dry_run: bool) -> Result<Tx> {
    Ok(if is_dry_run {
        db.read().await?
    } else {
        db.write().await?
    })
}

async fn read(request: &Request) -> Result<(Snapshot, Vec<String>)> {
    let mut source = Source::open(request.database.reveal()).await?;
    let all = snapshot::read(&mut source).await?;
    Ok((all, source.close().await?))
}

/// What is wrong with the source is the operator's to mend, and no fault of this database.
fn unreadable(error: Error) -> Error {
    let why = match &error {
        Error::Unavailable(cause) => cause.to_string(),
        Error::Internal(cause) => match cause.downcast_ref::<StoreError>() {
            Some(cause) => cause.to_string(),
            None => return error,
        },
        _ => return error,
    };
    Error::Invalid {
        field: None,
        why: format!("Label Studio's database cannot be read: {why}"),
    }
}

/// The key that proves Label Studio's tokens, as it is stored here: found, or put in.
async fn key_of(
    app: &App,
    cx: &Cx,
    tx: &mut Tx,
    (request, rows): (&Request, &[SigningKeyRow]),
    is_needed: bool,
) -> Result<Option<String>> {
    let Some(secret) = request.secret_key.as_ref().map(SecretKey::reveal) else {
        return Ok(None);
    };
    if let Some(row) = signing::find_secret(&app.sealing, rows, secret)? {
        return Ok(Some(row.id.clone()));
    }
    if !is_needed {
        return Ok(None);
    }
    let sealed = app.sealing.seal(&app.random, Purpose::SigningKey, secret);
    let row = SigningKeyRow {
        id: app.random.text::<8>(),
        sealed: sealed.map_err(Error::Internal)?,
        created_at: cx.now,
        // It checks, and never signs.
        retired_at: Some(cx.now),
        origin: signing::IMPORTED.into(),
    };
    store::signing_keys::insert(tx, &row).await?;
    Ok(Some(row.id))
}

async fn write(
    app: &App,
    cx: &Cx,
    tx: &mut Tx,
    (people, tokens, key): (&People, &Tokens<'_>, Option<String>),
    progress: &Progress<'_>,
) -> Result<()> {
    progress("accounts", 0, 0);
    store::imports::insert_users(tx, &people.users).await?;
    store::imports::insert_organizations(tx, &people.organizations).await?;
    store::imports::insert_memberships(tx, &people.memberships).await?;
    store::tables::restart_numbers(tx).await?;
    tokens::write((app, cx), tx, tokens, key.as_deref(), progress).await
}

async fn record(tx: &mut Tx, cx: &Cx, report: &Report) -> Result<()> {
    let detail = json!({
        "users": report.users.new,
        "organizations": report.organizations.new,
        "memberships": report.memberships.new,
        "personal_tokens": report.personal_tokens.new,
        "legacy_tokens": report.legacy_tokens.new,
        "revoked_since": report.revoked_since,
    });
    audit::record(tx, cx, "import.label_studio", Subject::Installation, detail).await
}
