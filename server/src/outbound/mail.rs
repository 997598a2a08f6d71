//! Mails, over SMTP.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::{Cause, Undelivered};
use crate::config::notices::Notices;

/// How long one step of the conversation may take, and the whole of it.
const STEP_FOR: Duration = Duration::from_secs(30);
const WHOLE_FOR: Duration = Duration::from_secs(90);

/// A mail to one person.
#[derive(Clone, Debug)]
pub struct Mail {
    /// What its Message-ID begins with: the same id for the same mail, however often it is sent, so
    /// that a mail system drops the second of two.
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// Unix milliseconds.
    pub at: i64,
}

/// A mail server and the sender that it knows Keybearer by.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer")
    }
}

pub(super) fn open(settings: &Notices) -> anyhow::Result<Option<Mailer>> {
    let (Some(url), Some(from)) = (&settings.smtp_url, &settings.mail_from) else {
        return Ok(None);
    };
    let from: Mailbox = from.parse().with_context(|| {
        format!("mail_from {from:?} is no sender; it looks like Keybearer <tokens@example.com>")
    })?;
    // The error may repeat the address with its password.
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.reveal())
        .ok()
        .context("smtp_url cannot be read; it looks like smtps://USER:PASSWORD@mail.example.com:465, with %40 for an @ in the user")?
        .hello_name(ClientId::Domain(from.email.domain().to_owned()))
        .timeout(Some(STEP_FOR))
        .build();
    Ok(Some(Mailer { transport, from }))
}

impl Mailer {
    /// Sends `mail`, and returns once the mail server has taken it.
    ///
    /// # Errors
    /// [`Undelivered`]; after a time-out the server may have taken it all the same.
    pub async fn send(&self, mail: &Mail) -> Result<(), Undelivered> {
        let message = self.message(mail)?;
        let sent = tokio::time::timeout(WHOLE_FOR, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_about_sign_in(&error) => {
                Err(Undelivered::new(Cause::Unreachable, Chain(&error)))
            }
            Ok(Err(error)) if error.is_permanent() => {
                Err(Undelivered::new(Cause::RefusedForLong, Chain(&error)))
            }
            Ok(Err(error)) if error.is_transient() => {
                Err(Undelivered::new(Cause::Refused, Chain(&error)))
            }
            Ok(Err(error)) => Err(Undelivered::new(Cause::Unreachable, Chain(&error))),
            Err(_) => Err(Undelivered::new(
                Cause::Unreachable,
                format!("the mail server took longer than {WHOLE_FOR:?}"),
            )),
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, Undelivered> {
        let unsendable = |error: &dyn std::error::Error| {
            Undelivered::new(
                Cause::RefusedForLong,
                format!("no mail can be made of it: {error}"),
            )
        };
        let to = mail.to.parse().map_err(|error| unsendable(&error))?;
        let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(mail.at).unwrap_or_default());
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(at)
            .message_id(Some(id))
            // RFC 3834: so that no holiday notice comes back.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ))
            .header(ContentType::TEXT_PLAIN)
            .subject(mail.subject.clone());
        message
            .body(mail.text.clone())
            .map_err(|error| unsendable(&error))
    }
}

/// RFC 4954 section 6: the mail server does not let Keybearer in, whatever the mail.
fn is_about_sign_in(error: &lettre::transport::smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    code.is_some_and(|code| matches!(code, 454 | 530 | 534 | 535 | 538))
}

/// An error with its causes, in one line.
struct Chain<'a>(&'a lettre::transport::smtp::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = std::error::Error::source(self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
