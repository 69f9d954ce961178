//! The records of an entity that a condition of the common language chooses, as a SELECT: for analyses that know of each record more
//! than measures say.

use super::sql::{Joins, bands_sql};
use crate::{
    lower::{Columns, Found, lower, quoted},
    tables::{has_keys, is_kept},
};
use engine::{
    Actor, Engine, Error, Registry, Result,
    condition::{self, Condition, Context, Path},
};
use meta::{Entity, Field, Kind};
use std::cell::RefCell;

/// Whether records may be put in groups by a field: few different values, none that tells who somebody is. Of a reference the groups
/// are the keys of what it leads to, of a number with bands the numbers these are known by.
pub fn groups_by(registry: &Registry, field: &Field) -> bool {
    match &field.kind {
        Kind::Reference { entity } => {
            has_keys(registry, entity)
                && registry.entity(entity).is_ok_and(|entity| is_kept(entity))
                && !field.tells_who()
        }
        Kind::Choice(_) | Kind::Bool => !field.tells_who(),
        Kind::Integer => field.bands.is_some() && !field.tells_who(),
        Kind::Text { .. } => !field.tells_who() && !field.unique && (field.indexed || field.area),
        _ => false,
    }
}

/// `SELECT key, field AS text` of the live records that `filter` chooses; the text is `NULL` without a field. What the actor may
/// not see he can neither choose nor group by; whose records he may see is looked after where the SELECT is asked.
///
/// # Errors
/// On `filter`, if it is no condition or asks for what the warehouse does not keep; on `by`, if there is no such field.
pub fn chosen(
    engine: &Engine,
    actor: &Actor,
    entity: &str,
    filter: &str,
    by: Option<&str>,
) -> Result<String> {
    let entity = actor.view(engine.entity(entity)?).clone();
    let context = Context { clock: engine.clock().clone(), actor: actor.clone() };
    let condition = condition::parse(filter, &entity, engine.registry(), &context)?;
    let columns = RecordColumns { entity: &entity, joins: RefCell::default() };
    let condition = lower(&condition, &columns).ok_or_else(|| {
        Error::rule(
            "filter",
            format!("{} cannot be filtered like this: a search and fields the warehouse does not keep are not possible", entity.plural.en),
            format!("{}不支持这样的筛选：不能使用搜索，也不能使用数据仓库未保存的字段", entity.label.zh),
        )
    })?;
    let group = match by {
        None => "CAST(NULL AS VARCHAR)".to_owned(),
        Some(name) => {
            let field = entity.get(name).filter(|field| groups_by(engine.registry(), field));
            let found = field.and_then(|field| columns.own(field)).map(|found| found.sql);
            let found = found.ok_or_else(|| {
                Error::rule(
                    "by",
                    format!("{} are not grouped by “{name}”: choose from the list", entity.plural.en),
                    format!("{}不能按“{name}”分组，请从列表中选择", entity.label.zh),
                )
            })?;
            let found = match field {
                // A reference's own column is an id.
                Some(field) if field.target().is_some() => format!("f.{}", quoted(&format!("{name}_key"))),
                Some(Field { bands: Some(bands), .. }) => bands_sql(*bands, &found),
                _ => found,
            };
            format!("CAST({found} AS VARCHAR)")
        }
    };
    let joins = columns.joins.into_inner().sql();
    Ok(format!("SELECT f.\"key\", {group} FROM {} f{joins} WHERE {condition}", quoted(&entity.name)))
}

struct RecordColumns<'e> {
    entity: &'e Entity,
    joins: RefCell<Joins>,
}

impl RecordColumns<'_> {
    /// A field of the record, or a figure beside it.
    fn own(&self, field: &Field) -> Option<Found> {
        crate::tables::kind_of(field)?;
        let sql = match field.apart {
            None => format!("f.{}", quoted(&field.name)),
            Some(_) => {
                let beside = engine::schema::figures_table_name(&self.entity.name);
                let alias = self.joins.borrow_mut().to(&beside, "f.\"key\"");
                format!("{alias}.{}", quoted(&field.name))
            }
        };
        Some(Found { sql, keys_of: None })
    }
}

impl Columns for RecordColumns<'_> {
    fn column(&self, path: &Path) -> Option<Found> {
        let Some(through) = &path.through else { return self.own(&path.field) };
        crate::tables::kind_of(&path.field)?;
        let table = match path.field.apart {
            Some(_) => engine::schema::figures_table_name(&through.entity),
            None => through.entity.clone(),
        };
        let from = format!("f.{}", quoted(&through.reference));
        let alias = self.joins.borrow_mut().by("id", &table, &from);
        Some(Found { sql: format!("{alias}.{}", quoted(&path.field.name)), keys_of: None })
    }

    fn reaches(&self, _: &Field, _: &str, _: &Condition) -> Option<String> {
        None
    }
}
