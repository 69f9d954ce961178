//! What a form holds: texts by field, as typed or as stored, for the record and for its lines.

use crate::pages::{Reader, cell::is_input, input};
use meta::{Entity, Field, FieldProblem, Id, Kind, Record, Value, Values};
use std::collections::{BTreeMap, HashMap};

/// Form name of a field → what stands in its input.
pub type Texts = HashMap<String, String>;

/// Lines of one record.
pub const LINES_LIMIT: usize = 500;
/// The lines' name in the form: `lines[0].quantity`.
pub const LINES: &str = "lines";

#[derive(Clone, Debug, Default)]
pub struct Line {
    pub id: Option<Id>,
    pub texts: Texts,
}

#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub texts: Texts,
    pub lines: Vec<Line>,
}

impl Typed {
    /// Reads a submitted form. A line's id that cannot be read makes it a new line.
    pub fn read(pairs: Vec<(String, String)>) -> Typed {
        let mut typed = Typed::default();
        let mut lines: BTreeMap<usize, Line> = BTreeMap::new();
        for (name, text) in pairs {
            match line_part(&name) {
                Some((index, "id")) => lines.entry(index).or_default().id = text.parse().ok(),
                Some((index, field)) => {
                    lines.entry(index).or_default().texts.insert(field.to_owned(), text);
                }
                None => {
                    typed.texts.insert(name, text);
                }
            }
        }
        typed.lines = lines.into_values().take(LINES_LIMIT).collect();
        typed
    }

    pub fn get(&self, name: &str) -> &str {
        self.texts.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// `lines[3].product` → (3, "product").
fn line_part(name: &str) -> Option<(usize, &str)> {
    let (index, rest) = name.strip_prefix(LINES)?.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.')?))
}

/// What a new record's form begins with: what the address gives, else the fields' defaults.
pub fn of_new(reader: &Reader, entity: &Entity, given: &HashMap<String, String>, user: Option<Id>) -> Texts {
    let mut texts = Texts::new();
    for field in entity.fields.values().filter(|field| is_input(field)) {
        let value = match (&field.default, &field.kind) {
            (Some(default), _) => default.clone(),
            (None, Kind::Instant) if field.default_now => Value::Instant(reader.now),
            (None, Kind::Date) if field.default_now => Value::Date(reader.today()),
            (None, Kind::Reference { entity }) if field.name == "owner" && entity == "user" => user.into(),
            _ if input::is_currency(field) => Value::Text(reader.currency.clone()),
            _ => Value::Null,
        };
        let text = given.get(&field.name).cloned();
        texts.insert(field.name.clone(), text.unwrap_or_else(|| input::shown(reader, field, &value)));
    }
    texts
}

pub fn of_record(reader: &Reader, entity: &Entity, record: &Record) -> Texts {
    let inputs = entity.fields.values().filter(|field| is_input(field));
    inputs.map(|field| (field.name.clone(), input::shown(reader, field, record.get(&field.name)))).collect()
}

/// Typed texts as values. An input still showing what was stored is no change; one that was not sent neither, except a
/// switch, which a browser leaves out when it is off.
pub fn values<'f>(
    reader: &Reader,
    fields: impl Iterator<Item = &'f Field>,
    texts: &Texts,
    before: Option<&Record>,
) -> Result<Values, Vec<FieldProblem>> {
    let mut values = Values::new();
    let mut problems = vec![];
    for field in fields {
        let typed = match texts.get(&field.name) {
            Some(typed) => typed.as_str(),
            None if field.kind == Kind::Bool && (before.is_some() || field.default.is_some()) => "false",
            None => continue,
        };
        let same = |record: &Record| input::shown(reader, field, record.get(&field.name)) == typed.trim();
        // A switch never set is shown like one that is off.
        let unset = |record: &Record| {
            field.kind == Kind::Bool && typed == "false" && record.get(&field.name).is_null()
        };
        if before.is_some_and(|record| same(record) || unset(record)) {
            continue;
        }
        match input::read(reader, field, typed) {
            // Left empty in a new record: defaults and numbers apply.
            Ok(Value::Null) if before.is_none() => {}
            Ok(value) => {
                values.insert(field.name.clone(), value);
            }
            Err(problem) => problems.push(FieldProblem::new(&field.name, problem)),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// Problems of one line, named as its inputs are.
pub fn in_line(index: usize, problems: Vec<FieldProblem>) -> Vec<FieldProblem> {
    let named = |problem: FieldProblem| FieldProblem {
        field: format!("{LINES}[{index}].{}", problem.field),
        ..problem
    };
    problems.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::{Lang, boolean, instant, integer, text};

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn lines_are_read_in_their_order_and_gaps_close() {
        let typed = Typed::read(pairs(&[
            ("account", "a"),
            ("lines[7].quantity", "2"),
            ("lines[0].quantity", "1"),
            ("lines[0].id", "01999999-0000-7000-8000-000000000000"),
            ("lines[x].quantity", "3"),
        ]));
        assert_eq!(typed.get("account"), "a");
        assert_eq!(typed.lines.len(), 2);
        assert!(typed.lines[0].id.is_some() && typed.lines[1].id.is_none());
        assert_eq!(typed.lines[1].texts["quantity"], "2");
    }

    #[test]
    fn only_what_was_changed_is_saved() {
        let reader = Reader::example(Lang::En);
        let entity = meta::Entity::new("x")
            .field(text("name"))
            .field(integer("size"))
            .field(instant("at"))
            .field(boolean("active"));
        let record = Record {
            entity: "x".into(),
            id: Id::nil(),
            version: 1,
            created_at: reader.now,
            updated_at: reader.now,
            created_by: None,
            deleted_at: None,
            values: Values::from([
                ("name".to_owned(), "a".into()),
                ("at".to_owned(), Value::Instant("2026-11-21T10:00:33Z".parse().unwrap())),
                ("active".to_owned(), Value::Bool(true)),
            ]),
        };
        let mut texts = of_record(&reader, &entity, &record);
        texts.remove("active");
        texts.insert("size".into(), "7".into());
        let values = values(&reader, entity.fields.values(), &texts, Some(&record)).unwrap();
        let expected =
            Values::from([("size".to_owned(), Value::Int(7)), ("active".to_owned(), Value::Bool(false))]);
        assert_eq!(values, expected);
    }
}
