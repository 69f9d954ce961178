//! The answer to a view: the context of `answer.html`.

use super::{
    chart::{self, Drawn},
    explained::{self, Defined},
    sheet::{self, Sheet},
    table::{self, Purpose},
    view::View,
};
use crate::{
    export,
    said::{Said, said},
    words::Words,
};
use engine::{Error, Result};
use serde::Serialize;
use serde_json::json;
use std::time::Instant;
use warehouse::semantic::{self, AnswerTable, Model, Question};
use web::{App, Session, figure::Figure};

#[derive(Default, Serialize)]
pub struct Shown {
    /// Nothing is chosen yet.
    empty: bool,
    /// The warehouse has not been filled yet.
    unfilled: bool,
    running: bool,
    can_refresh: bool,
    problems: Vec<Said>,
    figures: Vec<Figure>,
    defined: Defined,
    sheet: Option<Sheet>,
    chart: Option<Drawn>,
    no_rows: bool,
    more: bool,
    period: Option<String>,
    compared: Option<String>,
    as_of: String,
    counted: Vec<String>,
    /// Why it is no file for this reader.
    refused: Option<String>,
    milliseconds: String,
    pairs: Vec<(&'static str, String)>,
    /// Where it is asked again.
    path: String,
}

impl Shown {
    /// With what status the answer goes out.
    pub fn status(&self) -> u16 {
        if self.problems.is_empty() { 200 } else { 422 }
    }
}

/// Asks, and says so in the audit.
pub async fn shown(words: &Words<'_>, session: &Session, view: &View, model: &Model) -> Result<Shown> {
    let began = Instant::now();
    let engine = words.app.engine();
    let common = Shown { pairs: view.pairs(), path: super::PATH.to_owned(), ..Shown::default() };
    if view.question.measures.is_empty() {
        return Ok(Shown { empty: true, ..common });
    }
    let table = match table::table(engine, &session.actor, view, model, Purpose::Look).await {
        Ok(table) => table,
        Err(Error::NotReady(_)) => {
            let running = warehouse::in_progress(engine).await?;
            return Ok(Shown {
                unfilled: true,
                running,
                can_refresh: session.actor.is_administrator(),
                ..common
            });
        }
        Err(error) => {
            let problems = said(words, &error).ok_or(error)?;
            return Ok(Shown { problems, ..common });
        }
    };
    note(words.app, session, &view.question, &table.answer);
    let answer = &table.answer;
    let span = |span: warehouse::semantic::Span| format!("{} – {}", span.from, span.to);
    let behind = sheet::cell_href(&view.query(), &[]);
    // Columns of what he may not export are not in the file: perhaps it has few enough.
    let too_wide = table.more_groups && session.actor.limits().is_none();
    let taken = semantic::may_take_along(engine, &session.actor, model, &view.question)
        .and_then(|()| export::whole(answer.more || too_wide));
    Ok(Shown {
        figures: explained::figures(words, answer, Some(&behind)),
        defined: explained::defined(words, &table, behind),
        chart: chart::drawn(view, &table, model, words),
        // Columns without rows are told in the total.
        no_rows: table.rows.is_empty() && table.groups.is_empty() && !view.question.cuts.is_empty(),
        more: answer.more,
        period: answer.period.map(span),
        compared: answer.compared_period.map(span),
        as_of: words.format.instant(answer.refreshed_at),
        refused: taken.err().map(|error| error.message(words.lang)),
        counted: answer.counted.iter().map(|counted| explained::counted_rows(words, counted)).collect(),
        sheet: (!view.question.cuts.is_empty()).then(|| sheet::sheet(view, &table, words)),
        milliseconds: began.elapsed().as_millis().to_string(),
        ..common
    })
}

/// Whose records an answer was made of.
pub fn note(app: &App, session: &Session, question: &Question, answer: &AnswerTable) {
    let question = json!(question).to_string();
    for entity in &answer.entities {
        app.saw_many(session, entity, answer.rows.len(), &[("question", &question)]);
    }
}
