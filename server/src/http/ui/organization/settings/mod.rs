//! Access Token Settings. Nothing that would stop a token is saved before somebody has seen which.

mod fields;
pub(super) mod form;

use std::collections::HashSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use self::form::SettingsForm;
use crate::app::App;
use crate::domain::organizations;
use crate::domain::policy::{self, DryRun, PolicyChange, Stopped};
use crate::domain::standing_policy;
use crate::error::Error;
use crate::http::refusals;
use crate::http::ui::errors::{PageError, PageResult};
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;
use crate::http::ui::words::{self, Moment};

/// How many of the tokens that would stop are named.
const MOST_NAMED: usize = 50;

#[derive(Template)]
#[template(path = "organization/settings.html")]
struct SettingsPage<'a> {
    frame: &'a Frame,
    settings: &'a SettingsForm,
    fault: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "organization/settings_confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame,
    settings: &'a SettingsForm,
    /// `3 tokens of 2 people stop, one used 4 minutes ago`.
    headline: String,
    locks_out: bool,
    stopped: Vec<StoppedView>,
    /// How many more there are than are named, if there are.
    unnamed: Option<usize>,
    /// How many tokens stop: what whoever confirms has seen.
    count: usize,
    button: String,
}

/// A token that would stop, as the page shows it.
struct StoppedView {
    email: String,
    name: String,
    kind: &'static str,
    last_used: Option<Moment>,
    why: &'static str,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> PageResult {
    let ruled = standing_policy::ruled(&app, &visitor.cx).await?;
    let organization = organizations::find_own(&app, &visitor.cx).await?;
    let settings = SettingsForm::stored(&organization, &ruled);
    Ok(page(&visitor, &settings, None))
}

fn page(visitor: &Visitor, settings: &SettingsForm, fault: Option<&str>) -> Response {
    let frame = &visitor.frame;
    let page = SettingsPage {
        frame,
        settings,
        fault,
    };
    frame.page(StatusCode::OK, &page)
}

pub(super) async fn submit(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    let cx = &visitor.cx;
    let ruled = standing_policy::ruled(&app, cx).await?;
    let organization = organizations::find_own(&app, cx).await?;
    let mut settings = SettingsForm::sent(&form, &organization, &ruled);
    let Some(change) = settings.change(&organization) else {
        return Ok(page(&visitor, &settings, None));
    };
    if form.is_ticked("back") {
        return Ok(page(&visitor, &settings, None));
    }
    if change == PolicyChange::default() {
        return Ok(redirect(&app, "/organization?done=unchanged"));
    }
    let run = match policy::dry_run(&app, cx, organization.id, &change).await {
        Ok(run) => run,
        Err(error) => return refused(&visitor, &mut settings, error),
    };
    if !is_confirmed(&form, &run) {
        return Ok(confirmation(&visitor, &settings, run));
    }
    let change = PolicyChange {
        force: run.locks_out,
        ..change
    };
    match policy::update(&app, cx, organization.id, &change).await {
        Ok(_) => Ok(redirect(&app, "/organization?done=settings")),
        Err(error) => refused(&visitor, &mut settings, error),
    }
}

/// The form again, with what is wrong beside its field.
fn refused(visitor: &Visitor, settings: &mut SettingsForm, error: Error) -> PageResult {
    match error {
        Error::Invalid { field, why } => {
            let is_beside = settings.blame(field, &why);
            let fault = Some(why.as_str()).filter(|_| !is_beside);
            Ok(page(visitor, settings, fault))
        }
        error => Err(PageError::from(error)),
    }
}

/// Whether whoever sent the form has seen all that it would do. A token more than he saw, made in
/// between, is shown to him first.
fn is_confirmed(form: &Form, run: &DryRun) -> bool {
    let seen = form.text("stops").parse().unwrap_or(0);
    run.stopped.len() <= seen && (!run.locks_out || form.is_ticked("locks_out"))
}

fn confirmation(visitor: &Visitor, settings: &SettingsForm, run: DryRun) -> Response {
    let now = visitor.cx.now;
    let headline = headline(&run.stopped, now);
    let DryRun {
        mut stopped,
        locks_out,
    } = run;
    // Those whose end would be felt first.
    stopped.sort_by_key(|token| std::cmp::Reverse(token.last_used_at));
    let count = stopped.len();
    let page = ConfirmPage {
        frame: &visitor.frame,
        settings,
        headline,
        locks_out,
        unnamed: count.checked_sub(MOST_NAMED).filter(|more| *more > 0),
        button: if stopped.is_empty() {
            "Save and lock the clients out".to_owned()
        } else {
            format!("Save and stop {}", tokens(count))
        },
        stopped: stopped
            .into_iter()
            .take(MOST_NAMED)
            .map(|token| StoppedView {
                email: token.email,
                name: token.name,
                kind: words::kind(&token.kind),
                last_used: token.last_used_at.map(|at| Moment::new(at, now)),
                why: refusals::title(token.denial.code()),
            })
            .collect(),
        count,
    };
    visitor.frame.page(StatusCode::OK, &page)
}

fn headline(stopped: &[Stopped], now: i64) -> String {
    let people: HashSet<i64> = stopped.iter().map(|token| token.user_id).collect();
    let people = match people.len() {
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    };
    let last = stopped.iter().filter_map(|token| token.last_used_at).max();
    let used = match last.map(|at| Moment::new(at, now).distance()) {
        Some(ago) if stopped.len() == 1 => format!("used {ago}"),
        Some(ago) => format!("one used {ago}"),
        None => "never used so far".to_owned(),
    };
    let verb = if stopped.len() == 1 { "stops" } else { "stop" };
    format!("{} of {people} {verb}, {used}", tokens(stopped.len()))
}

fn tokens(count: usize) -> String {
    words::count(i64::try_from(count).unwrap_or(i64::MAX), "token")
}
