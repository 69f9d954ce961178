//! The audit as CSV, with the filter of the page.

use super::{AUDIT, asked::Asked, noted::Exporting, words::Words};
use crate::{
    Answer, App, Session,
    paged::{self, Pages, csv_line},
    security::administrators_only,
};
use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use engine::{AuditEntry, AuditQuery, Result};

const BATCH: usize = 500;
const COLUMNS: [&str; 10] =
    ["at", "who", "what", "kind", "record", "record_id", "count", "via", "address", "details"];

pub(super) async fn export(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer {
    administrators_only(&session)?;
    let query = asked.query(session.zone, BATCH)?;
    let exporting = Exporting::begin(&app, &session, AUDIT, &asked.parts());
    let body = paged::body(Export { app, session, query, exporting, head: true, done: false }).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((headers, Response::new(body)).into_response())
}

struct Export {
    app: App,
    session: Session,
    query: AuditQuery,
    exporting: Exporting,
    head: bool,
    done: bool,
}

impl Pages for Export {
    async fn next(&mut self) -> Result<Option<String>> {
        if self.done {
            return Ok(None);
        }
        let mut text = String::new();
        if std::mem::take(&mut self.head) {
            // Spreadsheets take CSV for the machine's old encoding unless it begins with this mark.
            text.push('\u{feff}');
            let titles =
                COLUMNS.map(|column| self.app.t(self.session.lang, &format!("audit.column_{column}"), &[]));
            csv_line(&mut text, titles.iter());
        }
        let page = self.app.engine().audit(&self.session.actor, &self.query).await?;
        let words = Words::of(&self.app, &self.session.actor, self.session.lang, &page.entries).await?;
        for entry in &page.entries {
            csv_line(&mut text, cells(&words, entry).iter());
        }
        self.done = page.next.is_none();
        self.query.after = page.next;
        self.exporting.add(page.entries.len(), self.done);
        Ok(Some(text))
    }
}

/// Moments are UTC, as in exports of records.
fn cells(words: &Words<'_>, entry: &AuditEntry) -> [String; 10] {
    let text = |text: Option<String>| text.unwrap_or_default();
    [
        entry.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        text(words.who(entry)),
        words.action(entry),
        text(words.entity(entry)),
        text(words.record(entry).filter(|_| entry.record.is_some())),
        text(entry.record.map(|record| record.to_string())),
        text(entry.count.map(|count| count.to_string())),
        text(words.via(entry)),
        text(entry.address.clone()),
        words.details(entry),
    ]
}
