//! What the letters say; each has a template in `templates/letters` and its subject in `messages.toml`.

use super::{Letter, Recipient};
use crate::App;
use engine::{Actor, Error, Result};
use meta::Id;
use minijinja::{Value, context};

async fn reader(app: &App, user: Id) -> Result<Recipient> {
    Ok(Recipient::of(&app.engine().get(&Actor::system(), "user", user).await?))
}

pub(crate) async fn send(app: &App, reader: &Recipient, letter: Letter) -> Result<()> {
    let mailer = app.mailer().ok_or_else(|| Error::Unavailable("no mail server is set".into()))?;
    mailer.send(reader, letter).await
}

/// One of the program's own letters.
async fn write(app: &App, reader: &Recipient, letter: &str, more: Value) -> Result<()> {
    let company = app.engine().setting("company.name").await?;
    let company = company.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let context = context! { name => reader.name.as_str(), company, ..more };
    let text = app.letter(reader.lang, &format!("letters/{letter}.txt"), context)?;
    let subject = app.t(reader.lang, &format!("letter.{letter}_subject"), &[]);
    send(app, reader, Letter { subject, text, ..Letter::default() }).await
}

pub(crate) async fn reset(app: &App, user: Id, link: &str) -> Result<()> {
    write(app, &reader(app, user).await?, "reset", context! { link }).await
}

pub(crate) async fn invite(app: &App, user: Id, link: &str) -> Result<()> {
    write(app, &reader(app, user).await?, "invitation", context! { link }).await
}

/// Tells the user of a change to how he signs in, so that he notices one that is not his. `what` completes the key
/// `letter.notice_…`. Sent besides: nobody waits for it, and without a mail server there is none.
pub(crate) fn notice(app: &App, user: Id, what: &'static str) {
    tracing::info!(%user, what, "sign-in changed");
    if app.mailer().is_none() {
        return;
    }
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = tell(&app, user, what).await {
            tracing::warn!(%user, "no notice was sent: {error}");
        }
    });
}

async fn tell(app: &App, user: Id, what: &str) -> Result<()> {
    let reader = reader(app, user).await?;
    let zone = app.engine().time_zone().await?;
    let at = app.engine().clock().now().with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string();
    let what = app.t(reader.lang, &format!("letter.notice_{what}"), &[]);
    write(app, &reader, "notice", context! { what, at }).await
}
