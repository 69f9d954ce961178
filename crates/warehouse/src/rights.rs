//! The warehouse as one person may see it: tables without the entities he may not read, without hidden columns, with masked
//! ones masked, and of rows only his.

use crate::{
    dates, elsewhere, functions, internal,
    lower::{Own, lower, of_records, quoted, text_literal},
    query::wrong,
    session::{self, Open},
    table::{Column, ColumnKind, Table},
};
use datafusion::{
    catalog::information_schema::INFORMATION_SCHEMA,
    logical_expr::LogicalPlan,
    prelude::{DataFrame, SessionContext},
    sql::{parser::Statement, sqlparser::ast},
};
use engine::{Action, Actor, Engine, Error, Result, condition::Condition};
use meta::{Field, Unsaid};
use std::collections::BTreeSet;

/// A session for one statement, in which nothing else can be named. It has the tables the statement names: to plan what somebody
/// may see of all of them takes longer than most questions.
pub(crate) async fn session_for(
    engine: &Engine,
    actor: &Actor,
    open: &Open,
    named: &Named,
    exporting: bool,
) -> Result<SessionContext> {
    if actor.limits().is_none() {
        return Ok(open.context.clone());
    }
    let context = session::empty(open.context.runtime_env());
    for table in &open.tables {
        if !named.asks_which && !named.tables.contains(&table.name) {
            continue;
        }
        let Some(select) = select(engine, actor, table, exporting)? else { continue };
        // What cannot be told apart is not shown.
        let view = match open.context.sql(&select).await {
            Ok(view) => view,
            Err(error) => {
                tracing::warn!(table = table.name, "left out for people with limited rights: {error}");
                continue;
            }
        };
        // Workers do not know the sets, and what is only described needs none.
        let view = if elsewhere::of(engine).is_some() || !named.reads(&table.name) {
            view
        } else {
            let (state, plan) = view.into_parts();
            DataFrame::new(state, open.seen.looked_up(&open.context, plan).await?)
        };
        context.register_table(table.name.as_str(), view.into_view()).map_err(internal)?;
    }
    let days = open.context.table_provider(dates::TABLE).await.map_err(internal)?;
    context.register_table(dates::TABLE, days).map_err(internal)?;
    Ok(context)
}

/// The tables a statement names, as DataFusion itself looks them up.
pub(crate) struct Named {
    tables: BTreeSet<String>,
    /// It asks which tables there are.
    asks_which: bool,
    /// It asks what a table looks like.
    describes: bool,
}

impl Named {
    /// A statement as it was read, and what it names.
    pub fn read(context: &SessionContext, sql: &str) -> Result<(Statement, Named)> {
        let state = context.state_ref();
        let state = state.read();
        let dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement(sql, &dialect).map_err(wrong)?;
        let named = state.resolve_table_references(&statement).map_err(wrong)?;
        let describes = match &statement {
            Statement::Statement(one) => matches!(**one, ast::Statement::ExplainTable { .. }),
            _ => false,
        };
        let named = Named {
            describes,
            tables: named.iter().map(|table| table.table().to_owned()).collect(),
            asks_which: named.iter().any(|table| table.schema() == Some(INFORMATION_SCHEMA)),
        };
        Ok((statement, named))
    }

    /// Whether the answer is made of rows of this table. Those asked besides whose records somebody may see are none: an answer is
    /// made of the same tables whoever asks for it, and whether he looks at it or takes it along.
    pub fn reads(&self, table: &str) -> bool {
        !self.describes && self.tables.contains(table)
    }
}

/// A column, and its field if it is seen in part.
pub(crate) type Seen<'t> = (&'t Column, Option<Field>);

/// The columns of a table that the actor may see, and whether he may see the table at all.
pub(crate) fn visible<'t>(engine: &Engine, actor: &Actor, table: &'t Table) -> Result<Option<Vec<Seen<'t>>>> {
    for entity in [Some(&table.head), table.line.as_ref().map(|(line, _)| line)].into_iter().flatten() {
        match engine::allow(actor, engine.entity(entity)?, Action::Read) {
            Ok(()) => {}
            Err(Error::Forbidden(_) | Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    // A row beside the head that tells of another entity is for who may see all of that: nobody asks whose it is there.
    let is_own = |entity: &String| table.beside.is_none() || *entity == table.head;
    let mut columns = vec![];
    for column in &table.columns {
        let seen = match &column.origin {
            None => Some(None),
            Some((entity, _)) if !is_own(entity) && !actor.sees_all(entity) => None,
            Some((entity, field)) => {
                let view = actor.view(engine.entity(entity)?);
                match view.get(field) {
                    // A record is known by its key, whatever is hidden of its name.
                    Some(field)
                        if field.masked && !matches!(column.kind, ColumnKind::Key | ColumnKind::Id) =>
                    {
                        Some(Some(field.clone()))
                    }
                    Some(_) => Some(None),
                    None if engine.entity(entity)?.get(field).is_none() => Some(None),
                    None => None,
                }
            }
        };
        columns.extend(seen.map(|masked| (column, masked)));
    }
    Ok(Some(columns).filter(|columns| !columns.is_empty()))
}

fn select(engine: &Engine, actor: &Actor, table: &Table, exporting: bool) -> Result<Option<String>> {
    let Some(columns) = visible(engine, actor, table)? else { return Ok(None) };
    let columns: Vec<String> = columns
        .into_iter()
        .map(|(column, masked)| match masked {
            Some(field) => format!(
                "{}({}, {}) AS {}",
                functions::MASKED,
                text_literal(field.kind.name()),
                quoted(&column.name),
                quoted(&column.name)
            ),
            None => quoted(&column.name),
        })
        .collect();
    let rows = rows(engine, actor, table, exporting)?;
    Ok(Some(format!("SELECT {} FROM {} WHERE {rows}", columns.join(", "), quoted(&table.name))))
}

/// Of which records the actor sees this column as it is.
pub(crate) async fn shown(
    engine: &Engine,
    actor: &Actor,
    open: &Open,
    (table, column): (&str, &str),
    exporting: bool,
) -> Result<Shown> {
    if actor.limits().is_none() {
        return Ok(Shown::All);
    }
    let table = open.tables.iter().find(|known| known.name == table);
    let Some(table) = table else { return Ok(Shown::Otherwise) };
    let columns = visible(engine, actor, table)?.unwrap_or_default();
    let as_it_is =
        |name: &str| columns.iter().any(|(column, masked)| column.name == name && masked.is_none());
    if !as_it_is(column) || !as_it_is("key") {
        return Ok(Shown::Otherwise);
    }
    let rows = rows(engine, actor, table, exporting)?;
    if rows == "true" {
        return Ok(Shown::All);
    }
    let select = format!("SELECT \"key\" FROM {} WHERE {rows}", quoted(&table.name));
    let query = open.context.sql(&select).await.map_err(internal)?;
    Ok(Shown::Of(query.into_unoptimized_plan()))
}

/// Of which records a column is shown to somebody as it stands.
pub(crate) enum Shown {
    All,
    /// Of those whose keys this gives.
    Of(LogicalPlan),
    /// Masked, or not at all.
    Otherwise,
}

/// Which rows of a table are the actor's to see, or to take along, in SQL.
fn rows(engine: &Engine, actor: &Actor, table: &Table, exporting: bool) -> Result<String> {
    let seen = rows_for(engine, actor, table, Action::Read)?;
    // What everybody may read, like products, no role needs to speak of.
    if !exporting || engine.entity(&table.head)?.unsaid == Unsaid::Reading {
        return Ok(seen);
    }
    match rows_for(engine, actor, table, Action::Export) {
        Ok(taken) if taken == seen => Ok(seen),
        Ok(taken) => Ok(format!("({seen}) AND ({taken})")),
        Err(Error::NoExport(_)) => Ok("false".to_owned()),
        Err(error) => Err(error),
    }
}

/// Of which rows of a table the actor may do that, in SQL.
fn rows_for(engine: &Engine, actor: &Actor, table: &Table, action: Action) -> Result<String> {
    let head = engine.scope(actor, &table.head, action)?;
    let of_head = of_head(table, &head)?;
    let Some((line, parent)) = &table.line else { return Ok(of_head) };
    let of_line = match engine.scope(actor, line, action)? {
        Condition::Always(flag) => flag.to_string(),
        // A line is somebody's because its document is; lines shared one by one are not in the facts.
        condition => through_parent(&condition, parent)
            .into_iter()
            .map(|inner| self::of_head(table, inner))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .reduce(|one, other| format!("({one} OR {other})"))
            .unwrap_or_else(|| "false".to_owned()),
    };
    // Mostly a line is somebody's just as its document is.
    Ok(if of_line == of_head { of_head } else { format!("{of_head} AND {of_line}") })
}

/// What must hold of the document for its line to be seen.
fn through_parent<'c>(condition: &'c Condition, parent: &str) -> Vec<&'c Condition> {
    match condition {
        Condition::Reaches { reference, inner, .. } if reference.name == parent => vec![inner],
        Condition::Any(parts) => parts.iter().flat_map(|part| through_parent(part, parent)).collect(),
        _ => vec![],
    }
}

/// A condition on the head over the table's own columns; over the head's table where they do not suffice.
fn of_head(table: &Table, condition: &Condition) -> Result<String> {
    if let Condition::Always(flag) = condition {
        return Ok(flag.to_string());
    }
    if let Some(own) =
        lower(condition, &Own { table, entity: &table.head }).filter(|_| table.beside.is_none())
    {
        return Ok(own);
    }
    let inner = of_records(&table.head, condition)
        .ok_or_else(|| internal(format!("rights on {} cannot be asked of the warehouse", table.head)))?;
    let id = quoted(&table.head_column);
    Ok(format!("{id} IN (SELECT \"id\" FROM {} WHERE {inner})", quoted(&table.head)))
}
