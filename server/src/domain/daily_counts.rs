//! What an organization's admins see of the use of its tokens: counts by day, in UTC.

use keybearer_verify::TokenKind;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::error::Result;
use crate::store;
use crate::store::daily_counts::Counted;

pub use crate::store::daily_counts::DailyCount;

/// The kinds of stored tokens, in the order in which they are shown.
pub const KINDS: [TokenKind; 3] = [TokenKind::Personal, TokenKind::Key, TokenKind::Legacy];
/// How many days back requests and refusals are shown, today among them.
pub const DAYS_BACK: usize = 90;
/// How many days ahead ends of tokens are shown, today among them.
pub const DAYS_AHEAD: usize = 30;
/// How many whole weeks there are in [`DAYS_BACK`]; the last one ends today.
pub const WEEKS_BACK: usize = 12;
const DAY_MS: i64 = 86_400_000;
const WEEK: usize = 7;

/// Counts of several things over the same run of days (or weeks) without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The first day, in days since 1970-01-01 (UTC).
    pub first_day: i64,
    /// How many days one count is over: 1, or 7 for weeks.
    pub step_days: i64,
    pub series: Vec<Series>,
}

/// The counts of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// A kind of token, or the code of a refusal.
    pub name: String,
    pub counts: Vec<i64>,
}

/// All that is shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// Requests by kind of token. An access token counts as its personal access token.
    pub requests: Counts,
    /// The same by week, for shares.
    pub weeks: Counts,
    /// Ends of tokens by kind.
    pub expiring: Counts,
    /// Refusals by cause, the most frequent first; only causes that there were.
    pub refusals: Counts,
}

impl Series {
    #[must_use]
    pub fn total(&self) -> i64 {
        self.counts.iter().sum()
    }
}

impl Counts {
    #[must_use]
    pub fn total(&self) -> i64 {
        self.series.iter().map(Series::total).sum()
    }

    /// How many counts each series has.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.series.first().map_or(0, |series| series.counts.len())
    }

    /// The runs of `days` days from `first_day` on that `rows` tell of, one for each of `names`.
    fn of(rows: &[DailyCount], (first_day, days): (i64, usize), names: &[&str]) -> Self {
        let series = names.iter().map(|name| {
            let mut counts = vec![0; days];
            for row in rows.iter().filter(|row| row.name == *name) {
                let at = usize::try_from(row.day - first_day).ok();
                if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
                    *count += row.count;
                }
            }
            Series {
                name: (*name).to_owned(),
                counts,
            }
        });
        Self {
            first_day,
            step_days: 1,
            series: series.collect(),
        }
    }

    /// The same by week, for the last `weeks` weeks.
    fn by_week(&self, weeks: usize) -> Self {
        let skipped = self.steps().saturating_sub(weeks * WEEK);
        let summed = |series: &Series| Series {
            name: series.name.clone(),
            counts: series
                .counts
                .get(skipped..)
                .unwrap_or_default()
                .chunks(WEEK)
                .map(|week| week.iter().sum())
                .collect(),
        };
        Self {
            first_day: self.first_day + i64::try_from(skipped).unwrap_or_default(),
            step_days: 7,
            series: self.series.iter().map(summed).collect(),
        }
    }
}

/// The day of an instant (Unix milliseconds), in days since 1970-01-01 (UTC).
#[must_use]
pub fn day_of(at: i64) -> i64 {
    at.div_euclid(DAY_MS)
}

/// What the organization that the caller acts in made of its tokens. The newest requests and
/// refusals are still in memory for some seconds.
///
/// # Errors
/// [`crate::error::Error::Forbidden`] below admin.
pub async fn report(app: &App, cx: &Cx) -> Result<Report> {
    let organization_id = access::require(cx, Action::SeeUse)?.organization_id;
    let today = day_of(cx.now);
    let back = i64::try_from(DAYS_BACK).unwrap_or_default();
    let ahead = i64::try_from(DAYS_AHEAD).unwrap_or_default();
    let first_day = today - back + 1;
    let mut tx = app.db.read().await?;
    let uses =
        store::daily_counts::list(&mut tx, Counted::Uses, organization_id, first_day).await?;
    let refused =
        store::daily_counts::list(&mut tx, Counted::Refusals, organization_id, first_day).await?;
    let until = (cx.now, (today + ahead) * DAY_MS);
    let ends = store::daily_counts::list_expiring(&mut tx, organization_id, until).await?;
    drop(tx);

    let kinds = KINDS.map(TokenKind::as_str);
    let requests = Counts::of(&uses, (first_day, DAYS_BACK), &kinds);
    let mut causes: Vec<&str> = refused.iter().map(|row| row.name.as_str()).collect();
    causes.sort_unstable();
    causes.dedup();
    let mut refusals = Counts::of(&refused, (first_day, DAYS_BACK), &causes);
    refusals
        .series
        .sort_by_key(|series| std::cmp::Reverse(series.total()));
    Ok(Report {
        weeks: requests.by_week(WEEKS_BACK),
        requests,
        expiring: Counts::of(&ends, (today, DAYS_AHEAD), &kinds),
        refusals,
    })
}
