//! The sign-ins of everybody, or of one user.

use super::administrators_only;
use crate::{
    Answer, App, Session,
    device::device,
    sign_in::history::{self, Noted},
};
use axum::extract::{Query, State};
use engine::Result;
use meta::Id;
use minijinja::{Value, context};
use serde::Deserialize;
use std::collections::HashMap;

const PAGE: u64 = 50;

#[derive(Deserialize)]
pub(super) struct Wanted {
    user: Option<Id>,
    before: Option<Id>,
}

pub(super) async fn show(State(app): State<App>, session: Session, Query(wanted): Query<Wanted>) -> Answer {
    administrators_only(&session)?;
    let entries = history::list(app.engine(), wanted.user, wanted.before, PAGE + 1).await?;
    let more = entries.len() as u64 > PAGE;
    let last = entries.iter().take(PAGE as usize).next_back().map(|entry| entry.id);
    let of_user = wanted.user.map(|user| format!("user={user}&")).unwrap_or_default();
    let context = context! {
        history => rows(&app, &session, entries.into_iter().take(PAGE as usize).collect()).await?,
        older_href => last.filter(|_| more).map(|last| format!("/security/sign-ins?{of_user}before={last}")),
        all_href => wanted.user.map(|_| "/security/sign-ins"),
    };
    app.page(&session, "sign_ins.html", context)
}

/// The newest entries for a template.
pub(crate) async fn shown(
    app: &App,
    session: &Session,
    user: Option<Id>,
    before: Option<Id>,
    limit: u64,
) -> Result<Vec<Value>> {
    rows(app, session, history::list(app.engine(), user, before, limit).await?).await
}

async fn rows(app: &App, session: &Session, entries: Vec<Noted>) -> Result<Vec<Value>> {
    let users: Vec<(&str, Id)> =
        entries.iter().filter_map(|entry| entry.user).map(|user| ("user", user)).collect();
    let names: HashMap<Id, String> = app.engine().titles(&session.actor, &users).await?;
    let (format, now) = (session.format(), app.engine().clock().now());
    let row = |entry: Noted| {
        context! {
            at => format.relative(entry.at, now),
            at_exact => format.instant(entry.at),
            user => entry.user.and_then(|user| names.get(&user)),
            user_href => entry.user.map(|user| format!("/security/sign-ins?user={user}")),
            email => entry.email,
            good => entry.outcome == history::Outcome::Success.name(),
            outcome => app.t(session.lang, &format!("history.outcome_{}", entry.outcome), &[]),
            method => app.t(session.lang, &format!("history.method_{}", entry.method), &[]),
            address => entry.address,
            device => entry.agent.as_deref().map(device),
        }
    };
    Ok(entries.into_iter().map(row).collect())
}
