//! The context of `form.html`, the same for an empty, a filled and a refused form.

use super::texts::{LINES, LINES_LIMIT, Line, Texts, Typed};
use crate::pages::{
    Caller, Reader,
    entity_view::EntityView,
    input::{self, Input, input, inputs},
};
use engine::Result;
use meta::{Entity, Field, FieldProblem, Id, Kind};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};

#[derive(Serialize)]
pub struct FormPage {
    pub entity: EntityView,
    pub form: Form,
}

#[derive(Serialize)]
pub struct Form {
    pub action: String,
    pub title: String,
    pub version: Option<i64>,
    pub error: Option<String>,
    pub notice: Option<String>,
    pub cancel_href: String,
    pub return_to: Option<String>,
    pub sections: Vec<Section>,
    pub lines: Option<Lines>,
}

#[derive(Serialize)]
pub struct Section {
    pub label: Option<String>,
    pub fields: Vec<Input>,
}

#[derive(Serialize)]
pub struct Lines {
    pub name: &'static str,
    pub label: String,
    pub columns: Vec<Column>,
    pub rows: Vec<LineView>,
    pub blank: Blank,
    pub currency: String,
    pub totals: Totals,
    pub max_rows: usize,
}

#[derive(Serialize)]
pub struct Column {
    pub label: String,
    pub kind: &'static str,
    pub required: bool,
}

#[derive(Serialize)]
pub struct LineView {
    pub id: Option<Id>,
    pub error: Option<String>,
    pub fields: Vec<Input>,
}

#[derive(Serialize)]
pub struct Blank {
    pub id: Option<Id>,
    pub error: Option<String>,
    pub fields: Vec<Input>,
}

/// Names of the line's fields that the running total is made of; absent ones are `None`.
#[derive(Serialize)]
pub struct Totals {
    pub quantity: Option<&'static str>,
    pub price: Option<&'static str>,
    pub discount: Option<&'static str>,
    pub tax: Option<&'static str>,
    /// Whether discount and tax are shares in percent rather than amounts.
    pub discount_percent: bool,
    pub tax_percent: bool,
}

/// What stands in the form, and what is wrong with it.
pub struct Content<'c> {
    pub entity: &'c Entity,
    pub child: Option<&'c Arc<Entity>>,
    pub typed: &'c Typed,
    pub problems: &'c [FieldProblem],
}

/// Columns of the line editor: what the lines' list shows and may be typed, then what must be.
pub fn line_fields<'e>(child: &'e Entity) -> Vec<&'e Field> {
    let parent = child.parent.as_deref();
    let typed = |field: &&'e Field| Some(field.name.as_str()) != parent && field.name != "position";
    let mut fields: Vec<&Field> = child.list.iter().filter_map(|name| child.get(name)).collect();
    for field in child.fields.values() {
        let wanted = field.required || ["tax", "unit_cost"].contains(&field.name.as_str());
        if wanted && fields.iter().all(|other| other.name != field.name) {
            fields.push(field);
        }
    }
    fields.retain(|field| inputs(child).any(|input| input.name == field.name));
    fields.into_iter().filter(typed).collect()
}

impl Content<'_> {
    fn errors(&self, reader: &Reader) -> HashMap<&str, String> {
        let mut errors = HashMap::new();
        for found in self.problems {
            errors.entry(found.field.as_str()).or_insert_with(|| input::sentence(reader, &found.problem));
        }
        errors
    }

    /// Titles of every record chosen in the form, looked up at once.
    async fn titles(&self, caller: &Caller) -> Result<HashMap<Id, String>> {
        let mut wanted = chosen(self.entity, &self.typed.texts);
        if let Some(child) = self.child {
            wanted.extend(self.typed.lines.iter().flat_map(|line| chosen(child, &line.texts)));
        }
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        caller.engine().titles(caller.actor(), &wanted).await
    }

    pub async fn sections_and_lines(&self, caller: &Caller) -> Result<(Vec<Section>, Option<Lines>)> {
        let reader = &caller.reader;
        let titles = self.titles(caller).await?;
        let errors = self.errors(reader);
        let currency = Some(self.typed.get("currency")).filter(|code| !code.is_empty());
        let filled = Filled {
            reader,
            titles: &titles,
            errors: &errors,
            currency: currency.unwrap_or(&reader.currency),
        };
        let mut sections: Vec<Section> = vec![];
        for field in inputs(self.entity) {
            let label = Some(field.section.get(reader.lang).to_owned()).filter(|label| !label.is_empty());
            let input = filled.input(field, field.name.clone(), &self.typed.texts);
            match sections.iter_mut().find(|section| section.label == label) {
                Some(section) => section.fields.push(input),
                None => sections.push(Section { label, fields: vec![input] }),
            }
        }
        let lines = self.child.map(|child| filled.lines(child, &self.typed.lines));
        Ok((sections, lines))
    }

    /// Problems that belong to no input of the form, as sentences.
    pub fn elsewhere(&self, reader: &Reader) -> Vec<String> {
        let shown = |name: &str| {
            inputs(self.entity).any(|field| field.name == name)
                || self.child.is_some_and(|child| {
                    name.rsplit_once('.').is_some_and(|(line, field)| {
                        line.starts_with(LINES) && line_fields(child).iter().any(|one| one.name == field)
                    })
                })
        };
        let hidden = self.problems.iter().filter(|found| !shown(&found.field));
        hidden
            .map(|found| {
                let name = found.field.rsplit_once('.').map_or(found.field.as_str(), |(_, field)| field);
                let field = self.entity.get(name).or_else(|| self.child.and_then(|child| child.get(name)));
                let text = input::sentence(reader, &found.problem);
                match field {
                    Some(field) => format!("{}: {text}", field.label.get(reader.lang)),
                    None => text,
                }
            })
            .collect()
    }
}

/// The records that references in `texts` point to.
fn chosen<'e>(entity: &'e Entity, texts: &Texts) -> Vec<(&'e str, Id)> {
    let id = |field: &Field| texts.get(&field.name).and_then(|text| text.parse().ok());
    entity.fields.values().filter_map(|field| Some((field.target()?, id(field)?))).collect()
}

struct Filled<'f> {
    reader: &'f Reader,
    titles: &'f HashMap<Id, String>,
    errors: &'f HashMap<&'f str, String>,
    currency: &'f str,
}

impl Filled<'_> {
    fn input(&self, field: &Field, name: String, texts: &Texts) -> Input {
        let text = texts.get(&field.name).cloned().unwrap_or_default();
        let chosen = text.parse::<Id>().ok().and_then(|id| self.titles.get(&id));
        let mut input = input(self.reader, field, name, text);
        input.text = chosen.filter(|_| field.target().is_some()).cloned().unwrap_or_default();
        input.error = self.errors.get(input.name.as_str()).cloned();
        if field.kind == Kind::Money {
            let company = field.company_currency.then_some(self.reader.currency.as_str());
            input.currency = Some(company.unwrap_or(self.currency).to_owned());
        }
        input
    }

    fn line(&self, child: &Entity, index: &str, texts: &Texts) -> Vec<Input> {
        line_fields(child)
            .into_iter()
            .map(|field| {
                let mut input = self.input(field, format!("{LINES}[{index}].{}", field.name), texts);
                // The totals below name the currency once.
                if field.kind == Kind::Money {
                    input.kind = "decimal";
                }
                input
            })
            .collect()
    }

    fn lines(&self, child: &Entity, lines: &[Line]) -> Lines {
        let has = |name: &'static str| child.get(name).map(|_| name);
        let percent = |name: &str| child.get(name).is_some_and(|field| field.kind == Kind::Percent);
        let blank = super::texts::of_new(self.reader, child, &HashMap::new(), None);
        let column = |field: &Field| Column {
            label: field.label.get(self.reader.lang).to_owned(),
            kind: field.kind.name(),
            required: field.required,
        };
        Lines {
            name: LINES,
            label: child.plural.get(self.reader.lang).to_owned(),
            columns: line_fields(child).into_iter().map(column).collect(),
            rows: lines
                .iter()
                .enumerate()
                .map(|(index, line)| LineView {
                    id: line.id,
                    error: self.errors.get(format!("{LINES}[{index}].").as_str()).cloned(),
                    fields: self.line(child, &index.to_string(), &line.texts),
                })
                .collect(),
            blank: Blank { id: None, error: None, fields: self.line(child, "__i__", &blank) },
            currency: self.currency.to_owned(),
            totals: Totals {
                quantity: has("quantity"),
                price: has("unit_price"),
                discount: has("discount"),
                tax: has("tax"),
                discount_percent: percent("discount"),
                tax_percent: percent("tax"),
            },
            max_rows: LINES_LIMIT,
        }
    }
}
