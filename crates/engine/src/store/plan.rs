//! A query checked against the metadata: what is asked, in what order, from where on.

use super::query::{LIMIT_MAXIMUM, Query};
use crate::{
    Action, Actor, Dialect, Engine, Error, Result, access, allow,
    condition::{self, Condition, Operator, Path, field_of},
    schema, search,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use meta::{Entity, Field, Id, Record, Value};

/// Everything a record must satisfy is in `parts`, the search too.
pub(super) struct Plan<'e> {
    pub entity: &'e Entity,
    pub fields: Vec<&'e Field>,
    pub parts: Vec<Condition>,
    pub sort: Field,
    pub descending: bool,
    pub limit: usize,
    pub after: Option<(Value, Id)>,
    pub deleted: bool,
    pub dialect: Dialect,
}

pub(super) fn plan<'e>(engine: &'e Engine, actor: &Actor, query: &Query) -> Result<Plan<'e>> {
    let entity = engine.entity(&query.entity)?;
    allow(actor, entity, Action::Read)?;
    if query.limit == 0 || query.limit > LIMIT_MAXIMUM {
        let text = format!("limit must be between 1 and {LIMIT_MAXIMUM}");
        return Err(Error::rule("limit", text, format!("limit 应在 1 到 {LIMIT_MAXIMUM} 之间")));
    }
    let context = condition::Context { clock: engine.clock().clone(), user: actor.user, lang: actor.lang };
    let asked = condition::parse(&query.filter, entity, engine.registry(), &context)?;
    let words = query.search.trim();
    let searched = (!words.is_empty()).then(|| Condition::Search { text: words.to_owned() });
    let mut parts = vec![];
    for condition in [Some(access::scope(actor, entity)), belongs_to(entity, query)?, Some(asked), searched] {
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
    Ok(Plan {
        fields,
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
    let stale = || {
        Error::rule(
            "after",
            "this page marker is not valid for this list: start from the first page",
            "翻页标记与列表不符，请从第一页开始",
        )
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| stale())?;
    let (value, id): (serde_json::Value, Id) = serde_json::from_slice(&bytes).map_err(|_| stale())?;
    Ok((sort.parse_json(&value).map_err(|_| stale())?, id))
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
