//! Columns of plain lists → fields. What has no field of its own is kept in the remarks, under its header.

use super::{Item, cell};
use crate::{Kind, Layout, RowProblem};
use meta::{Entity, Value, Values};
use tabular::Row;

/// Targets whose field is called otherwise.
const FIELDS: [(Kind, &str, &str); 15] = [
    (Kind::Consents, "consent_channel", "channel"),
    (Kind::Consents, "consent_purpose", "purpose"),
    (Kind::Consents, "consent_state", "state"),
    (Kind::Consents, "consent_source", "source"),
    (Kind::Consents, "notes", "proof"),
    (Kind::Accounts, "employees", "size_employees"),
    (Kind::Accounts, "revenue", "annual_revenue"),
    (Kind::Accounts, "importance", "importance_override"),
    (Kind::Accounts, "notes", "description"),
    (Kind::Contacts, "notes", "description"),
    (Kind::Products, "unit_cost", "cost"),
    (Kind::Products, "notes", "description"),
    (Kind::Activities, "due_on", "due_at"),
    (Kind::Activities, "status", "done"),
    (Kind::Activities, "minutes", "duration_minutes"),
];

/// Read by name into [`Item`], not into a field.
const NAMED: [&str; 11] = [
    "number",
    "account_number",
    "account",
    "parent",
    "contact",
    "category",
    "subcategory",
    "owner",
    "first_name",
    "last_name",
    "mobile",
];

fn field_of(kind: Kind, target: &'static str) -> &'static str {
    FIELDS.iter().find(|(of, from, _)| *of == kind && *from == target).map_or(target, |(_, _, field)| field)
}

/// Header of the column a field comes from.
pub fn header_of(layout: &Layout, field: &str) -> String {
    let targets = layout.targets.iter().flatten();
    let found = targets.copied().find(|target| field_of(layout.kind, target) == field || *target == field);
    let named = match field {
        "parent_account" => "parent",
        "code" if layout.kind == Kind::Products => "code",
        other => found.unwrap_or(other),
    };
    layout.header(named).to_owned()
}

pub fn read(layout: &Layout, entity: &Entity, row: &Row) -> Result<Item, RowProblem> {
    let mut item = Item {
        number: layout.identifier(row, if layout.kind == Kind::Products { "code" } else { "number" })?,
        account_number: layout.identifier(row, "account_number")?,
        account: layout.text(row, "account")?,
        parent: layout.text(row, "parent")?,
        contact: layout.text(row, "contact")?,
        category: layout.text(row, "category")?,
        subcategory: layout.text(row, "subcategory")?,
        owner: layout.text(row, "owner")?,
        values: Values::new(),
    };
    let mut remarks = vec![];
    for target in layout.targets.iter().flatten().copied().filter(|target| !NAMED.contains(target)) {
        match entity.get(field_of(layout.kind, target)) {
            Some(field) => {
                let value = cell::read(layout, row, target, field)?;
                if !value.is_null() {
                    item.values.insert(field.name.clone(), value);
                }
            }
            None => {
                let text = layout.text(row, target)?;
                remarks.extend(text.map(|text| format!("{}: {text}", layout.header(target))));
            }
        }
    }
    mobile(layout, entity, row, &mut item, &mut remarks)?;
    if layout.kind == Kind::Contacts {
        whole_name(layout, row, &mut item)?;
    }
    if !remarks.is_empty() {
        let field = match layout.kind {
            Kind::Activities => "body",
            Kind::Consents => "proof",
            _ => "description",
        };
        let before = item.values.get(field).and_then(Value::as_text).map(str::to_owned);
        let all: Vec<String> = before.into_iter().chain(remarks).collect();
        item.values.insert(field, all.join("\n").into());
    }
    complete(layout, &mut item)?;
    Ok(item)
}

/// Customers have one number: the mobile is it where there is no other.
fn mobile(
    layout: &Layout,
    entity: &Entity,
    row: &Row,
    item: &mut Item,
    remarks: &mut Vec<String>,
) -> Result<(), RowProblem> {
    let (name, field) = match (entity.get("mobile"), entity.get("phone")) {
        (Some(field), _) => ("mobile", field),
        (None, Some(field)) => ("phone", field),
        _ => return Ok(()),
    };
    let value = cell::read(layout, row, "mobile", field)?;
    match (value, item.values.contains_key(name)) {
        (Value::Null, _) => {}
        (value, false) => drop(item.values.insert(name, value)),
        (value, true) => {
            remarks.push(format!("{}: {}", layout.header("mobile"), value.as_text().unwrap_or_default()));
        }
    }
    Ok(())
}

/// Chinese names have the family name first and no space.
fn whole_name(layout: &Layout, row: &Row, item: &mut Item) -> Result<(), RowProblem> {
    if item.values.contains_key("name") {
        return Ok(());
    }
    let first = layout.text(row, "first_name")?.unwrap_or_default();
    let last = layout.text(row, "last_name")?.unwrap_or_default();
    let chinese = format!("{first}{last}").chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    let name = if chinese { format!("{last}{first}") } else { format!("{first} {last}") };
    let name = name.trim();
    if !name.is_empty() {
        item.values.insert("name", name.into());
    }
    Ok(())
}

/// What follows from the row itself, and what it must have.
fn complete(layout: &Layout, item: &mut Item) -> Result<(), RowProblem> {
    let empty =
        |target: &str| RowProblem::new(layout.header(target), "is empty: please fill it in", "为空，请填写");
    let text = |item: &Item, field: &str| item.values.get(field).and_then(Value::as_text).map(str::to_owned);
    match layout.kind {
        Kind::Accounts => {
            let personal = ["sex", "birth_on", "income", "occupation"];
            if personal.iter().any(|field| item.values.contains_key(field)) {
                item.values.entry("kind").or_insert_with(|| "person".into());
            }
            text(item, "name").ok_or_else(|| empty("name"))?;
        }
        Kind::Consents if item.account.is_none() && item.account_number.is_none() => {
            return Err(empty(if layout.has("account") { "account" } else { "account_number" }));
        }
        Kind::Contacts => {
            text(item, "name").ok_or_else(|| empty("name"))?;
            if item.account.is_none() && item.account_number.is_none() {
                return Err(empty(if layout.has("account") { "account" } else { "account_number" }));
            }
        }
        Kind::Products => {
            let name = text(item, "name").or_else(|| item.number.clone()).ok_or_else(|| empty("name"))?;
            item.values.insert("name", name.into());
        }
        Kind::Activities if !item.values.contains_key("subject") => {
            let body = text(item, "body").ok_or_else(|| empty("subject"))?;
            let start: String = body.lines().next().unwrap_or_default().chars().take(60).collect();
            item.values.insert("subject", start.into());
        }
        _ => {}
    }
    Ok(())
}
