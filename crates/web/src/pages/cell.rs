//! One value as a page shows it, and what must be looked up for that — once per page, never per cell.

use super::{Reader, address::record_href};
use crate::Format;
use engine::{Actor, Engine, Registry, Result, condition::field_of};
use meta::{Entity, Field, Id, Kind, Record, Value};
use std::collections::HashMap;

/// Letters of a long text in a list.
const LONG_TEXT_SHOWN: usize = 120;

/// One value, ready to be written as HTML (`cell_html.rs`).
#[derive(Clone, Debug)]
pub struct Cell {
    pub name: String,
    pub kind: &'static str,
    /// As the reader reads it; empty if there is none.
    pub text: String,
    pub href: Option<String>,
    /// The exact form.
    pub title: Option<String>,
    /// Of a state's dot; none for choices that are plain words.
    pub color: Option<&'static str>,
    /// As it is stored.
    pub raw: String,
    pub editable: bool,
}

impl Cell {
    /// A text that is no field.
    pub fn text(kind: &'static str, text: String) -> Cell {
        let raw = text.clone();
        Cell { name: String::new(), kind, text, href: None, title: None, color: None, raw, editable: false }
    }
}

/// A declared field or a system column, to be shown.
pub fn column(entity: &Entity, name: &str) -> Option<Field> {
    field_of(entity, name).map(std::borrow::Cow::into_owned)
}

pub fn value_of(record: &Record, name: &str) -> Value {
    match name {
        "id" => Value::Id(record.id),
        "version" => Value::Int(record.version),
        "created_at" => Value::Instant(record.created_at),
        "updated_at" => Value::Instant(record.updated_at),
        "deleted_at" => record.deleted_at.into(),
        "created_by" => record.created_by.into(),
        name => record.get(name).clone(),
    }
}

/// Whether a user may change the field by hand.
pub fn is_input(field: &Field) -> bool {
    !field.computed
}

/// Titles of referenced records and currencies of records, for the values of one page.
pub struct Shown<'a> {
    reader: &'a Reader,
    registry: &'a Registry,
    titles: HashMap<Id, String>,
    /// Of records whose currency stands in their parent.
    currencies: HashMap<Id, String>,
}

impl<'a> Shown<'a> {
    /// What [`Shown::add`] adds to.
    pub fn nothing(engine: &'a Engine, reader: &'a Reader) -> Shown<'a> {
        Shown { reader, registry: engine.registry(), titles: HashMap::new(), currencies: HashMap::new() }
    }

    /// Looks up what showing `fields` of `records` needs: one query per referenced entity.
    pub async fn look_up(
        engine: &'a Engine,
        actor: &Actor,
        reader: &'a Reader,
        entity: &Entity,
        fields: &[Field],
        records: &[Record],
    ) -> Result<Shown<'a>> {
        let mut shown = Shown::nothing(engine, reader);
        shown.add(engine, actor, entity, fields, records).await?;
        Ok(shown)
    }

    pub async fn add(
        &mut self,
        engine: &Engine,
        actor: &Actor,
        entity: &Entity,
        fields: &[Field],
        records: &[Record],
    ) -> Result<()> {
        let mut wanted: Vec<(&str, Id)> = vec![];
        for field in fields {
            if let Some(target) = field.target() {
                let ids = records.iter().filter_map(|record| value_of(record, &field.name).as_id());
                wanted.extend(ids.filter(|id| !self.titles.contains_key(id)).map(|id| (target, id)));
            }
        }
        self.add_titles(engine, actor, &wanted).await?;
        self.add_currencies(engine, actor, entity, fields, records).await
    }

    /// A line's money is in its parent's currency.
    async fn add_currencies(
        &mut self,
        engine: &Engine,
        actor: &Actor,
        entity: &Entity,
        fields: &[Field],
        records: &[Record],
    ) -> Result<()> {
        let (Some(parent_field), Some(parent)) = (&entity.parent, entity.parent_entity()) else {
            return Ok(());
        };
        if entity.get("currency").is_some() || !fields.iter().any(|field| field.kind == Kind::Money) {
            return Ok(());
        }
        let mut ids: Vec<Id> = records.iter().filter_map(|record| record.reference(parent_field)).collect();
        ids.sort();
        ids.dedup();
        let parents = engine.get_many(actor, parent, &ids).await?;
        let of_parent: HashMap<Id, String> =
            parents.iter().map(|parent| (parent.id, parent.text("currency").to_owned())).collect();
        for record in records {
            let currency = record.reference(parent_field).and_then(|parent| of_parent.get(&parent));
            if let Some(currency) = currency.filter(|currency| !currency.is_empty()) {
                self.currencies.insert(record.id, currency.clone());
            }
        }
        Ok(())
    }

    pub async fn add_titles(&mut self, engine: &Engine, actor: &Actor, wanted: &[(&str, Id)]) -> Result<()> {
        if !wanted.is_empty() {
            self.titles.extend(engine.titles(actor, wanted).await?);
        }
        Ok(())
    }

    pub fn reader(&self) -> &Reader {
        self.reader
    }

    pub fn title(&self, id: Id) -> Option<&str> {
        self.titles.get(&id).map(String::as_str)
    }

    pub fn currency<'r>(&'r self, field: &Field, record: &'r Record) -> &'r str {
        if field.company_currency {
            return &self.reader.currency;
        }
        let own = Some(record.text("currency")).filter(|own| !own.is_empty());
        own.or_else(|| self.currencies.get(&record.id).map(String::as_str)).unwrap_or(&self.reader.currency)
    }

    pub fn cell(&self, field: &Field, record: &Record, editable: bool) -> Cell {
        let value = value_of(record, &field.name);
        let mut cell = self.plain(field, &value, self.currency(field, record));
        cell.editable = editable && is_input(field) && field.kind != Kind::Json;
        cell
    }

    /// A value on its own, e.g. out of the change log.
    pub fn plain(&self, field: &Field, value: &Value, currency: &str) -> Cell {
        let mut cell = Cell {
            name: field.name.clone(),
            kind: field.kind.name(),
            text: String::new(),
            href: None,
            title: None,
            color: None,
            raw: raw(value),
            editable: false,
        };
        let format = self.reader.format();
        match (&field.kind, value) {
            (_, Value::Null) => {}
            (Kind::Choice(choices), Value::Text(text)) => {
                let choice = choices.iter().find(|choice| choice.value == *text);
                cell.text = choice.map_or(text.as_str(), |choice| choice.label.get(self.reader.lang)).into();
                cell.color = choice.map(|choice| choice.colour);
            }
            (Kind::Reference { entity }, Value::Id(id)) => {
                cell.text = self.titles.get(id).cloned().unwrap_or_else(|| short(*id));
                cell.href = record_href(self.registry, entity, *id);
            }
            (Kind::Money, value) => {
                // Figures are computed, so what is finer than the coin says nothing.
                let shown = if field.figure { Format::money } else { Format::price };
                let amount = value.as_decimal();
                cell.text = amount.map(|amount| shown(format, amount, currency)).unwrap_or_default();
            }
            (Kind::Percent, value) => {
                cell.text = value.as_decimal().map(|share| format.percent(share)).unwrap_or_default();
            }
            (Kind::Phone, Value::Text(text)) => cell.text = spaced(text),
            (Kind::Url, Value::Text(text)) => {
                cell.text = text.trim_start_matches("https://").trim_end_matches('/').to_owned();
                cell.href = Some(text.clone());
            }
            (_, value) => (cell.text, cell.title) = self.words(value),
        }
        cell
    }

    fn words(&self, value: &Value) -> (String, Option<String>) {
        let format = self.reader.format();
        match value {
            Value::Text(text) => (text.clone(), None),
            Value::Int(amount) => (format.number((*amount).into()), None),
            Value::Decimal(amount) => (format.number(*amount), None),
            Value::Bool(true) => (self.reader.say("Yes", "是").to_owned(), None),
            Value::Bool(false) => (self.reader.say("No", "否").to_owned(), None),
            Value::Date(date) => (format.relative_date(*date, self.reader.now), Some(date.to_string())),
            Value::Instant(at) => (self.reader.ago(*at), Some(self.reader.exact(*at))),
            Value::Id(id) => (short(*id), None),
            Value::Json(json) => (cut(&json.to_string()), None),
            Value::Null => (String::new(), None),
        }
    }
}

/// A long text as a list shows it.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(LONG_TEXT_SHOWN) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Chinese mobile numbers in the groups people read them in; others as they are.
fn spaced(phone: &str) -> String {
    match phone.strip_prefix("+86") {
        Some(mobile) if mobile.len() == 11 && mobile.starts_with('1') && mobile.is_ascii() => {
            format!("+86 {} {} {}", &mobile[..3], &mobile[3..7], &mobile[7..])
        }
        _ => phone.to_owned(),
    }
}

/// The part of an id people can compare.
fn short(id: Id) -> String {
    let text = id.simple().to_string();
    text[text.len() - 8..].to_owned()
}

fn raw(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}
