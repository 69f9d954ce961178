//! A filter of a question as SQL over the fact and what it refers to.

use super::sql::Joins;
use crate::{
    facts::{ORDER, is_cut},
    lower::{Columns, Found, lower, quoted},
    table::{Column, ColumnKind, Source, Table},
    tables::has_keys,
};
use engine::{
    Actor, Engine, Error, Result,
    condition::{self, Condition, Context, Path},
};
use meta::{Entity, Field};
use std::cell::RefCell;

/// The fact as an entity, so that the condition language can speak of its columns, and of those of the order it refers to.
pub(crate) fn entity_of(engine: &Engine, actor: &Actor, fact: &Table) -> Result<Entity> {
    let mut entity = Entity::new(&fact.name);
    for column in &fact.columns {
        let Some(field) = field_of(engine, actor, column)? else { continue };
        entity = entity.field(field);
    }
    if fact.order_key().is_some() {
        let order = engine.entity(ORDER)?;
        if engine::allow(actor, order, engine::Action::Read).is_ok() {
            let has_column = |field: &Field| {
                is_cut(field) && field.target().is_none_or(|target| has_keys(engine.registry(), target))
            };
            for field in actor.view(order).fields.values().filter(|field| has_column(field)) {
                if entity.get(&field.name).is_none() {
                    entity = entity.field(field.clone());
                }
            }
        }
    }
    Ok(entity)
}

fn field_of(engine: &Engine, actor: &Actor, column: &Column) -> Result<Option<Field>> {
    let Some((origin, name)) = &column.origin else { return Ok(None) };
    let view = actor.view(engine.entity(origin)?);
    let Some(field) = view.get(name) else { return Ok(None) };
    Ok(match (&column.source, column.kind) {
        _ if column.name == "day" => Some(meta::date(&column.name).label(&column.label.en, &column.label.zh)),
        (Source::Day(_), _) => Some(meta::date(&column.name).label(&column.label.en, &column.label.zh)),
        (Source::Share(_) | Source::Cost(_), _) => {
            Some(meta::money(&column.name).label(&column.label.en, &column.label.zh))
        }
        // A reference is there as a key, and the customer as an id, too: one field for both.
        (_, ColumnKind::Id) => None,
        (_, ColumnKind::Key) => {
            let name = column.name.trim_end_matches("_key");
            match &column.target {
                // The row's own record.
                Some(target) if field.target().is_none() => {
                    Some(meta::reference(name, target).label(&column.label.en, &column.label.zh))
                }
                _ => Some(Field { name: name.to_owned(), ..field.clone() }),
            }
        }
        _ => Some(Field { name: column.name.clone(), ..field.clone() }),
    })
}

/// The condition over fact `f` with the joins it needs.
pub(crate) fn filter(
    engine: &Engine,
    actor: &Actor,
    fact: &Table,
    text: &str,
    joins: &mut Joins,
) -> Result<String> {
    let entity = entity_of(engine, actor, fact)?;
    let context = Context { clock: engine.clock().clone(), actor: actor.clone() };
    let condition = condition::parse(text, &entity, engine.registry(), &context)?;
    let columns = FactColumns { fact, joins: RefCell::new(std::mem::take(joins)) };
    let sql = lower(&condition, &columns);
    *joins = columns.joins.into_inner();
    sql.ok_or_else(|| {
        Error::rule(
            "filter",
            format!("{} cannot be filtered like this: a search and fields the warehouse does not keep are not possible", fact.label.en),
            format!("{}不支持这样的筛选：不能使用搜索，也不能使用数据仓库未保存的字段", fact.label.zh),
        )
    })
}

struct FactColumns<'a> {
    fact: &'a Table,
    joins: RefCell<Joins>,
}

impl FactColumns<'_> {
    /// Of the fact, or of the order it refers to; `target` is what a reference leads to.
    fn own(&self, name: &str, target: Option<&str>) -> Option<Found> {
        let key = format!("{name}_key");
        let Some(column) = self.fact.column(&key).or_else(|| self.fact.column(name)) else {
            let order = format!("f.{}", quoted(&self.fact.order_key()?.name));
            let alias = self.joins.borrow_mut().to(ORDER, &order);
            let column = if target.is_some() { quoted(&key) } else { quoted(name) };
            return Some(Found { sql: format!("{alias}.{column}"), keys_of: target.map(str::to_owned) });
        };
        let keys_of = if column.kind == ColumnKind::Key { column.target.clone() } else { None };
        Some(Found { sql: format!("f.{}", quoted(&column.name)), keys_of })
    }
}

impl Columns for FactColumns<'_> {
    fn column(&self, path: &Path) -> Option<Found> {
        let Some(through) = &path.through else {
            return self.own(&path.field.name, path.field.target());
        };
        let reference = self.own(&through.reference, Some(&through.entity))?;
        let table = if path.field.apart.is_some() {
            engine::schema::figures_table_name(&through.entity)
        } else {
            through.entity.clone()
        };
        crate::tables::kind_of(&path.field)?;
        let alias = self.joins.borrow_mut().to(&table, &reference.sql);
        Some(Found { sql: format!("{alias}.{}", quoted(&path.field.name)), keys_of: None })
    }

    fn reaches(&self, _: &Field, _: &str, _: &Condition) -> Option<String> {
        None
    }
}
