//! Letters: over SMTP, in the reader's language. A letter is sent at once and kept nowhere, because it may hold a link that
//! signs somebody in; who got none asks again.

mod letters;
mod server;

pub use server::MailServer;

pub(crate) use letters::{invite, notice, reset, send};

use engine::{Error, Result};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
};
use meta::{Lang, Record};
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(15);

pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What a letter says; it has its text always, and what shows it better besides.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub files: Vec<Attached>,
}

#[derive(Clone, Debug)]
pub struct Attached {
    pub name: String,
    /// `text/csv`
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

/// Who gets a letter.
pub struct Recipient {
    pub name: String,
    pub email: String,
    pub lang: Lang,
}

impl Recipient {
    /// From the record of a user.
    pub fn of(user: &Record) -> Recipient {
        let lang = Lang::parse(user.text("language")).unwrap_or_default();
        Recipient { name: user.text("name").to_owned(), email: user.text("email").to_owned(), lang }
    }
}

impl Mailer {
    pub fn new(server: &MailServer) -> Result<Mailer> {
        let wrong = |error: String| Error::Internal(format!("mail server: {error}"));
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&server.url)
            .map_err(|error| wrong(error.to_string()))?
            .timeout(Some(TIME_LIMIT))
            .build();
        let from = server.from.parse().map_err(|_| wrong(format!("{} is no sender", server.from)))?;
        Ok(Mailer { transport, from })
    }

    pub async fn send(&self, to: &Recipient, letter: Letter) -> Result<()> {
        let wrong = |error: String| Error::Unavailable(format!("the letter to {}: {error}", to.email));
        let address: Address = to.email.parse().map_err(|_| wrong("no e-mail address".into()))?;
        let builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(to.name.clone()), address))
            .subject(letter.subject);
        let message = if letter.html.is_none() && letter.files.is_empty() {
            builder.header(ContentType::TEXT_PLAIN).body(letter.text)
        } else {
            let body = match letter.html {
                Some(html) => MultiPart::alternative_plain_html(letter.text, html),
                None => MultiPart::mixed().singlepart(SinglePart::plain(letter.text)),
            };
            let mut whole = MultiPart::mixed().multipart(body);
            for file in letter.files {
                let kind = ContentType::parse(file.kind).map_err(|error| wrong(error.to_string()))?;
                whole = whole.singlepart(Attachment::new(file.name).body(file.bytes, kind));
            }
            builder.multipart(whole)
        };
        let message = message.map_err(|error| wrong(error.to_string()))?;
        self.transport.send(message).await.map_err(|error| wrong(error.to_string()))?;
        Ok(())
    }
}
