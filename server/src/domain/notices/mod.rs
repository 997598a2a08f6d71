//! Notices that a token ends soon: by mail to its owner, by webhook to whoever runs his systems.
//!
//! 30, 7 and 1 days before a token's end and at its end, each once. A notice has two steps. First it
//! is written down, and a unique constraint sees to it that this happens once, whatever restarts and
//! however many nodes there are. Then it is claimed for [`LEASE_MS`] by one process and delivered,
//! with no transaction open; if that process dies, the claim runs out and another takes over. What
//! was under way then may arrive twice, under the same id, so that the receiver drops the second.

mod words;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::error::{Error, Result};
use crate::outbound::{Cause, Outbound, Undelivered};
use crate::store;
use crate::store::notices::Due;

pub use crate::store::notices::{NoticeFilter, NoticeWithToken};

/// How many days before a token's end there is a notice, the latest first; 0 is the end itself.
pub const THRESHOLDS: [i64; 4] = [0, 1, 7, 30];
/// How long after its end a token's owner is still told so, if nothing ran before.
const TOLD_FOR_DAYS: i64 = 30;
/// How long a delivery may take before another process takes it for dead.
pub const LEASE_MS: i64 = 180_000;
/// How long it is tried again.
pub const TRIED_FOR_MS: i64 = 3 * DAY_MS;
const FIRST_WAIT_MS: i64 = 60_000;
const LONGEST_WAIT_MS: i64 = 6 * 3_600_000;
/// Deliveries under way at once.
const AT_ONCE: usize = 8;
/// The most that one run takes on; the next is a minute later.
const RUN: i64 = 10_000;
/// How often it is tried to write down what came of a delivery.
const RECORD_TRIES: usize = 60;
/// The largest page.
pub const LARGEST_LIST: i64 = 10_000;
const MAIL: &str = "mail";
const WEBHOOK: &str = "webhook";
const DAY_MS: i64 = 86_400_000;

/// The states of a notice.
pub const STATES: [&str; 4] = ["due", "delivered", "failed", "dropped"];

/// Writes down the notices that are due and delivers what can be delivered. Ends early, with nothing
/// half done, when `stopping` turns true.
///
/// # Errors
/// If the database fails; nothing is lost then, and the next run goes on.
pub async fn run(app: &App, outbound: &Outbound, stopping: &watch::Receiver<bool>) -> Result<()> {
    write_due(app, outbound).await?;
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let due = store::notices::list_due(&mut tx, now, LEASE_MS, RUN).await?;
    drop(tx);
    let round = Round {
        app,
        outbound,
        unreachable: Mutex::default(),
    };
    let ends: Vec<Result<()>> = stream::iter(due)
        .take_while(|_| std::future::ready(!*stopping.borrow()))
        .map(|(id, channel, endpoint)| round.deliver(id, channel, endpoint))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    ends.into_iter().collect()
}

/// A page of the notices of the organization that the caller acts in, newest first; for the operator
/// of all.
///
/// # Errors
/// [`Error::Invalid`] for a state that there is not; [`Error::Forbidden`] below admin.
pub async fn list(app: &App, cx: &Cx, mut filter: NoticeFilter) -> Result<Vec<NoticeWithToken>> {
    if !matches!(cx.actor, Actor::Operator | Actor::System) {
        filter.organization_id = Some(access::require(cx, Action::SeeAudit)?.organization_id);
    }
    if filter
        .state
        .as_deref()
        .is_some_and(|state| !STATES.contains(&state))
    {
        let why = format!("A notice is {}.", STATES.join(", "));
        return Err(Error::invalid("state", why));
    }
    filter.limit = filter.limit.clamp(1, LARGEST_LIST);
    let mut tx = app.db.read().await?;
    Ok(store::notices::list(&mut tx, &filter).await?)
}

/// Writes down what is due, for each receiver. A token that is past several thresholds gets the
/// latest alone: three mails at once after a long weekend would tell nobody more.
async fn write_due(app: &App, outbound: &Outbound) -> Result<()> {
    let now = app.clock.now();
    let mail = outbound.mailer.iter().map(|_| (MAIL, ""));
    let webhooks = outbound.webhooks.iter();
    let webhooks = webhooks.map(|webhook| (WEBHOOK, webhook.endpoint.as_str()));
    let mut tx = app.db.write().await?;
    for (channel, endpoint) in mail.chain(webhooks) {
        let mut after = now - TOLD_FOR_DAYS * DAY_MS;
        for threshold_days in THRESHOLDS {
            let until = now + threshold_days * DAY_MS;
            let due = Due {
                threshold_days,
                after,
                until,
                life_over_ms: threshold_days * DAY_MS,
                channel,
                endpoint,
                now,
            };
            store::notices::insert_due(&mut tx, due).await?;
            after = until;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// One run's deliveries.
struct Round<'a> {
    app: &'a App,
    outbound: &'a Outbound,
    /// Who did not answer: the others to the same receiver wait for the next run.
    unreachable: Mutex<HashSet<String>>,
}

/// What becomes of a notice.
enum End {
    Delivered,
    Dropped(&'static str),
    Undelivered(Undelivered),
}

impl Round<'_> {
    async fn deliver(&self, id: i64, channel: String, endpoint: String) -> Result<()> {
        if !self.has_way(&channel, &endpoint) {
            return self.drop_if_old(id).await;
        }
        let place = format!("{channel} {endpoint}");
        if self.unreachable().contains(&place) {
            return Ok(());
        }
        let now = self.app.clock.now();
        let mut tx = self.app.db.write().await?;
        if !store::notices::update_claimed(&mut tx, id, now, LEASE_MS).await? {
            return Ok(());
        }
        let found = store::notices::find(&mut tx, id).await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(()) };
        let end = self.attempt(&found, now).await;
        if let End::Undelivered(undelivered) = &end {
            tracing::warn!(
                token = found.notice.token_id,
                days = found.notice.threshold_days,
                channel,
                why = undelivered.why,
                "an expiry notice was not delivered"
            );
            if undelivered.cause == Cause::Unreachable {
                self.unreachable().insert(place);
            }
        }
        self.record(&found, &end).await
    }

    fn has_way(&self, channel: &str, endpoint: &str) -> bool {
        if channel == MAIL {
            return self.outbound.mailer.is_some();
        }
        let mut webhooks = self.outbound.webhooks.iter();
        webhooks.any(|webhook| webhook.endpoint == endpoint)
    }

    /// A receiver that is not in the settings may come back; one that stays away is forgotten.
    async fn drop_if_old(&self, id: i64) -> Result<()> {
        let now = self.app.clock.now();
        let mut tx = self.app.db.write().await?;
        let found = store::notices::find(&mut tx, id).await?;
        if found.is_some_and(|found| now - found.notice.created_at >= TRIED_FOR_MS) {
            let why = Some("its receiver is no longer in the settings");
            store::notices::update_ended(&mut tx, id, ("dropped", why), now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn attempt(&self, found: &NoticeWithToken, now: i64) -> End {
        if !found.is_standing {
            return End::Dropped(
                "the token was revoked or replaced, or its owner is no active member any more",
            );
        }
        let done = if found.notice.channel == MAIL {
            if found.is_overtaken {
                return End::Dropped("a later notice of the same token took its place");
            }
            let Some(mailer) = &self.outbound.mailer else {
                return End::Dropped("there is no mail server");
            };
            mailer.send(&words::mail(self.app, found, now)).await
        } else {
            let mut webhooks = self.outbound.webhooks.iter();
            let Some(webhook) = webhooks.find(|one| one.endpoint == found.notice.endpoint) else {
                return End::Dropped("its receiver is no longer in the settings");
            };
            webhook.post(&words::post(found, now)).await
        };
        match done {
            Ok(()) => End::Delivered,
            Err(undelivered) => End::Undelivered(undelivered),
        }
    }

    /// Writes down what came of a delivery. While that fails it is tried again, for as long as the
    /// claim holds: a mail that is sent and not noted would be sent once more.
    async fn record(&self, found: &NoticeWithToken, end: &End) -> Result<()> {
        let mut tries = 1;
        loop {
            match self.write_end(found, end).await {
                Err(error) if tries < RECORD_TRIES => {
                    tracing::warn!(
                        ?error,
                        "what came of an expiry notice cannot be written down yet"
                    );
                }
                done => return done,
            }
            tries += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn write_end(&self, found: &NoticeWithToken, end: &End) -> Result<()> {
        let notice = &found.notice;
        let now = self.app.clock.now();
        let mut tx = self.app.db.write().await?;
        match end {
            End::Delivered => {
                store::notices::update_ended(&mut tx, notice.id, ("delivered", None), now).await?;
            }
            End::Dropped(why) => {
                let end = ("dropped", Some(*why));
                store::notices::update_ended(&mut tx, notice.id, end, now).await?;
            }
            End::Undelivered(Undelivered { cause, why }) => {
                let is_over = now - notice.created_at >= TRIED_FOR_MS;
                if is_over || *cause == Cause::Gone {
                    let end = ("failed", Some(why.as_str()));
                    store::notices::update_ended(&mut tx, notice.id, end, now).await?;
                } else {
                    let next = now + self.wait_ms(notice.attempts, *cause);
                    store::notices::update_put_off(&mut tx, notice.id, why, next).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Twice as long each time, up to six hours, and a quarter more or less by chance, so that what
    /// failed together does not come back together.
    fn wait_ms(&self, attempts: i64, cause: Cause) -> i64 {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(20);
        let wait = match cause {
            Cause::RefusedForLong => LONGEST_WAIT_MS,
            _ => (FIRST_WAIT_MS << doublings).min(LONGEST_WAIT_MS),
        };
        let [chance] = self.app.random.bytes::<1>();
        wait * 3 / 4 + wait / 2 * i64::from(chance) / 255
    }

    fn unreachable(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.unreachable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
