//! The browsers in which one is signed in, and signing the others out.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};

use super::Menu;
use crate::app::App;
use crate::domain::sessions::own::{self, OwnSession};
use crate::error::Error;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;
use crate::http::ui::words::{self, Moment};

#[derive(Template)]
#[template(path = "account/sessions.html")]
struct SessionsPage<'a> {
    frame: &'a Frame,
    menu: Menu,
    sessions: Vec<SessionRow>,
    is_done: bool,
}

struct SessionRow {
    id: String,
    client: String,
    agent: String,
    address: String,
    since: Moment,
    ends: Moment,
    is_present: bool,
}

impl SessionRow {
    fn new(session: OwnSession, now: i64) -> Self {
        Self {
            id: session.id,
            client: words::client(&session.client),
            agent: session.client,
            address: session.address,
            since: Moment::new(session.created_at, now),
            ends: Moment::new(session.expires_at, now),
            is_present: session.is_present,
        }
    }
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor, uri: Uri) -> PageResult {
    let sessions = own::list(&app, &visitor.cx, &visitor.session).await?;
    let now = visitor.cx.now;
    let rows = sessions
        .into_iter()
        .map(|session| SessionRow::new(session, now));
    let page = SessionsPage {
        frame: &visitor.frame,
        menu: Menu::load(&app, &visitor).await?,
        sessions: rows.collect(),
        is_done: uri.query() == Some("done=signed-out"),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

/// Signs out the session that the form names, or all others if it names none.
pub(super) async fn submit(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    match form.text("session") {
        "" => {
            own::end_others(&app, &visitor.cx, &visitor.session).await?;
        }
        id => match own::end(&app, &visitor.cx, id).await {
            // Sent twice, or it has ended by itself.
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        },
    }
    Ok(redirect(&app, "/user/account/sessions?done=signed-out"))
}
