//! Records that belong to another: lines of an order, orders of a customer. One tab each, loaded when it is opened.

use crate::Answer;
use crate::pages::{
    Caller,
    address::{Asked, list_href},
    cell::column,
    cell_html::related_html,
    entity_view::capital,
    list::view::{ColumnView, chosen_columns, query, show_rows},
};
use engine::{Action, Error, allow};
use meta::{Entity, Field, Id, Lang, Record};
use serde::Serialize;
use std::sync::Arc;

const ROWS: usize = 8;
/// Lines have no list of their own where the rest could be seen.
const LINES: usize = 1_000;
const COLUMNS_LIMIT: usize = 7;
/// Counts on tabs stop here.
const COUNT_CAP: u64 = 99;

#[derive(Clone, Serialize)]
pub struct Tab {
    pub name: String,
    pub label: String,
    pub count: Option<String>,
    pub href: String,
    pub active: bool,
}

#[derive(Serialize)]
pub struct Related {
    pub columns: Vec<ColumnView>,
    pub rows: Vec<RelatedRow>,
    pub create_href: Option<String>,
    pub create_label: String,
    pub all_href: Option<String>,
    pub empty_text: String,
}

#[derive(Serialize)]
pub struct RelatedRow {
    pub href: String,
    pub cells: String,
}

/// A field by which records of another entity belong to this one.
pub struct Link {
    pub entity: Arc<Entity>,
    pub field: Field,
}

impl Link {
    fn name(&self) -> String {
        format!("{}.{}", self.entity.name, self.field.name)
    }
    fn is_line(&self) -> bool {
        self.entity.parent.as_deref() == Some(self.field.name.as_str())
    }
    fn filter(&self, id: Id) -> String {
        format!("{} == \"{id}\"", self.field.name)
    }
}

/// What refers to `entity` and the caller may read; lines first.
pub fn links(caller: &Caller, entity: &Entity) -> Vec<Link> {
    let readable = |other: &Entity| !other.internal && allow(caller.actor(), other, Action::Read).is_ok();
    let mut links: Vec<Link> = caller
        .engine()
        .registry()
        .referrers(&entity.name)
        .filter(|(other, _)| readable(other) && !other.list.is_empty())
        .map(|(other, field)| (caller.actor().view(other), field))
        .filter(|(other, field)| other.get(&field.name).is_some())
        .map(|(other, field)| Link { entity: other.clone(), field: field.clone() })
        .collect();
    links.sort_by_key(|link| rank(entity, link));
    links
}

/// Lines, then documents such as orders, then the rest; what the timeline shows anyway and records of the same kind last.
fn rank(entity: &Entity, link: &Link) -> u8 {
    let titled = link.entity.get(&link.entity.title);
    match link {
        _ if link.is_line() => 0,
        _ if link.entity.name == entity.name => 4,
        _ if link.entity.timeline.is_none() => 2,
        _ if titled.is_some_and(|title| title.numbered.is_some()) => 1,
        _ => 3,
    }
}

/// The tabs of a record; the first with something in it is open. Their counts are looked up together.
pub async fn tabs(caller: &Caller, links: &[Link], record: &Record, href: &str) -> Answer<Vec<Tab>> {
    let question =
        |link: &Link| engine::Query::new(&link.entity.name).belongs_to(&link.field.name, record.id);
    let questions: Vec<engine::Query> = links.iter().map(question).collect();
    let counts = caller.engine().count_each(caller.actor(), &questions, COUNT_CAP).await?;
    let open = counts.iter().position(|count| count.number > 0).unwrap_or(0);
    let several =
        |link: &Link| links.iter().filter(|other| other.entity.name == link.entity.name).count() > 1;
    Ok(links
        .iter()
        .zip(counts)
        .enumerate()
        .map(|(index, (link, count))| {
            let plural = link.entity.plural.get(caller.reader.lang);
            let label = if several(link) {
                format!("{plural} · {}", link.field.label.get(caller.reader.lang))
            } else {
                plural.to_owned()
            };
            Tab {
                name: link.name(),
                label,
                count: Some(format!("{}{}", count.number, if count.capped { "+" } else { "" })),
                href: format!("{href}/related/{}", link.name()),
                active: index == open,
            }
        })
        .collect())
}

/// The link a tab's address names.
pub fn find(caller: &Caller, entity: &Entity, name: &str) -> Answer<Link> {
    let found = links(caller, entity).into_iter().find(|link| link.name() == name);
    found.ok_or_else(|| Error::NotFound(name.to_owned()).into())
}

pub async fn related(caller: &Caller, entity: &Entity, link: &Link, record: &Record) -> Answer<Related> {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let other = &link.entity;
    let mut columns = chosen_columns(other, "");
    columns.retain(|column| column.name != link.field.name);
    let line = link.is_line();
    // A line away from its parent is known by the parent, not by its place there.
    if let Some(parent) = other.parent.as_deref().filter(|_| !line) {
        columns.retain(|column| column.name != "position" && column.name != parent);
        columns.splice(0..0, column(other, parent));
    }
    columns.truncate(COLUMNS_LIMIT);
    let limit = if line { LINES } else { ROWS };
    let sort = if line && other.sort.is_empty() { "id" } else { "" };
    let asked = Asked { sort: sort.to_owned(), ..Asked::default() };
    let page = engine
        .list(actor, &query(other, &asked, &columns).belongs_to(&link.field.name, record.id).limit(limit))
        .await?;
    let rows = show_rows(engine, actor, reader, other, &columns, &page.records, false).await?;
    let own = format!("{}/{}", list_href(entity), record.id);
    let may_create = allow(actor, other, Action::Create).is_ok() && record.deleted_at.is_none();
    let create_href = match (line, other.parent.is_some()) {
        (true, _) => Some(format!("{own}/edit")),
        (false, true) => None,
        (false, false) => {
            Some(format!("{}/new?{}={}&return_to={own}", list_href(other), link.field.name, record.id))
        }
    };
    let label = reader.lower(&other.label);
    let create_label = match (reader.lang, line) {
        (Lang::En, true) => "Edit lines".to_owned(),
        (Lang::Zh, true) => "编辑明细".to_owned(),
        (Lang::En, false) => format!("New {label}"),
        (Lang::Zh, false) => format!("新建{label}"),
    };
    let empty_text = match reader.lang {
        Lang::En => format!("No {} yet.", other.plural.en.to_lowercase()),
        Lang::Zh => format!("还没有{}。", other.plural.zh),
    };
    let view = |field: &Field| ColumnView {
        name: field.name.clone(),
        label: capital(field.label.get(reader.lang)),
        kind: field.kind.name(),
        sort: None,
        sort_href: None,
    };
    let columns: Vec<ColumnView> = columns.iter().map(view).collect();
    let rows = rows.into_iter().map(|row| RelatedRow { cells: related_html(&row, &columns), href: row.href });
    Ok(Related {
        rows: rows.collect(),
        columns,
        create_href: create_href.filter(|_| may_create),
        create_label,
        all_href: other
            .parent
            .is_none()
            .then(|| Asked { filter: link.filter(record.id), ..asked }.href(other)),
        empty_text,
    })
}
