//! Whoever is signed in and asks for a page. Nobody else gets further: he is sent to sign in, and
//! back to where he was after it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;

use super::errors::PageError;
use super::frame::{Frame, session_cookie};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::sessions::SessionSecret;
use crate::error::Error;
use crate::http::{credentials, extract};

/// A signed-in user, his session, and the frame of his page.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) cx: Cx,
    pub(crate) frame: Frame,
    pub(super) session: SessionSecret,
}

impl Visitor {
    /// Whose pages these are.
    pub(crate) fn user_id(&self) -> i64 {
        self.cx.caller().map_or(0, |caller| caller.user_id)
    }

    /// The organization that he acts in.
    pub(crate) fn organization_id(&self) -> i64 {
        self.cx.caller().map_or(0, |caller| caller.organization_id)
    }

    /// The visitor that a request comes from.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if nobody is signed in.
    pub(super) async fn find(app: &App, parts: &Parts) -> crate::error::Result<Self> {
        let anonymous = extract::anonymous_cx(app, parts);
        let session = SessionSecret::shown(session_cookie(&parts.headers).unwrap_or_default());
        let caller = credentials::by_session(app, &anonymous, session.reveal()).await?;
        let cx = anonymous.with_caller(caller);
        let frame = Frame::signed_in(app, &cx, parts).await?;
        Ok(Self { cx, frame, session })
    }
}

/// The frame of a page that everybody may see: with the menu of whoever is signed in. Whether that can be
/// told does not matter to what the page says.
pub(crate) async fn frame(app: &App, parts: &Parts) -> Frame {
    match Visitor::find(app, parts).await {
        Ok(visitor) => visitor.frame,
        Err(_) => Frame::plain(app, parts),
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        match Self::find(app, parts).await {
            Ok(visitor) => Ok(visitor),
            Err(Error::Unauthenticated(_)) => {
                // Every form is sent to an address that a page has too, so this leads back to it.
                let asked = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
                Err(PageError::SignIn(asked.to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }
}
