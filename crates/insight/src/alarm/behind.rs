//! The records an alarm about a group or a region tells of, opened from the page of alarms and from its task: its customers, and their
//! orders of the weeks that are compared.

use super::{ENTITY, page::sees_alarms};
use crate::{
    pages::{
        href::{self, Days},
        words::Words,
    },
    settings::Settings,
};
use engine::{BoxFuture, Query};
use meta::{NaiveDate, Record, Value};
use minijinja::context;
use serde::Serialize;
use web::{Answer, App, Session};

/// After one day, up to the end of another.
pub type Within = (NaiveDate, NaiveDate);

#[derive(Serialize)]
pub struct Link {
    label: String,
    pub href: String,
}

/// None of an alarm about one customer.
pub fn links(words: &Words<'_>, settings: &Settings, alarm: &Record) -> Vec<Link> {
    let customers = alarm.text("customers");
    if customers.is_empty() {
        return vec![];
    }
    // Alarms of earlier versions do not know them.
    let weeks: Vec<Within> = match alarm.get("weeks") {
        Value::Json(json) => serde_json::from_value(json.clone()).unwrap_or_default(),
        _ => vec![],
    };
    let orders = |(after, until): Within| {
        let (from, to) = (words.date(after.succ_opt().unwrap_or(after)), words.date(until));
        Link {
            label: words.t("alarm.orders_of", &[("from", &from), ("to", &to)]),
            // The condition is about one field, and begins with it.
            href: Days { settings, after, until }.orders(&format!(" && account.{customers}")),
        }
    };
    let customers = Link { label: words.t("alarm.customers", &[]), href: href::list("account", customers) };
    [customers].into_iter().chain(weeks.into_iter().map(orders)).collect()
}

/// On the page of an alarm's task.
pub fn panel(app: App, session: Session, task: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if task.text("kind") != "task" || !sees_alarms(&session.actor) {
            return Ok(None);
        }
        let engine = app.engine();
        let filter = format!("task == '{}'", task.id);
        let page = engine.list(&session.actor, &Query::new(ENTITY).filter(&filter).limit(1)).await?;
        let Some(alarm) = page.records.first() else { return Ok(None) };
        app.saw_many(&session, ENTITY, 1, &[("filter", &filter)]);
        let settings = Settings::load(engine).await?;
        let currency = engine.company_currency().await?;
        let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
        let links = links(&words, &settings, alarm);
        if links.is_empty() {
            return Ok(None);
        }
        app.render(&session, "insight/alarm_panel.html", context! { links }).map(Some)
    })
}
