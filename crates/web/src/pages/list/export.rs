//! The list as CSV, streamed page by page.

use super::view::{chosen_columns, exported, query};
use crate::{
    Answer,
    pages::{Caller, Place, address::Asked, cell::Shown},
};
use axum::{
    body::{Body, Bytes},
    extract::Query as Asking,
    http::header,
    response::{IntoResponse, Response},
};
use engine::{Action, Result};
use futures::stream;
use meta::{Entity, Field};
use std::sync::Arc;

const BATCH: usize = 500;

pub async fn export(caller: Caller, Place(entity): Place<String>, Asking(asked): Asking<Asked>) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let columns = chosen_columns(&entity, &asked.columns);
    // The first page is read before the answer begins, so that a wrong filter is still an error.
    let mut export = Export { caller, entity, columns, asked, head: true, done: false };
    let first = export.next().await?;
    let name = format!("attachment; filename=\"{}.csv\"", export.entity.name);
    let rest = stream::unfold(export, |mut export| async move {
        match export.next().await {
            Ok(None) => None,
            Ok(Some(text)) => Some((Ok(Bytes::from(text)), export)),
            Err(error) => {
                tracing::error!("an export broke off: {error}");
                export.done = true;
                Some((Err(std::io::Error::other("the export broke off")), export))
            }
        }
    });
    let first = stream::iter(first.map(|text| Ok(Bytes::from(text))));
    let body = Body::from_stream(futures::StreamExt::chain(first, rest));
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Response::new(body)).into_response())
}

struct Export {
    caller: Caller,
    entity: Arc<Entity>,
    columns: Vec<Field>,
    asked: Asked,
    head: bool,
    done: bool,
}

impl Export {
    async fn next(&mut self) -> Result<Option<String>> {
        if self.done {
            return Ok(None);
        }
        let (engine, actor, reader) = (self.caller.engine(), self.caller.actor(), &self.caller.reader);
        let mut text = String::new();
        if std::mem::take(&mut self.head) {
            // Spreadsheets take CSV for the machine's old encoding unless it begins with this mark.
            text.push('\u{feff}');
            line(&mut text, self.columns.iter().map(|field| field.label.get(reader.lang).to_owned()));
        }
        let page = engine.list(actor, &query(&self.entity, &self.asked, &self.columns).limit(BATCH)).await?;
        let shown = Shown::look_up(engine, actor, reader, &self.entity, &self.columns, &page.records).await?;
        for record in &page.records {
            line(&mut text, self.columns.iter().map(|field| exported(&shown, reader, field, record)));
        }
        self.done = page.next.is_none();
        self.asked.after = page.next.unwrap_or_default();
        Ok(Some(text))
    }
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

/// A text a spreadsheet would run as a formula gets an apostrophe in front; numbers and phones stay.
fn quoted(cell: &str) -> String {
    let harmless = cell.chars().all(|letter| letter.is_ascii_digit() || "+-.,% ".contains(letter));
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !harmless;
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("=cmd()"), "'=cmd()");
        assert_eq!(quoted("-12.5"), "-12.5");
        assert_eq!(quoted("+86 138"), "+86 138");
    }
}
