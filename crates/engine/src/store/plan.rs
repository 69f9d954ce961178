//! A query checked against the metadata: what is asked, in what order, from where on.

use super::query::{LIMIT_MAXIMUM, Query};
use crate::{
    Action, Actor, Dialect, Engine, Error, Result, Rights, access, allow,
    condition::{self, Condition, Operator, Path, field_of},
    schema, search,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use meta::{Entity, Field, Id, Record, Value};
use std::sync::Arc;

/// Everything a record must satisfy is in `parts`, the search too.
pub(super) struct Plan<'e> {
    /// As the actor knows it.
    pub entity: &'e Entity,
    pub fields: Vec<&'e Field>,
    pub parts: Vec<Condition>,
    pub sort: Field,
    pub descending: bool,
    pub limit: usize,
    pub after: Option<(Value, Id)>,
    pub deleted: bool,
    pub dialect: Dialect,
    pub withheld: Withheld,
}

/// What the actor may not see of the records that are found.
#[derive(Default)]
pub(super) struct Withheld {
    pub rights: Option<Arc<Rights>>,
    /// Words that must stand in what he may see, as search documents have the rest, too.
    pub words: Option<String>,
}

pub(super) fn plan<'e>(engine: &'e Engine, actor: &'e Actor, query: &Query) -> Result<Plan<'e>> {
    let (declared, registry) = (engine.entity(&query.entity)?, engine.registry());
    allow(actor, declared, Action::Read)?;
    let entity = actor.view(declared);
    if query.limit == 0 || query.limit > LIMIT_MAXIMUM {
        let text = format!("limit must be between 1 and {LIMIT_MAXIMUM}");
        return Err(Error::rule("limit", text, format!("limit 应在 1 到 {LIMIT_MAXIMUM} 之间")));
    }
    let context = condition::Context { clock: engine.clock().clone(), actor: actor.clone() };
    let asked = condition::parse(&query.filter, entity, registry, &context)?;
    let asked = access::confined(registry, actor, declared, asked);
    let words = query.search.trim();
    let searched = (!words.is_empty()).then(|| Condition::Search { text: words.to_owned() });
    let mut parts = vec![];
    let scope = Some(access::scope(registry, actor, declared, Action::Read));
    let exported = query.exporting.then(|| access::scope_of(registry, actor, declared, Action::Export));
    if query.exporting {
        allow(actor, declared, Action::Export)?;
    }
    let exported = exported.filter(|exported| Some(exported) != scope.as_ref());
    for condition in
        [scope, exported, belongs_to(entity, query)?, among(entity, query), Some(asked), searched]
    {
        condition.into_iter().for_each(|condition| flatten(condition, &mut parts));
    }
    if parts.iter().any(Condition::searches) && !search::is_searched(entity) {
        return Err(Error::rule(
            if words.is_empty() { "filter" } else { "q" },
            format!("{} have no searched fields: find them by a filter", entity.plural.en),
            format!("{}没有可搜索的字段，请改用筛选条件", entity.label.zh),
        ));
    }
    let (sort, descending) = sort(entity, &query.sort)?;
    let after = query.after.as_deref().map(|cursor| read_cursor(cursor, &sort)).transpose()?;
    let mut fields = fields(entity, &query.fields)?;
    // The sort value is needed for the next page's cursor even if it was not asked for.
    if let Some(sorted) =
        entity.get(&sort.name).filter(|sorted| !fields.iter().any(|f| f.name == sorted.name))
    {
        fields.push(sorted);
    }
    let rights = actor.limits().filter(|rights| !rights.sees_all_fields(&entity.name));
    let withheld = Withheld {
        words: rights
            .filter(|rights| rights.searches_withheld(&entity.name) && !words.is_empty())
            .map(|_| words.to_owned()),
        rights: rights.map(|_| actor.rights.clone()),
    };
    if withheld.words.is_some() {
        let missing = entity.fields.values().filter(|field| field.searched);
        let missing: Vec<&Field> =
            missing.filter(|field| !fields.iter().any(|known| known.name == field.name)).collect();
        fields.extend(missing);
    }
    Ok(Plan {
        fields,
        withheld,
        entity,
        parts,
        sort,
        descending,
        limit: query.limit,
        after,
        deleted: query.deleted,
        dialect: engine.dialect(),
    })
}

/// What holds only together is tested one by one.
fn flatten(condition: Condition, parts: &mut Vec<Condition>) {
    match condition {
        Condition::All(inner) => inner.into_iter().for_each(|part| flatten(part, parts)),
        Condition::Always(true) => {}
        other => parts.push(other),
    }
}

fn belongs_to(entity: &Entity, query: &Query) -> Result<Option<Condition>> {
    let Some((field, id)) = &query.belongs_to else { return Ok(None) };
    let known = entity.get(field).filter(|field| field.target().is_some());
    let field = known.ok_or_else(|| Error::invalid(field, meta::Problem::Unknown))?;
    let path = Path { through: None, field: field.clone() };
    let operator = Operator::Equal;
    Ok(Some(Condition::Compare { path, operator, value: Value::Id(*id) }))
}

fn among(entity: &Entity, query: &Query) -> Option<Condition> {
    let values = query.among.as_ref()?.iter().map(|id| Value::Id(*id)).collect();
    let field = condition::field_of(entity, "id")?.into_owned();
    Some(Condition::In { path: Path { through: None, field }, values })
}

fn fields<'e>(entity: &'e Entity, wanted: &[String]) -> Result<Vec<&'e Field>> {
    if wanted.is_empty() {
        return Ok(super::read::all_fields(entity));
    }
    let known = wanted.iter().filter(|wanted| !crate::schema::is_system_column(wanted));
    known
        .map(|wanted| entity.get(wanted).ok_or_else(|| Error::invalid(wanted, meta::Problem::Unknown)))
        .collect()
}

fn sort(entity: &Entity, wanted: &str) -> Result<(Field, bool)> {
    let wanted = if wanted.is_empty() { entity.sort.as_str() } else { wanted };
    let wanted = if wanted.is_empty() { "-id" } else { wanted };
    let (descending, wanted) = match wanted.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, wanted),
    };
    let field = field_of(entity, wanted).map(std::borrow::Cow::into_owned);
    match field {
        Some(field) if schema::has_index(entity, &field) => Ok((field, descending)),
        _ => {
            let names: Vec<&str> = entity
                .fields
                .values()
                .filter(|field| field.indexed)
                .map(|field| field.name.as_str())
                .collect();
            let moments: &[&str] =
                if entity.parent.is_none() { &["created_at", "updated_at"] } else { &["id"] };
            let names = [names, moments.to_vec()].concat().join(", ");
            Err(Error::rule(
                "sort",
                format!("a list of {} cannot be sorted by “{wanted}”: use one of {names}", entity.plural.en),
                format!("{}列表不能按“{wanted}”排序，可用：{names}", entity.label.zh),
            ))
        }
    }
}

fn read_cursor(cursor: &str, sort: &Field) -> Result<(Value, Id)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::stale_page())?;
    let (value, id): (serde_json::Value, Id) =
        serde_json::from_slice(&bytes).map_err(|_| Error::stale_page())?;
    Ok((sort.parse_json(&value).map_err(|_| Error::stale_page())?, id))
}

pub(super) fn write_cursor(value: &Value, id: Id) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!([value.to_json(), id]).to_string())
}

pub(super) fn sort_value(record: &Record, sort: &Field) -> Value {
    match sort.name.as_str() {
        "id" => Value::Id(record.id),
        "created_at" => Value::Instant(record.created_at),
        "updated_at" => Value::Instant(record.updated_at),
        name => record.get(name).clone(),
    }
}
