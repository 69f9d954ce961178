//! Letters: over SMTP, in the reader's language. A letter is sent at once and kept nowhere, because it may hold a link that
//! signs somebody in; who got none asks again.

mod letters;
mod server;

pub use server::MailServer;

pub(crate) use letters::{invite, notice, reset};

use engine::{Error, Result};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(15);

pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Who gets a letter.
pub(crate) struct Reader {
    pub name: String,
    pub email: String,
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

    pub async fn send(&self, to: &Reader, subject: String, body: String) -> Result<()> {
        let wrong = |error: String| Error::Unavailable(format!("the letter to {}: {error}", to.email));
        let address: Address = to.email.parse().map_err(|_| wrong("no e-mail address".into()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(to.name.clone()), address))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|error| wrong(error.to_string()))?;
        self.transport.send(message).await.map_err(|error| wrong(error.to_string()))?;
        Ok(())
    }
}
