//! The board: a column for each value of the entity's board field, the first records of each as cards, in the order of the
//! list. Every column is a stretch of one index, counted with a cap and paged by key.

use super::{
    tools::{Asking, Tools, tools},
    view::{COUNT_CAP, chosen_columns, query, said},
    views,
};
use crate::{
    Answer, Failure,
    pages::{
        Caller, Place, Reader,
        access::Can,
        address::{Asked, Layout, encode, record_href},
        cell::{Shown, cut},
        cell_html::value_html,
    },
    shell::initials,
};
use axum::extract::Query as Reads;
use engine::{Action, Count, Error, Page, Query, Result};
use futures::future::try_join_all;
use meta::{Entity, Field, Id, Kind, Problem, Record};
use serde::{Deserialize, Serialize};

const CARDS_SHOWN: usize = 20;
/// Values on a card besides its title and owner.
const FACTS_LIMIT: usize = 4;

#[derive(Serialize)]
struct BoardView {
    #[serde(flatten)]
    tools: Tools,
    columns: Vec<ColumnView>,
    events_href: String,
    put_href: String,
}

#[derive(Serialize)]
struct ColumnView {
    value: String,
    label: String,
    color: &'static str,
    count: String,
    number: u64,
    capped: bool,
    #[serde(flatten)]
    cards: Cards,
}

#[derive(Serialize)]
pub(super) struct Cards {
    pub cards: Vec<Card>,
    more_href: Option<String>,
    /// The same records as a list, for a browser without scripts.
    all_href: String,
    movable: bool,
}

#[derive(Serialize)]
pub(super) struct Card {
    id: Id,
    href: String,
    pub title: String,
    version: i64,
    facts: Vec<Fact>,
    owner: Option<Owner>,
}

#[derive(Serialize)]
struct Fact {
    label: String,
    /// Whether the value says nothing without its label.
    number: bool,
    html: String,
}

#[derive(Serialize)]
struct Owner {
    name: String,
    initials: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// One column's further cards.
    column: String,
}

/// A value of the board field; the empty one is for records without.
pub(super) struct Column<'e> {
    pub value: &'e str,
    pub label: String,
    color: &'static str,
}

/// What is asked for, with everything needed to read it.
pub(super) struct Board<'a> {
    caller: &'a Caller,
    entity: &'a Entity,
    field: &'a Field,
    asked: &'a Asked,
    fields: Vec<Field>,
}

pub(super) fn board_field(entity: &Entity) -> Answer<&Field> {
    let field = entity.board.as_deref().and_then(|name| entity.get(name));
    field.ok_or_else(|| Failure::Engine(Error::NotFound(format!("{}/board", entity.name))))
}

/// GET `{entity}/board`; with `column` and `after` one column's next cards.
pub async fn board(
    caller: Caller,
    Place(entity): Place<String>,
    Reads(asked): Reads<Asked>,
    Reads(wanted): Reads<Wanted>,
) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let field = board_field(&entity)?;
    if caller.session.htmx && !asked.after.is_empty() {
        let board = Board::new(&caller, &entity, field, &asked);
        let known = columns(&caller.reader, field).into_iter().find(|column| column.value == wanted.column);
        let column = known.ok_or_else(|| Failure::Engine(Error::invalid("column", Problem::Unknown)))?;
        let page = caller.engine().list(caller.actor(), &board.query(&column)).await?;
        let shown = board.shown(&page.records).await?;
        super::saw(&caller, &entity, &asked, page.records.len());
        return caller.page("board_cards.html", board.cards(&column, &page, &shown));
    }
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let (views, asked) = views::tabs(engine, actor, reader, &entity, &asked, Layout::Board).await?;
    let asked = Asked { after: String::new(), ..asked };
    let board = Board::new(&caller, &entity, field, &asked);
    let (columns, count, refused) = match board.columns().await {
        Ok(columns) => {
            let count = Count {
                number: columns.iter().map(|column| column.number).sum(),
                capped: columns.iter().any(|column| column.capped),
            };
            (columns, counted(reader, count), None)
        }
        Err(Error::Invalid(problems)) => (vec![], String::new(), Some(said(reader, &problems))),
        Err(error) => return Err(error.into()),
    };
    super::saw(&caller, &entity, &asked, columns.iter().map(|column| column.cards.cards.len()).sum());
    let shown = chosen_columns(&entity, &asked.columns);
    let asking = Asking { entity: &entity, asked: &asked, columns: &shown, layout: Layout::Board };
    let tools = tools(engine, actor, reader, asking, views, (count, refused)).await?;
    let events_href = format!("/events/{}", entity.name);
    let put_href = format!("/{}", entity.name);
    caller.page("board.html", BoardView { tools, columns, events_href, put_href })
}

fn counted(reader: &Reader, count: Count) -> String {
    reader.format().number(count.number.into()) + if count.capped { "+" } else { "" }
}

pub(super) fn columns<'f>(reader: &Reader, field: &'f Field) -> Vec<Column<'f>> {
    let none = Column { value: "", label: reader.say("Not set", "未设置").to_owned(), color: "grey" };
    let choices = field.choices().iter().map(|choice| Column {
        value: &choice.value,
        label: choice.label.get(reader.lang).to_owned(),
        color: choice.colour,
    });
    (!field.required).then_some(none).into_iter().chain(choices).collect()
}

impl<'a> Board<'a> {
    pub fn new(caller: &'a Caller, entity: &'a Entity, field: &'a Field, asked: &'a Asked) -> Self {
        let besides = [field.name.as_str(), "owner"];
        let chosen = chosen_columns(entity, &asked.columns).into_iter();
        let mut fields: Vec<Field> =
            chosen.filter(|column| !besides.contains(&column.name.as_str())).collect();
        fields.extend(entity.get("owner").cloned());
        if !fields.iter().any(|one| one.name == entity.title) {
            fields.extend(entity.get(&entity.title).cloned());
        }
        Board { caller, entity, field, asked, fields }
    }

    /// The column's records; the order is the one its index has.
    fn query(&self, column: &Column<'_>) -> Query {
        let own = match column.value {
            "" => format!("{} == null", self.field.name),
            value => format!("{} == {}", self.field.name, serde_json::json!(value)),
        };
        let filter = match self.asked.filter.trim() {
            "" => own,
            filter => format!("{own} && ({filter})"),
        };
        let asked = Asked { filter, sort: self.entity.sort.clone(), ..self.asked.clone() };
        query(self.entity, &asked, &self.fields).limit(CARDS_SHOWN)
    }

    async fn columns(&self) -> Result<Vec<ColumnView>> {
        let (engine, actor) = (self.caller.engine(), self.caller.actor());
        let columns = columns(&self.caller.reader, self.field);
        let read = columns.iter().map(async |column| {
            let query = self.query(column);
            let page = engine.list(actor, &query).await?;
            // A column that is all on the page needs no counting.
            let all = Count { number: page.records.len() as u64, capped: false };
            let count =
                if page.next.is_none() { all } else { engine.count(actor, &query, COUNT_CAP).await? };
            Ok::<_, Error>((page, count))
        });
        let pages = try_join_all(read).await?;
        let records: Vec<Record> = pages.iter().flat_map(|(page, _)| page.records.clone()).collect();
        let shown = self.shown(&records).await?;
        let view = |(column, (page, count)): (Column<'_>, (Page, Count))| ColumnView {
            value: column.value.to_owned(),
            label: column.label.clone(),
            color: column.color,
            count: counted(&self.caller.reader, count),
            number: count.number,
            capped: count.capped,
            cards: self.cards(&column, &page, &shown),
        };
        Ok(columns.into_iter().zip(pages).map(view).collect())
    }

    pub async fn shown(&self, records: &[Record]) -> Result<Shown<'_>> {
        let (engine, actor) = (self.caller.engine(), self.caller.actor());
        Shown::look_up(engine, actor, &self.caller.reader, self.entity, &self.fields, records).await
    }

    pub fn cards(&self, column: &Column<'_>, page: &Page, shown: &Shown<'_>) -> Cards {
        let more = page.next.as_ref().map(|after| Asked { after: after.clone(), ..self.asked.clone() });
        let href = Layout::Board.href(self.entity);
        let list = Asked { filter: self.query(column).filter, after: String::new(), ..self.asked.clone() };
        Cards {
            cards: page.records.iter().map(|record| self.card(record, shown)).collect(),
            more_href: more.map(|more| format!("{href}{}&column={}", more.query(), encode(column.value))),
            all_href: list.href(self.entity),
            movable: Can::of(self.caller.actor(), self.entity).edit,
        }
    }

    fn card(&self, record: &Record, shown: &Shown<'_>) -> Card {
        let (registry, reader) = (self.caller.engine().registry(), &self.caller.reader);
        let title = self.entity.get(&self.entity.title).map(|field| shown.cell(field, record, false).text);
        let facts =
            self.fields.iter().filter(|field| field.name != self.entity.title && field.name != "owner");
        let facts = facts.filter_map(|field| {
            let mut cell = shown.cell(field, record, false);
            if field.kind == Kind::LongText {
                cell.text = cut(&cell.text);
            }
            (!cell.text.is_empty()).then(|| Fact {
                label: field.label.get(reader.lang).to_owned(),
                number: field.kind.is_numeric(),
                html: value_html(&cell),
            })
        });
        let owner = record
            .reference("owner")
            .and_then(|id| shown.title(id))
            .map(|name| Owner { name: name.to_owned(), initials: initials(name) });
        Card {
            id: record.id,
            href: record_href(registry, &self.entity.name, record.id).unwrap_or_default(),
            title: title
                .filter(|title| !title.is_empty())
                .unwrap_or_else(|| reader.say("Untitled", "未命名").to_owned()),
            version: record.version,
            facts: facts.take(FACTS_LIMIT).collect(),
            owner,
        }
    }
}
