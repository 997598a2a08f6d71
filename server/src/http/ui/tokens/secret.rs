//! The panel that shows a new secret once, with lines that are ready to be used.

use crate::app::App;
use keybearer_verify::{PlainToken, TokenKind};

/// A secret that was made a moment ago, for the page that answers the request that made it. No other
/// page has it.
pub(crate) struct SecretPanel {
    pub(crate) secret: PlainToken,
    pub(crate) kind: TokenKind,
    pub(crate) url: String,
    /// What else is to be said, such as when the old token stops.
    pub(crate) remark: Option<String>,
}

impl SecretPanel {
    pub(crate) fn new(app: &App, kind: TokenKind, secret: PlainToken) -> Self {
        Self {
            secret,
            kind,
            url: app.config.public_url.clone(),
            remark: None,
        }
    }

    /// A shell line that uses the token.
    pub(crate) fn curl(&self) -> String {
        let (url, secret) = (&self.url, self.secret.reveal());
        match self.kind {
            TokenKind::Personal => format!(
                "curl -X POST {url}/api/token/refresh -H 'Content-Type: application/json' -d '{{\"refresh\": \"{secret}\"}}'"
            ),
            TokenKind::Legacy => {
                format!("curl {url}/api/current-user/whoami -H 'Authorization: Token {secret}'")
            }
            _ => format!("curl {url}/api/current-user/whoami -H 'Authorization: Bearer {secret}'"),
        }
    }

    /// Lines of Python that use the token with Label Studio's SDK.
    pub(crate) fn python(&self) -> String {
        format!(
            "from label_studio_sdk import LabelStudio\n\nclient = LabelStudio(base_url=\"{}\", api_key=\"{}\")\nprint(client.users.whoami().email)",
            self.url,
            self.secret.reveal()
        )
    }

    /// What the shell line does.
    pub(crate) fn curl_title(&self) -> &'static str {
        match self.kind {
            TokenKind::Personal => "Exchange it for an access token, which lives five minutes",
            _ => "Try it in a shell",
        }
    }

    pub(crate) fn is_legacy(&self) -> bool {
        self.kind == TokenKind::Legacy
    }
}
