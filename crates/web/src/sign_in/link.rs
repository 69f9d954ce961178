//! Links that let somebody choose a password: asked for by whoever forgot his, or made by an administrator. Which
//! addresses exist cannot be learned here: the answer is the same, and so is the time it takes.

use super::password;
use crate::{
    Answer, App, PASSWORD_MINIMUM, Visit, auth, mail,
    ticket::{self, Purpose},
};
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderValue, header::REFERRER_POLICY},
};
use engine::{Actor, Error, Result};
use meta::Id;
use minijinja::context;
use serde::Deserialize;

/// Letters to one address within the throttle's window; more are not sent, and nobody is told.
const LETTERS_PER_EMAIL: usize = 3;
const ASKED_PER_ADDRESS: usize = 20;

/// The link as it stands in a letter; `base` is where the program is reached.
fn address(base: &str, token: &str) -> String {
    format!("{}/sign-in/password?ticket={token}", base.trim_end_matches('/'))
}

/// A link for a user, by which he chooses a password.
pub(crate) async fn make(app: &App, base: &str, user: Id, purpose: Purpose) -> Result<String> {
    // Whoever gets the letter by a mistake in the address loses it when the address is corrected.
    let email = app.engine().get(&Actor::system(), "user", user).await?.text("email").to_owned();
    let token = ticket::issue(app.engine(), purpose, Some(user), email).await?;
    Ok(address(base, &token))
}

fn forgotten_page(app: &App, visit: &Visit, status: u16, sent: bool, error: Option<String>) -> Answer {
    let context = context! { can_send => app.mailer().is_some(), sent, error };
    app.page_with(status, visit, "forgotten.html", context)
}

pub(super) async fn show_forgotten(State(app): State<App>, visit: Visit) -> Answer {
    forgotten_page(&app, &visit, 200, false, None)
}

#[derive(Deserialize)]
pub(super) struct Asked {
    email: String,
}

pub(super) async fn ask(State(app): State<App>, visit: Visit, Form(asked): Form<Asked>) -> Answer {
    let now = app.engine().clock().now();
    let caller = visit.address.map(|address| format!("letter@{address}")).unwrap_or_default();
    if let Some(minutes) = app.throttle().wait_minutes(&caller, ASKED_PER_ADDRESS, now) {
        let text = app.t(visit.lang, "sign_in.wait", &[("minutes", &minutes.to_string())]);
        return forgotten_page(&app, &visit, 429, false, Some(text));
    }
    app.throttle().failed(&caller, now);
    if let Some(email) = meta::normalise_email(&asked.email) {
        let name = format!("letter:{email}");
        if app.throttle().wait_minutes(&name, LETTERS_PER_EMAIL, now).is_none() {
            app.throttle().failed(&name, now);
            let app = app.clone();
            tokio::spawn(async move {
                if let Err(error) = send(&app, &email).await {
                    tracing::warn!("no link to choose a password was sent: {error}");
                }
            });
        }
    }
    forgotten_page(&app, &visit, 200, true, None)
}

/// To a user of this address, unless he signs in at the provider only.
async fn send(app: &App, email: &str) -> Result<()> {
    let Some(base) = app.options().public_url.clone() else { return Ok(()) };
    let Some(user) = auth::active_user(app.engine(), email).await? else { return Ok(()) };
    if auth::signs_in_elsewhere(app.engine(), user).await? {
        return Ok(());
    }
    let link = make(app, &base, user, Purpose::Reset).await?;
    mail::reset(app, user, &link).await
}

#[derive(Deserialize)]
pub(super) struct Linked {
    #[serde(default)]
    ticket: String,
}

/// A link that still holds: its user is active and has the address it was sent to.
struct Found {
    purpose: Purpose,
    user: Id,
    email: String,
}

async fn find(app: &App, token: &str) -> Result<Option<Found>> {
    for purpose in [Purpose::Reset, Purpose::Invitation] {
        let Some(ticket) = ticket::look(app.engine(), purpose, token).await? else { continue };
        let user = auth::active_user(app.engine(), &ticket.data).await?;
        let user = user.filter(|user| ticket.user == Some(*user));
        return Ok(user.map(|user| Found { purpose, user, email: ticket.data }));
    }
    Ok(None)
}

async fn password_page(app: &App, visit: &Visit, status: u16, token: &str, error: Option<String>) -> Answer {
    let found = find(app, token).await?;
    let status = if found.is_some() { status } else { 410 };
    let context = context! {
        ticket => found.as_ref().map(|_| token),
        email => found.as_ref().map(|found| found.email.as_str()),
        invited => found.as_ref().is_some_and(|found| found.purpose == Purpose::Invitation),
        password_minimum => PASSWORD_MINIMUM,
        error,
    };
    let mut response = app.page_with(status, visit, "new_password.html", context)?;
    // The address of this page is a secret: no other page learns it.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

pub(super) async fn show(State(app): State<App>, visit: Visit, Query(linked): Query<Linked>) -> Answer {
    password_page(&app, &visit, 200, &linked.ticket, None).await
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    ticket: String,
    password: String,
}

pub(super) async fn choose(State(app): State<App>, visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let Some(Found { purpose, user, .. }) = find(&app, &chosen.ticket).await? else {
        return password_page(&app, &visit, 410, &chosen.ticket, None).await;
    };
    let set = auth::set_password_by_ticket(app.engine(), user, &chosen.password, purpose, &chosen.ticket);
    match set.await {
        Ok(()) => {
            app.live().end_sessions_of(user, None);
            mail::notice(&app, user, "password");
            let text = app.t(visit.lang, "reset.done", &[]);
            password::page_with_note(&app, &visit, text)
        }
        Err(Error::Invalid(problems)) => {
            let text = problems.first().map(|found| found.problem.message(visit.lang));
            password_page(&app, &visit, 422, &chosen.ticket, text).await
        }
        Err(Error::NotFound(_)) => password_page(&app, &visit, 410, &chosen.ticket, None).await,
        Err(error) => Err(error.into()),
    }
}
