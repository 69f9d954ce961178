//! A saved question or a dashboard as a letter: its tables in the text, everything as a workbook beside it.

use crate::{
    dashboard::{self, tiles_of},
    explore::{self, Purpose, View},
    export::{self, Page},
    question,
    words::Words,
};
use chrono::Offset;
use engine::{Act, Actor, Error, Note, Result, Via};
use meta::{Id, Record};
use minijinja::context;
use serde::Serialize;
use serde_json::json;
use warehouse::semantic;
use web::{App, Attached, Format, Letter, Zone};

/// Rows of a table in the text; the workbook has all.
const ROWS: usize = 50;

#[derive(Serialize)]
struct Part {
    name: String,
    href: Option<String>,
    /// Why there is none; also where he may not take along what it names.
    problem: Option<String>,
    figures: Vec<(String, String)>,
    heads: Vec<String>,
    /// Names first, then figures.
    rows: Vec<(Vec<String>, Vec<String>)>,
    left_out: Vec<String>,
    /// What it is of and what its figures mean, a heading and a text each.
    about: Vec<(String, String)>,
}

/// The questions of a report by name, as its owner sees them.
async fn questions(app: &App, owner: &Actor, record: &Record) -> Result<Vec<Record>> {
    let engine = app.engine();
    if let Some(id) = record.reference("question") {
        return Ok(vec![engine.get(owner, question::ENTITY, id).await?]);
    }
    let id = record.reference("dashboard").ok_or_else(|| Error::NotFound("question".into()))?;
    let tiles = tiles_of(&engine.get(owner, dashboard::ENTITY, id).await?)?;
    let ids: Vec<Id> = tiles.iter().map(|tile| tile.question).collect();
    let known = engine.get_many(owner, question::ENTITY, &ids).await?;
    let seen = |id: &Id| known.iter().find(|known| known.id == *id && known.deleted_at.is_none()).cloned();
    Ok(ids.iter().filter_map(seen).collect())
}

pub async fn compose(app: &App, owner: &Actor, reader: &Actor, record: &Record) -> Result<Letter> {
    let engine = app.engine();
    let zone = engine.time_zone().await?;
    let offset = engine.clock().now().with_timezone(&zone).offset().fix().local_minus_utc() / 60;
    let format = Format { lang: reader.lang, zone: Zone { offset_minutes: offset } };
    let words = Words { app, lang: reader.lang, format, currency: engine.company_currency().await? };
    let model = semantic::askable(engine, reader)?;
    let (mut parts, mut pages) = (vec![], vec![]);
    for known in questions(app, owner, record).await? {
        let view = question::view_of(&known)?;
        let name = known.text("name").to_owned();
        let href = app.options().public_url.as_ref().map(|url| format!("{url}{}", view.href()));
        match part(&words, reader, &view, &model, &mut pages, &name).await {
            Ok(part) => parts.push(Part { href, ..part }),
            Err(error @ (Error::Unavailable(_) | Error::NotReady(_) | Error::Internal(_))) => {
                return Err(error);
            }
            // What he may not ask is no reason to keep the rest from him.
            Err(error) => parts.push(Part {
                name,
                href,
                problem: Some(error.message(reader.lang)),
                figures: vec![],
                heads: vec![],
                rows: vec![],
                left_out: vec![],
                about: vec![],
            }),
        }
    }
    let subject = record.text("name").to_owned();
    let home = app.options().public_url.clone();
    let context = context! { title => subject, parts, home };
    let files = if pages.is_empty() {
        vec![]
    } else {
        let bytes = export::workbook(pages, &words)?;
        vec![Attached { name: "report.xlsx".into(), kind: export::XLSX, bytes }]
    };
    Ok(Letter {
        text: app.letter(reader.lang, "analysis/report.txt", context.clone())?,
        html: Some(app.letter(reader.lang, "analysis/report.html", context)?),
        subject,
        files,
    })
}

/// Asks one question for the reader, adds its page to the workbook and says so in the audit.
async fn part(
    words: &Words<'_>,
    reader: &Actor,
    view: &View,
    model: &semantic::Model,
    pages: &mut Vec<Page>,
    name: &str,
) -> Result<Part> {
    let engine = words.app.engine();
    let table = explore::table(engine, reader, view, model, Purpose::TakeAlong).await?;
    let sheet = explore::sheet(view, &table, words);
    let (columns, rows) = explore::matrix(view, &table, words);
    let heads = explore::heads(view, &table, words);
    for entity in &table.answer.entities {
        engine.note(Note {
            user: reader.user,
            entity: Some(entity.clone()),
            count: i64::try_from(rows.len()).ok(),
            details: json!({ "question": view.question, "format": "mail" }),
            ..Note::new(Act::Exported, Via::System)
        });
    }
    let within = explore::Ground::new(words, reader, model).members(&view.question.within).await?;
    let about = explore::about(words, view, &table, &within);
    pages.push(Page { name: name.to_owned(), columns, rows, about: about.clone() });
    let figures = explore::figures(words, &table.answer, None);
    let text = |figure: &explore::Figure| match &figure.range {
        Some(range) => format!("{} ({range})", figure.text),
        None => figure.text.clone(),
    };
    let of_row = |row: &explore::SheetRow| {
        let names = row.members.iter().map(|name| name.label.clone()).collect();
        (names, row.figures.iter().map(text).collect())
    };
    let has_rows = !view.question.cuts.is_empty();
    let mut shown: Vec<(Vec<String>, Vec<String>)> =
        if has_rows { sheet.rows.iter().take(ROWS).map(of_row).collect() } else { vec![] };
    let cut_off = (table.rows.len() > ROWS && has_rows)
        .then(|| words.t("schedule.left_out", &[("rows", &words.count(table.rows.len()))]));
    let left_out: Vec<String> = cut_off.into_iter().chain(explore::left_behind(&table, words)).collect();
    if has_rows {
        let names = view
            .rows()
            .iter()
            .enumerate()
            .map(|(at, _)| if at == 0 { words.t("explore.total", &[]) } else { String::new() });
        shown.push((names.collect(), sheet.total.iter().map(text).collect()));
    }
    Ok(Part {
        name: name.to_owned(),
        href: None,
        problem: None,
        figures: figures.into_iter().map(|figure| (figure.label, figure.value)).collect(),
        heads,
        rows: shown,
        left_out,
        about,
    })
}
