//! What a notice says: the mail for a person, the event for a program. Never a secret.

use keybearer_verify::TokenKind;
use serde_json::json;

use super::{DAY_MS, NoticeWithToken};
use crate::app::App;
use crate::outbound::{Mail, Post};

const HOUR_MS: i64 = 3_600_000;
/// Characters of a name that fit in a subject.
const SUBJECT_NAME: usize = 60;

/// The same for the same notice, whoever delivers it and however often.
fn id(found: &NoticeWithToken) -> String {
    let notice = &found.notice;
    format!("notice-{}-{}d", notice.token_id, notice.threshold_days)
}

pub(super) fn mail(app: &App, found: &NoticeWithToken, now: i64) -> Mail {
    let kind = TokenKind::parse(&found.kind).map_or("token", TokenKind::title);
    let end = found.expires_at.unwrap_or(now);
    let called = if found.name.is_empty() {
        found.notice.token_id.clone()
    } else {
        format!(
            "\"{}\"",
            found.name.chars().take(SUBJECT_NAME).collect::<String>()
        )
    };
    let is_over = end <= now;
    let happens = if is_over {
        "has expired".to_owned()
    } else {
        format!("expires in {}", span(end - now))
    };
    let last_use = found
        .last_used_at
        .map_or_else(|| "never, as far as Keybearer knows".to_owned(), minute);
    let advice = if is_over {
        "Requests with it are refused from now on. If something still needs it, make a new token and put it in its place."
    } else {
        "Requests with it are refused from then on. If something still needs it, rotate it or make a new token, and put \
         the new one in its place before that."
    };
    let name = if found.name.is_empty() {
        "(none)"
    } else {
        &found.name
    };
    Mail {
        id: id(found),
        to: found.email.clone(),
        subject: format!("Your {kind} {called} {happens}"),
        text: format!(
            "Hello,\n\nyour {kind} {happens}.\n\n    Name:     {name}\n    Kind:     {kind}\n    Id:       {}\n    \
             Expires:  {}\n    Last use: {last_use}\n\n{advice} If nothing uses it any more, there is nothing to do.\n\n\
             Your tokens: {}\n\nKeybearer writes to you 30, 7 and 1 days before a token of yours expires, and when it \
             has. This mail holds no secret.\n",
            found.notice.token_id,
            minute(end),
            app.config.public_url,
        ),
        at: now,
    }
}

/// The body is the same each time: it tells of the instant when the notice was due, not of now.
pub(super) fn post(found: &NoticeWithToken, now: i64) -> Post {
    let notice = &found.notice;
    let end = found.expires_at.unwrap_or(notice.created_at);
    let is_over = notice.threshold_days == 0;
    let left = end - notice.created_at;
    let body = json!({
        "id": id(found),
        "type": if is_over { "token.expired" } else { "token.expiring" },
        "created_at": instant(notice.created_at),
        "data": {
            "token_id": notice.token_id,
            "name": found.name,
            "kind": found.kind,
            "expires_at": instant(end),
            "days_left": if is_over { 0 } else { (left + DAY_MS - 1).div_euclid(DAY_MS) },
            "owner_email": found.email,
            "organization_id": found.organization_id,
        },
    });
    Post {
        id: id(found),
        body: body.to_string(),
        timestamp: now.div_euclid(1000),
    }
}

/// A span of time for people, rounded to the nearest unit that is not zero.
fn span(ms: i64) -> String {
    let days = (ms + DAY_MS / 2).div_euclid(DAY_MS);
    let (count, unit) = if ms < DAY_MS * 9 / 10 {
        ((ms + HOUR_MS / 2).div_euclid(HOUR_MS).max(1), "hour")
    } else {
        (days, "day")
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn minute(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

fn instant(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}
