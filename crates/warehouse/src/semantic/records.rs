//! The rows of a fact that a question counts, one by one.

use super::{Question, ask::Ground, checked::Asked, filter, sql::Joins};
use crate::{
    Answer, Limits,
    lower::quoted,
    rights,
    table::{Column, ColumnKind, Source, Table},
};
use engine::{Actor, Engine, Error, Result};
use meta::{Choice, Field, Id, Kind, Label, Value, label};

/// What a column of [`Rows`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum RowKind {
    /// A record: its title stands in the row, its id in [`Rows::ids`].
    Record {
        entity: String,
    },
    Choice(Vec<Choice>),
    /// In the company's currency.
    Money,
    /// 0.15 is 15 %.
    Share,
    Number,
    Other,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RowColumn {
    pub label: Label,
    pub definition: Label,
    pub kind: RowKind,
    /// As [`meta::Field::sure`].
    pub sure: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Rows {
    pub columns: Vec<RowColumn>,
    /// A value for each column, and beside it the record's id where it is one.
    pub rows: Vec<Vec<(Value, Option<Id>)>>,
    /// How many there are, of which these are the newest.
    pub total: usize,
    pub answer: Answer,
}

/// The rows of `fact` a question is answered from, the newest first.
pub async fn rows(
    engine: &Engine,
    actor: &Actor,
    question: &Question,
    fact: &str,
    limits: Limits,
) -> Result<Rows> {
    let ground = Ground::of(engine, actor).await?;
    let asked = Asked { limits, ..ground.asked(engine, actor, question)? };
    let known = asked.facts().into_iter().find(|known| *known == fact);
    let table = known.and_then(|known| asked.model.facts.get(known));
    let Select { columns, sql, count } =
        select(&asked, table.ok_or_else(|| Error::NotFound(fact.to_owned()))?)?;
    let answer = asked.query(&sql, limits.rows).await?;
    let mut rows = vec![];
    for row in answer.values() {
        let mut values = row?.into_iter();
        let mut cells = vec![];
        for column in &columns {
            let value = values.next().unwrap_or(Value::Null);
            let id = match column.kind {
                RowKind::Record { .. } => values.next().and_then(|id| id.as_id()),
                _ => None,
            };
            cells.push((value, id));
        }
        rows.push(cells);
    }
    let total = if answer.more { counted(&asked, &count).await? } else { rows.len() };
    Ok(Rows { columns, rows, total, answer })
}

/// Of the same version as the rows.
async fn counted(asked: &Asked<'_>, sql: &str) -> Result<usize> {
    let answer = asked.query(sql, 1).await?;
    let row = answer.values().next().transpose()?;
    let count = row.and_then(|row| usize::try_from(row.first()?.as_int()?).ok());
    count.ok_or_else(|| Error::Internal("rows were counted, and no number came back".to_owned()))
}

struct Select {
    columns: Vec<RowColumn>,
    sql: String,
    /// Asks how many rows there are.
    count: String,
}

fn select(asked: &Asked<'_>, table: &Table) -> Result<Select> {
    let mut joins = Joins::default();
    let filter = filter::filter(asked.engine, asked.actor, table, &asked.question.filter, &mut joins)?;
    let mut conditions = vec![filter];
    for fixed in asked.fixed(&table.name)? {
        conditions.push(fixed.sql(&mut joins, None));
    }
    if let Some(span) = asked.span {
        conditions.push(format!("f.\"day\" BETWEEN DATE '{}' AND DATE '{}'", span.from, span.to));
    }
    conditions.retain(|condition| condition != "true");
    let condition = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
    // Names are joined to rows, and make no more of them.
    let count = format!("SELECT count(*) FROM {} f{} WHERE {condition}", quoted(&table.name), joins.sql());
    let seen = rights::visible(asked.engine, asked.actor, table)?.unwrap_or_default();
    let sees_day = seen.iter().any(|(column, _)| column.name == "day");
    let (mut columns, mut selected) = (vec![], vec![]);
    for (column, _) in seen {
        let Some(kind) = kind_of(asked.engine, table, column) else { continue };
        let own = format!("f.{}", quoted(&column.name));
        match &kind {
            RowKind::Record { entity } => {
                let Some(title) = title_of(asked, entity)? else { continue };
                let on = if column.kind == ColumnKind::Key { "key" } else { "id" };
                let alias = joins.by(on, entity, &own);
                selected.push(format!("CAST({alias}.{} AS VARCHAR)", quoted(&title)));
                selected.push(format!("{alias}.\"id\""));
            }
            _ => selected.push(own),
        }
        let label = match &kind {
            // Not its id is shown, but its name.
            RowKind::Record { entity } if column.name == "id" => asked.engine.entity(entity)?.label.clone(),
            _ => column.label.clone(),
        };
        let definition = column.definition.clone();
        let sure = field_of(asked.engine, column).and_then(|field| field.sure);
        columns.push(RowColumn { label, definition, kind, sure });
    }
    if selected.is_empty() {
        return Err(Error::Forbidden(table.name.clone()));
    }
    let named: Vec<String> = selected.iter().enumerate().map(|(at, sql)| format!("{sql} AS c{at}")).collect();
    let (named, name) = (named.join(", "), quoted(&table.name));
    let mut sql = format!("SELECT {named} FROM {name} f{} WHERE {condition}", joins.sql());
    // A bare day is taken for a constant if all that is found is of one; joins forget that, and DataFusion 55.2 refuses its own
    // plan.
    let head = quoted(&table.head_column);
    let day = if sees_day {
        format!("CASE WHEN f.{head} IS NOT NULL THEN f.\"day\" END DESC NULLS LAST, ")
    } else {
        String::new()
    };
    sql.push_str(&format!(" ORDER BY {day}f.{head} DESC"));
    Ok(Select { columns, sql, count })
}

/// The title of an entity, if the actor may see it.
fn title_of(asked: &Asked<'_>, entity: &str) -> Result<Option<String>> {
    let known = asked.engine.entity(entity)?;
    let readable = engine::allow(asked.actor, known, engine::Action::Read).is_ok();
    Ok(Some(known.title.clone()).filter(|title| readable && asked.actor.view(known).get(title).is_some()))
}

fn field_of<'e>(engine: &'e Engine, column: &Column) -> Option<&'e Field> {
    let (entity, field) = column.origin.as_ref()?;
    engine.entity(entity).ok()?.get(field)
}

/// `None` for what is no use to a reader: the customer's id beside his key, the document's key beside its id.
fn kind_of(engine: &Engine, table: &Table, column: &Column) -> Option<RowKind> {
    let field = field_of(engine, column);
    Some(match column.kind {
        // The day of a record's figures stands among them.
        ColumnKind::Date if table.is_beside_one() && column.name == "day" => return None,
        ColumnKind::Key if column.target.as_ref() == Some(&table.head) => return None,
        ColumnKind::Key => RowKind::Record { entity: column.target.clone()? },
        ColumnKind::Id if column.name == table.head_column => RowKind::Record { entity: table.head.clone() },
        ColumnKind::Id => return None,
        ColumnKind::Decimal(_) if matches!(column.source, Source::Share(_) | Source::Cost(_)) => {
            RowKind::Money
        }
        ColumnKind::Decimal(_) if field.is_some_and(|field| field.company_currency) => RowKind::Money,
        ColumnKind::Decimal(_) if field.is_some_and(|field| field.kind == Kind::Percent) => RowKind::Share,
        ColumnKind::Decimal(_) | ColumnKind::Int => RowKind::Number,
        ColumnKind::Text => match field.map(|field| &field.kind) {
            Some(Kind::Choice(choices)) => RowKind::Choice(choices.clone()),
            _ => RowKind::Other,
        },
        ColumnKind::Bool if column.source == Source::First => return None,
        ColumnKind::Bool => RowKind::Choice(vec![
            Choice { value: "true".into(), label: label("Yes", "是"), colour: "grey" },
            Choice { value: "false".into(), label: label("No", "否"), colour: "grey" },
        ]),
        ColumnKind::Date | ColumnKind::Instant => RowKind::Other,
    })
}
