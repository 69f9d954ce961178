//! The context of `list.html` and `list_rows.html`: one page of records, and everything around the table.

use super::{
    tools::{Asking, Tools, tools},
    views,
};
use crate::pages::{
    Reader,
    access::Can,
    address::{Asked, Layout, list_href, record_href},
    cell::{Cell, Shown, column, cut, is_input, value_of},
    cell_html::cells_html,
};
use engine::{Actor, Engine, Error, Query, Result, condition::field_of};
use meta::{Entity, Field, Id, Kind, Record};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub const PAGE_SIZE: usize = 50;
/// Counting stops here; more is said as "10,000+".
pub const COUNT_CAP: u64 = 10_000;
/// A rare filter may find nothing among the rows of many pages: so many are passed before the browser asks for the next.
const EMPTY_PAGES: usize = 4;
/// Columns at once.
const COLUMNS_LIMIT: usize = 30;

#[derive(Serialize)]
pub struct ListView {
    #[serde(flatten)]
    pub tools: Tools,
    #[serde(flatten)]
    pub table: Rows,
}

#[derive(Serialize)]
pub struct Rows {
    pub columns: Vec<ColumnView>,
    pub rows: Vec<ListRow>,
    pub next_href: Option<String>,
    /// Where a page ended before it was full: the reader says whether to go on.
    pub looked: Option<Looked>,
}

/// How many records were looked through so far, and how many of them match.
#[derive(Serialize)]
pub struct Looked {
    through: String,
    found: String,
}

/// What the pages before this one looked through and found.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Before {
    looked: String,
    found: String,
}

#[derive(Serialize)]
pub struct ListRow {
    pub id: Id,
    pub href: String,
    pub title: String,
    /// The cells after the first, which is the title.
    pub cells: String,
}

#[derive(Serialize)]
pub struct ColumnView {
    pub name: String,
    pub label: String,
    pub kind: &'static str,
    pub sort: Option<&'static str>,
    pub sort_href: Option<String>,
}

pub struct Row {
    pub id: Id,
    pub href: String,
    pub title: String,
    pub cells: Vec<Cell>,
}

/// System columns a list may show after the declared ones.
const SYSTEM_COLUMNS: [&str; 3] = ["created_at", "updated_at", "created_by"];

/// Every column a list can have, the declared order first.
pub fn possible_columns(entity: &Entity) -> Vec<Cow<'_, Field>> {
    let declared = entity.fields.values().filter(|field| field.kind != Kind::Json).map(Cow::Borrowed);
    declared.chain(SYSTEM_COLUMNS.iter().filter_map(|name| field_of(entity, name))).collect()
}

/// The columns asked for, in that order; the entity's own list if none, its title if it has no list.
pub fn chosen_columns(entity: &Entity, asked: &str) -> Vec<Field> {
    let wanted = asked.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut chosen: Vec<Field> = vec![];
    for name in wanted.take(COLUMNS_LIMIT) {
        if let Some(field) = column(entity, name).filter(|f| chosen.iter().all(|other| other.name != f.name))
        {
            chosen.push(field);
        }
    }
    if chosen.is_empty() {
        let own = if entity.list.is_empty() { vec![entity.title.clone()] } else { entity.list.clone() };
        chosen = own.iter().filter_map(|name| column(entity, name)).collect();
    }
    chosen
}

/// The engine's question for an address.
pub fn query(entity: &Entity, asked: &Asked, columns: &[Field]) -> Query {
    let mut fields: Vec<&str> = columns.iter().map(|field| field.name.as_str()).collect();
    fields.extend([entity.title.as_str()].into_iter().chain(entity.parent.as_deref()));
    fields.extend(entity.get("currency").map(|currency| currency.name.as_str()));
    fields.sort_unstable();
    fields.dedup();
    let after = Some(asked.after.clone()).filter(|after| !after.is_empty());
    Query::new(&entity.name)
        .filter(asked.filter.clone())
        .search(asked.q.clone())
        .sort(asked.sort.clone())
        .after(after)
        .limit(PAGE_SIZE)
        .fields(&fields)
}

/// One page of rows, ready for the table.
pub async fn rows(
    engine: &Engine,
    actor: &Actor,
    reader: &Reader,
    entity: &Entity,
    asked: &Asked,
    before: &Before,
) -> Result<Rows> {
    let columns = chosen_columns(entity, &asked.columns);
    let mut page = engine.list(actor, &query(entity, asked, &columns)).await?;
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let mut through = number(&before.looked).saturating_add(page.looked_at);
    for _ in 0..EMPTY_PAGES {
        let Some(after) = page.next.clone().filter(|_| page.records.is_empty()) else { break };
        page = engine.list(actor, &query(entity, &Asked { after, ..asked.clone() }, &columns)).await?;
        through = through.saturating_add(page.looked_at);
    }
    let found = number(&before.found).saturating_add(page.records.len() as u64);
    let next_href = page.next.map(|after| {
        let href = Asked { after, ..asked.clone() }.href(entity);
        format!("{href}&looked={through}&found={found}")
    });
    let told = |count: u64| reader.format().number(count.into());
    let short = next_href.is_some() && page.records.len() < PAGE_SIZE;
    let looked = short.then(|| Looked { through: told(through), found: told(found) });
    let editable = Can::of(actor, entity).edit;
    let rows = show_rows(engine, actor, reader, entity, &columns, &page.records, editable).await?;
    let rows = rows.into_iter().map(list_row).collect();
    Ok(Rows { columns: column_views(reader, entity, asked, &columns), rows, next_href, looked })
}

fn list_row(row: Row) -> ListRow {
    let title = row.cells.first().map(|cell| cell.text.clone()).filter(|text| !text.is_empty());
    let cells = cells_html(row.cells.get(1..).unwrap_or_default());
    ListRow { id: row.id, href: row.href, title: title.unwrap_or(row.title), cells }
}

pub async fn show_rows(
    engine: &Engine,
    actor: &Actor,
    reader: &Reader,
    entity: &Entity,
    columns: &[Field],
    records: &[Record],
    editable: bool,
) -> Result<Vec<Row>> {
    let titled = entity.get(&entity.title).cloned();
    let mut fields = columns.to_vec();
    fields.extend(titled.clone());
    let shown = Shown::look_up(engine, actor, reader, entity, &fields, records).await?;
    Ok(records
        .iter()
        .map(|record| {
            let cells = columns.iter().map(|field| {
                let mut cell = shown.cell(field, record, editable);
                if field.kind == Kind::LongText {
                    cell.text = cut(&cell.text);
                }
                cell
            });
            Row {
                id: record.id,
                href: href_of(engine, entity, record),
                title: titled.as_ref().map(|field| shown.cell(field, record, false).text).unwrap_or_default(),
                cells: cells.collect(),
            }
        })
        .collect())
}

/// A line's page is its parent's.
fn href_of(engine: &Engine, entity: &Entity, record: &Record) -> String {
    let parent = entity.parent_entity().zip(entity.parent.as_deref());
    let href = match parent {
        Some((parent, field)) => {
            record.reference(field).and_then(|id| record_href(engine.registry(), parent, id))
        }
        None => record_href(engine.registry(), &entity.name, record.id),
    };
    href.unwrap_or_else(|| list_href(entity))
}

fn column_views(reader: &Reader, entity: &Entity, asked: &Asked, columns: &[Field]) -> Vec<ColumnView> {
    let sort = if asked.sort.is_empty() { entity.sort.as_str() } else { asked.sort.as_str() };
    let (name, descending) = match sort.strip_prefix('-') {
        Some(name) => (name, true),
        None => (sort, false),
    };
    let view = |field: &Field| {
        let sorted = field.name == name;
        // Numbers and dates are mostly wanted from the top.
        let first_down = field.kind.is_numeric() || matches!(field.kind, Kind::Date | Kind::Instant);
        let down = if sorted { !descending } else { first_down };
        let next = format!("{}{}", if down { "-" } else { "" }, field.name);
        ColumnView {
            name: field.name.clone(),
            label: field.label.get(reader.lang).to_owned(),
            kind: field.kind.name(),
            sort: sorted.then_some(if descending { "desc" } else { "asc" }),
            sort_href: field.indexed.then(|| asked.sorted(next).href(entity)),
        }
    };
    columns.iter().map(view).collect()
}

/// The whole page. A filter or sort that cannot be read is said beside it, with its text kept.
pub async fn list(
    engine: &Engine,
    actor: &Actor,
    reader: &Reader,
    entity: &Entity,
    asked: &Asked,
    before: &Before,
) -> Result<ListView> {
    let (views, asked) = views::tabs(engine, actor, reader, entity, asked, Layout::List).await?;
    let columns = chosen_columns(entity, &asked.columns);
    let (table, filter_error) = match rows(engine, actor, reader, entity, &asked, before).await {
        Ok(table) => (table, None),
        Err(Error::Invalid(problems)) => {
            let columns = column_views(reader, entity, &asked, &columns);
            (Rows { columns, rows: vec![], next_href: None, looked: None }, Some(said(reader, &problems)))
        }
        Err(error) => return Err(error),
    };
    let count = match (&filter_error, &table.next_href) {
        (Some(_), _) => String::new(),
        (None, None) if asked.after.is_empty() => table.rows.len().to_string(),
        _ => {
            let question = query(entity, &Asked { after: String::new(), ..asked.clone() }, &columns);
            let count = engine.count(actor, &question, COUNT_CAP).await?;
            reader.format().number(count.number.into()) + if count.capped { "+" } else { "" }
        }
    };
    let asking = Asking { entity, asked: &asked, columns: &columns, layout: Layout::List };
    let tools = tools(engine, actor, reader, asking, views, (count, filter_error)).await?;
    Ok(ListView { tools, table })
}

/// Why a filter or sort cannot be read.
pub fn said(reader: &Reader, problems: &[meta::FieldProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(|found| found.problem.message(reader.lang)).collect();
    texts.join(" ")
}

/// What may be given to many records at once: nothing that is meant to differ.
pub fn is_bulk_field(field: &Field) -> bool {
    is_input(field) && !field.unique && field.numbered.is_none() && field.kind != Kind::Json
}

/// The CSV's cell: exact, in the reader's language and time.
pub fn exported(shown: &Shown<'_>, reader: &Reader, field: &Field, record: &Record) -> String {
    match value_of(record, &field.name) {
        meta::Value::Instant(at) => reader.exact(at),
        meta::Value::Date(date) => date.to_string(),
        meta::Value::Decimal(number) => number.normalize().to_string(),
        meta::Value::Int(number) => number.to_string(),
        _ => shown.cell(field, record, false).text,
    }
}
