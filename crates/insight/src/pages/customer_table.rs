//! A short list of customers with chosen figures, the same on every page, and the way to the whole list.

use super::{href, words::Words};
use crate::{mining::experiment, settings::Settings};
use engine::{Action, Query};
use meta::{Field, Id, Kind, Record, Value};
use serde::Serialize;
use std::collections::HashMap;
use web::{Answer, Session, figure::Meaning};

#[derive(Serialize)]
pub struct CustomerTable {
    /// Ties it to what its columns mean.
    pub id: String,
    pub as_of: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// The list of all of them.
    pub href: String,
    /// A new experiment with all of them, for who may make one.
    pub try_href: Option<String>,
}

#[derive(Serialize)]
pub struct Column {
    pub label: String,
    pub is_number: bool,
    pub definition: String,
    pub certainty: String,
}

impl Column {
    pub fn new(label: String, is_number: bool, Meaning { definition, certainty }: Meaning) -> Column {
        Column { label, is_number, definition, certainty }
    }
}

#[derive(Serialize)]
pub struct Row {
    pub name: String,
    pub href: String,
    pub cells: Vec<Cell>,
}

#[derive(Serialize)]
pub struct Cell {
    pub text: String,
    /// Of a choice.
    pub colour: Option<&'static str>,
}

/// The first `limit` customers of `filter` in the order of `sort`, with `fields` of the account.
pub async fn customers(
    words: &Words<'_>,
    session: &Session,
    (filter, sort): (&str, &str),
    fields: &[&str],
    limit: usize,
) -> Answer<CustomerTable> {
    // Boxed: pages hold several of these, and unoptimised builds keep every future on the stack.
    let records = Box::pin(records(words, session, (filter, sort), fields, limit)).await?;
    let all = href::sorted("account", filter, sort);
    let experiment = words.app.engine().entity(experiment::ENTITY)?;
    let may_try = engine::allow(&session.actor, experiment, Action::Create).is_ok();
    Ok(CustomerTable {
        try_href: may_try.then(|| format!("/experiment/new?population={}", web::encode(filter))),
        ..Box::pin(table(words, session, &records, fields, filter, all)).await?
    })
}

/// These customers in this order, as far as the reader may see them.
pub async fn known(words: &Words<'_>, session: &Session, ids: &[Id], fields: &[&str]) -> Answer<Vec<Record>> {
    let mut records = match ids.len() {
        0 => vec![],
        limit => records(words, session, (&among(ids), "-net_sales"), fields, limit).await?,
    };
    records.sort_by_key(|record| ids.iter().position(|id| *id == record.id));
    Ok(records)
}

/// These as a condition.
pub fn among(ids: &[Id]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
    format!("id in [{}]", ids.join(", "))
}

/// The records of such a list, for who knows more of each than stands in the account.
pub async fn records(
    words: &Words<'_>,
    session: &Session,
    (filter, sort): (&str, &str),
    fields: &[&str],
    limit: usize,
) -> Answer<Vec<Record>> {
    let mut wanted = vec!["name"];
    wanted.extend(fields);
    let query = Query::new("account").filter(filter).sort(sort).limit(limit).fields(&wanted);
    let page = words.app.engine().list(&session.actor, &query).await?;
    words.app.saw_many(session, "account", page.records.len(), &[("filter", filter)]);
    Ok(page.records)
}

/// These records, of which `fields` were read; `filter` sets the list apart from others of its page.
pub async fn table(
    words: &Words<'_>,
    session: &Session,
    records: &[Record],
    fields: &[&str],
    filter: &str,
    href: String,
) -> Answer<CustomerTable> {
    let columns = fields.iter().map(|field| {
        let is_number = words.field(field).is_some_and(|field| field.kind.is_numeric());
        Column::new(words.label(field), is_number, defined(words, field))
    });
    let engine = words.app.engine();
    let titles = engine.titles(&session.actor, &referred(words, records, fields)).await?;
    let as_of = Settings::load(engine).await?.as_of_day(engine.clock());
    Ok(CustomerTable {
        id: id_of(filter),
        as_of: words.date(as_of),
        columns: columns.collect(),
        rows: records.iter().map(|record| row(words, &titles, record, fields)).collect(),
        href,
        try_href: None,
    })
}

impl CustomerTable {
    /// One more column, of what was found of the customers elsewhere: a text for each row.
    pub fn tell(&mut self, column: Column, texts: impl IntoIterator<Item = String>) {
        self.columns.push(column);
        for (row, text) in self.rows.iter_mut().zip(texts) {
            row.cells.push(Cell { text, colour: None });
        }
    }

    /// One more column, of what stands in the records beside the fields of the account.
    pub fn add(&mut self, words: &Words<'_>, records: &[Record], field: &Field) {
        let label = field.label.get(words.lang).to_owned();
        self.columns.push(Column::new(label, field.kind.is_numeric(), words.help_of(field)));
        for (row, record) in self.rows.iter_mut().zip(records) {
            row.cells.push(cell(words, record, &field.name, Some(&field.kind)));
        }
    }
}

/// What a field of the account means: its help, or that it stands in the archive.
fn defined(words: &Words<'_>, field: &str) -> Meaning {
    let help = words.help(field);
    match help.definition.is_empty() {
        true => words.meaning("value.from_archive", &[("field", &words.label(field))]),
        false => help,
    }
}

/// From whatever sets a list apart from the others of its page.
pub fn id_of(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    format!("list-{plain}")
}

/// The records that `fields` of these refer to.
fn referred<'w>(words: &'w Words<'_>, records: &[Record], fields: &[&str]) -> Vec<(&'w str, Id)> {
    let mut found = vec![];
    for field in fields {
        let Some(target) = words.field(field).and_then(Field::target) else { continue };
        found.extend(records.iter().filter_map(|record| Some((target, record.reference(field)?))));
    }
    found
}

/// `titles` are those of the records referred to that the reader may see.
fn row(words: &Words<'_>, titles: &HashMap<Id, String>, record: &Record, fields: &[&str]) -> Row {
    let shown = |field: &&str| match record.get(field) {
        Value::Id(id) => Cell { text: titles.get(id).cloned().unwrap_or_default(), colour: None },
        _ => cell(words, record, field, words.field(field).map(|field| &field.kind)),
    };
    Row {
        name: record.text("name").to_owned(),
        href: format!("/account/{}", record.id),
        cells: fields.iter().map(shown).collect(),
    }
}

fn cell(words: &Words<'_>, record: &Record, field: &str, kind: Option<&Kind>) -> Cell {
    let plain = |text: String| Cell { text, colour: None };
    match (record.get(field), kind) {
        (Value::Null, _) => plain(String::new()),
        (Value::Text(value), Some(Kind::Choice(_))) => {
            let (text, colour) = words.choice(field, value);
            Cell { text, colour: Some(colour) }
        }
        (Value::Decimal(amount), Some(Kind::Money)) => plain(
            meta::scaled(amount.round_dp(4), 4).map(|amount| words.whole_amount(amount)).unwrap_or_default(),
        ),
        (Value::Decimal(share), Some(Kind::Percent)) => plain(words.format.percent(share.round_dp(3))),
        (Value::Decimal(number), _) => plain(words.format.number(number.round_dp(2))),
        (Value::Int(number), _) => plain(words.format.number((*number).into())),
        (Value::Date(day), _) => plain(words.date(*day)),
        (Value::Bool(true), _) => Cell { text: words.t("common.yes", &[]), colour: Some("green") },
        (Value::Bool(false), _) => Cell { text: words.t("common.no", &[]), colour: Some("red") },
        (other, _) => plain(other.as_text().unwrap_or_default().to_owned()),
    }
}
