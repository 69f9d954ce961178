//! The audit as CSV, with the filter of the page.

use super::{AUDIT, asked::Asked, noted::Exporting, words::Words};
use crate::{
    Answer, App, Session,
    csv::{self, Format, Rows},
    security::administrators_only,
};
use axum::extract::{Query, State};
use engine::{AuditEntry, AuditQuery, Result};

const BATCH: usize = 500;
const COLUMNS: [&str; 10] =
    ["at", "who", "what", "kind", "record", "record_id", "count", "via", "address", "details"];

pub(super) async fn export(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer {
    administrators_only(&session)?;
    let query = asked.query(session.zone, BATCH)?;
    let exporting = Exporting::begin(&app, &session, AUDIT, &asked.parts());
    csv::download(Audit { app, session, query }, "audit", Format::Csv, exporting).await
}

struct Audit {
    app: App,
    session: Session,
    query: AuditQuery,
}

impl Rows for Audit {
    fn head(&self) -> String {
        let title = |column| self.app.t(self.session.lang, &format!("audit.column_{column}"), &[]);
        csv::marked_head(COLUMNS.map(title).iter())
    }

    async fn page(&mut self, text: &mut String) -> Result<(usize, bool)> {
        let page = self.app.engine().audit(&self.session.actor, &self.query).await?;
        let words = Words::of(&self.app, &self.session.actor, self.session.lang, &page.entries).await?;
        for entry in &page.entries {
            csv::line(text, cells(&words, entry).iter());
        }
        self.query.after = page.next;
        Ok((page.entries.len(), self.query.after.is_some()))
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
