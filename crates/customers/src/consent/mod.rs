//! Who may be reached by which channel for what, as the person decided, with the proof; the newest decision counts.
//!
//! Whatever reaches out to people asks [`may_contact`] first.

mod answer;
mod entity;
mod panel;
mod record;
pub mod rules;

pub use entity::{CHANNELS, PURPOSES, entity, preferred_channel};

use axum::{
    Router,
    routing::{get, post},
};
use engine::{
    Actor, Engine, Query, Result,
    consent::{Decision, Reason, Verdict, decide},
};
use meta::{Id, Record};
use web::{App, RecordPanel, WebModule};

/// Decisions of one person that are looked at, the newest first.
const DECISIONS_LIMIT: usize = 1_000;

/// Whether `person` (an account or a contact) may be reached by `channel` for `purpose` now. A contact who has decided nothing
/// is bound by what his customer decided.
pub async fn may_contact(engine: &Engine, person: &Record, channel: &str, purpose: &str) -> Result<Verdict> {
    let decisions = decisions(engine, person).await?;
    Ok(verdict(engine, person, &decisions, channel, purpose))
}

/// Of a person who was deleted or erased nothing holds any more.
fn verdict(engine: &Engine, person: &Record, decisions: &Decisions, channel: &str, purpose: &str) -> Verdict {
    let now = engine.clock().now();
    if person.deleted_at.is_some() || decisions.erased {
        return Verdict { allowed: false, reason: Reason::Gone, decision: None };
    }
    match decide(&decisions.own, channel, purpose, now) {
        Verdict { decision: None, .. } => decide(&decisions.of_account, channel, purpose, now),
        own => own,
    }
}

struct Decisions {
    own: Vec<Decision>,
    of_account: Vec<Decision>,
    erased: bool,
}

/// The consent is not the reader's to withhold: whoever may see the person is told.
async fn decisions(engine: &Engine, person: &Record) -> Result<Decisions> {
    let read = async |of: &str, id: Id, filter: &str| {
        let query = Query::new("consent").belongs_to(of, id).filter(filter);
        let query = query.sort("-decided_at").limit(DECISIONS_LIMIT);
        let found = engine.list(&Actor::system(), &query).await?.records;
        Ok::<_, engine::Error>(found.iter().filter_map(Decision::read).collect::<Vec<_>>())
    };
    let of_account = async |id| read("account", id, "contact == null").await;
    let (own, of_account) = match person.entity.as_str() {
        "contact" => {
            let of_account = match person.reference("account") {
                Some(account) => of_account(account).await?,
                None => vec![],
            };
            (read("contact", person.id, "").await?, of_account)
        }
        _ => (of_account(person.id).await?, vec![]),
    };
    Ok(Decisions { own, of_account, erased: engine.erased_at(person.id).await?.is_some() })
}

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[("customers/consent_panel.html", include_str!("panel.html"))],
        messages: include_str!("../messages.toml"),
        record_panels: vec![
            RecordPanel { entity: "account", render: panel::render },
            RecordPanel { entity: "contact", render: panel::render },
        ],
        ..WebModule::new("customers", routes)
    }
}

fn routes() -> Router<App> {
    Router::new()
        .route("/account/{id}/consent", post(record::of_account))
        .route("/contact/{id}/consent", post(record::of_contact))
        .route("/api/v1/account/{id}/may-contact", get(answer::of_account))
        .route("/api/v1/contact/{id}/may-contact", get(answer::of_contact))
}
