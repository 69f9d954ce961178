//! On the page of a customer and of a contact: what may be done by which channel, and the place to write a decision down.

use super::{CHANNELS, PURPOSES, decisions, entity::Choices, verdict};
use engine::consent::{ANY, Reason};
use engine::{Action, BoxFuture, allow};
use meta::{Lang, Record};
use minijinja::context;
use serde::Serialize;
use web::{Answer, App, Session, pages::Caller};

#[derive(Serialize)]
struct Choice {
    value: &'static str,
    label: &'static str,
}

#[derive(Serialize)]
struct Row {
    label: &'static str,
    preferred: bool,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    purpose: &'static str,
    allowed: bool,
    reason: String,
    colour: &'static str,
    /// When it was decided and until when it holds.
    title: String,
}

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        let entity = app.engine().entity("consent")?.clone();
        // Whoever may not see the decisions may still be told by `may_contact`; here they are shown.
        if allow(&session.actor, &entity, Action::Read).is_err() || record.deleted_at.is_some() {
            return Ok(None);
        }
        let may_record = allow(&session.actor, &entity, Action::Create).is_ok();
        let caller = Caller::new(app.clone(), session.clone()).await?;
        let rows = rows(&caller, &record).await?;
        let lang = session.lang;
        let context = context! {
            rows,
            purposes => shown(PURPOSES, lang, false),
            channel_choices => shown(CHANNELS, lang, true),
            purpose_choices => shown(PURPOSES, lang, true),
            may_record,
            href => format!("/{}/{}/consent", record.entity, record.id),
            all_href => all_href(&record),
        };
        app.render(&session, "customers/consent_panel.html", context).map(Some)
    })
}

/// The history: every decision there was.
fn all_href(record: &Record) -> String {
    format!("/consent?filter={}", web::encode(&format!("{} == '{}'", record.entity, record.id)))
}

fn shown(choices: Choices, lang: Lang, with_any: bool) -> Vec<Choice> {
    let wanted = choices.iter().filter(|(value, ..)| with_any || *value != ANY);
    wanted.map(|(value, en, zh, _)| Choice { value, label: if lang == Lang::En { en } else { zh } }).collect()
}

async fn rows(caller: &Caller, record: &Record) -> Answer<Vec<Row>> {
    let engine = caller.engine();
    let decisions = decisions(engine, record).await?;
    let lang = caller.session.lang;
    let preferred = record.text("preferred_channel").to_owned();
    let row = |channel: Choice| Row {
        label: channel.label,
        preferred: preferred == channel.value,
        cells: shown(PURPOSES, lang, false)
            .into_iter()
            .map(|purpose| {
                let verdict = verdict(engine, record, &decisions, channel.value, purpose.value);
                let word = |key: &str, args: &[(&str, &str)]| caller.app.t(lang, key, args);
                let decided = verdict.decision.as_ref().map(|decision| {
                    let at = caller.reader.exact(decision.decided_at);
                    match decision.expires_at {
                        Some(end) => {
                            let end = caller.reader.exact(end);
                            word("consent.decided_until", &[("at", &at), ("end", &end)])
                        }
                        None => word("consent.decided", &[("at", &at)]),
                    }
                });
                Cell {
                    purpose: purpose.label,
                    allowed: verdict.allowed,
                    reason: word(&format!("consent.{}", verdict.reason.name()), &[]),
                    colour: colour(verdict.reason),
                    title: decided.unwrap_or_default(),
                }
            })
            .collect(),
    };
    Ok(shown(CHANNELS, lang, false).into_iter().map(row).collect())
}

fn colour(reason: Reason) -> &'static str {
    match reason {
        Reason::Given => "green",
        Reason::NotNeeded => "blue",
        Reason::NotAsked | Reason::Gone => "grey",
        Reason::Expired => "yellow",
        Reason::Withdrawn => "orange",
        Reason::Refused => "red",
    }
}
