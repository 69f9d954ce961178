//! Lists: filter, search, sort by an index, pages by key (never OFFSET), counts with a cap.

use super::{
    query::{LIMIT_MAXIMUM, Query},
    read,
};
use crate::{
    Action, Actor, Engine, Error, Result, Row, Tx, access, allow,
    condition::{self, Condition, bind, field_of, to_sql},
    db::name,
    search,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use meta::{Entity, Field, Id, Record, Value, label};
use sea_query::{Alias, Expr, ExprTrait, NullOrdering, Order, Query as Sql, SelectStatement};

#[derive(Clone, Debug)]
pub struct Page {
    pub records: Vec<Record>,
    /// Give it as `after` to get the next page; `None` on the last.
    pub next: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub number: u64,
    /// There are more than `number`.
    pub capped: bool,
}

/// A query checked against the metadata.
struct Plan<'e> {
    entity: &'e Entity,
    fields: Vec<&'e Field>,
    condition: Condition,
    sort: Field,
    descending: bool,
    limit: usize,
    after: Option<(Value, Id)>,
    deleted: bool,
    search: String,
}

fn plan<'e>(engine: &'e Engine, actor: &Actor, query: &Query) -> Result<Plan<'e>> {
    let entity = engine.entity(&query.entity)?;
    allow(actor, entity, Action::Read)?;
    if query.limit == 0 || query.limit > LIMIT_MAXIMUM {
        let text = format!("limit must be between 1 and {LIMIT_MAXIMUM}");
        return Err(Error::rule("limit", text, format!("limit 应在 1 到 {LIMIT_MAXIMUM} 之间")));
    }
    let context = condition::Context { clock: engine.clock().clone(), user: actor.user, lang: actor.lang };
    let asked = condition::parse(&query.filter, entity, engine.registry(), &context)?;
    let parts = [Some(access::scope(actor, entity)), belongs_to(entity, query)?, Some(asked)];
    let mut parts: Vec<Condition> =
        parts.into_iter().flatten().filter(|part| *part != Condition::Always(true)).collect();
    let condition = match parts.len() {
        0 => Condition::Always(true),
        1 => parts.swap_remove(0),
        _ => Condition::All(parts),
    };
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
        condition,
        sort,
        descending,
        limit: query.limit,
        after,
        deleted: query.deleted,
        search: query.search.trim().to_owned(),
    })
}

fn belongs_to(entity: &Entity, query: &Query) -> Result<Option<Condition>> {
    let Some((field, id)) = &query.belongs_to else { return Ok(None) };
    let known = entity.get(field).filter(|field| field.target().is_some());
    let field = known.ok_or_else(|| Error::invalid(field, meta::Problem::Unknown))?;
    let path = condition::Path { through: None, field: field.clone() };
    let operator = condition::Operator::Equal;
    Ok(Some(Condition::Compare { path, operator, value: Value::Id(*id) }))
}

fn fields<'e>(entity: &'e Entity, wanted: &[String]) -> Result<Vec<&'e Field>> {
    if wanted.is_empty() {
        return Ok(entity.fields.values().collect());
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
        Some(field) if field.indexed || field.name == "id" => Ok((field, descending)),
        _ => {
            let names: Vec<&str> = entity
                .fields
                .values()
                .filter(|field| field.indexed)
                .map(|field| field.name.as_str())
                .collect();
            let names = [names, vec!["created_at", "updated_at"]].concat().join(", ");
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

fn write_cursor(record: &Record, sort: &Field) -> String {
    let value = match sort.name.as_str() {
        "id" => Value::Id(record.id),
        "created_at" => Value::Instant(record.created_at),
        "updated_at" => Value::Instant(record.updated_at),
        name => record.get(name).clone(),
    };
    URL_SAFE_NO_PAD.encode(serde_json::json!([value.to_json(), record.id]).to_string())
}

impl Plan<'_> {
    fn column(&self, column: &str) -> Expr {
        Expr::col((name(&self.entity.name), name(column)))
    }

    fn restrict(&self, select: &mut SelectStatement, dialect: crate::Dialect) {
        let deleted = self.column("deleted_at");
        select.and_where(if self.deleted { deleted.is_not_null() } else { deleted.is_null() });
        if self.condition != Condition::Always(true) {
            select.and_where(to_sql(&self.condition, &self.entity.name, dialect));
        }
        if !self.search.is_empty() {
            let ids = search::matching_ids(&self.entity.name, &self.search, dialect);
            select.and_where(self.column("id").in_subquery(ids));
        }
    }

    fn base(&self, dialect: crate::Dialect) -> SelectStatement {
        let mut select = read::select(self.entity, &self.fields);
        self.restrict(&mut select, dialect);
        select.limit(self.limit as u64 + 1);
        select
    }

    fn decode(&self, rows: &[Row]) -> Result<Vec<Record>> {
        rows.iter().map(|row| read::decode(self.entity, &self.fields, row)).collect()
    }

    /// Empty is smallest on both databases; SQLite does so by itself and would miss its index if told.
    fn order(&self, select: &mut SelectStatement, dialect: crate::Dialect) {
        let order = if self.descending { Order::Desc } else { Order::Asc };
        let nulls = if self.descending { NullOrdering::Last } else { NullOrdering::First };
        if self.sort.name != "id" {
            let column = self.column(&self.sort.name);
            match dialect {
                crate::Dialect::Sqlite => select.order_by_expr(column, order.clone()),
                crate::Dialect::Postgres => select.order_by_expr_with_nulls(column, order.clone(), nulls),
            };
        }
        select.order_by_expr(self.column("id"), order);
    }

    /// The selects whose rows, one after the other, are the page: values before or after the empty ones need a range of
    /// the index each.
    fn selects(&self, dialect: crate::Dialect) -> Vec<SelectStatement> {
        let by_id =
            |id: Id| if self.descending { self.column("id").lt(id) } else { self.column("id").gt(id) };
        let mut parts: Vec<Option<Expr>> = vec![];
        match &self.after {
            None => parts.push(None),
            Some((_, id)) if self.sort.name == "id" => parts.push(Some(by_id(*id))),
            Some((Value::Null, id)) => {
                parts.push(Some(self.column(&self.sort.name).is_null().and(by_id(*id))));
                if !self.descending {
                    parts.push(Some(self.column(&self.sort.name).is_not_null()));
                }
            }
            Some((value, id)) => {
                let key = Expr::tuple([self.column(&self.sort.name), self.column("id")]);
                let last = Expr::tuple([Expr::val(bind(&self.sort, value)), Expr::val(*id)]);
                parts.push(Some(if self.descending { key.lt(last) } else { key.gt(last) }));
                if self.descending {
                    parts.push(Some(self.column(&self.sort.name).is_null()));
                }
            }
        }
        parts
            .into_iter()
            .map(|part| {
                let mut select = self.base(dialect);
                if let Some(part) = part {
                    select.and_where(part);
                }
                self.order(&mut select, dialect);
                select
            })
            .collect()
    }

    fn page(&self, mut records: Vec<Record>) -> Page {
        let more = records.len() > self.limit;
        records.truncate(self.limit);
        let next = if more { records.last().map(|record| write_cursor(record, &self.sort)) } else { None };
        Page { records, next }
    }

    fn count(&self, dialect: crate::Dialect, cap: u64) -> SelectStatement {
        let mut some = Sql::select();
        some.expr(Expr::val(1i64)).from(name(&self.entity.name)).limit(cap + 1);
        self.restrict(&mut some, dialect);
        let mut count = Sql::select();
        count.expr(Expr::cust("COUNT(*)")).from_subquery(some, Alias::new("some"));
        count
    }
}

impl Engine {
    /// One page of records.
    pub async fn list(&self, actor: &Actor, query: &Query) -> Result<Page> {
        let plan = plan(self, actor, query)?;
        let mut records = vec![];
        for select in plan.selects(self.dialect()) {
            if records.len() <= plan.limit {
                records.extend(plan.decode(&self.fetch(&select).await?)?);
            }
        }
        Ok(plan.page(records))
    }

    /// How many records match, looking at no more than `cap` of them.
    pub async fn count(&self, actor: &Actor, query: &Query, cap: u64) -> Result<Count> {
        let plan = plan(self, actor, query)?;
        let rows = self.fetch(&plan.count(self.dialect(), cap)).await?;
        let number = rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0).unsigned_abs();
        Ok(Count { number: std::cmp::min(number, cap), capped: number > cap })
    }

    /// Records of any (or one) entity whose searched fields have every word of `text`.
    pub async fn search(
        &self,
        actor: &Actor,
        text: &str,
        entity: Option<&str>,
        limit: usize,
    ) -> Result<Vec<search::Hit>> {
        if limit == 0 || limit > LIMIT_MAXIMUM {
            return Err(Error::Limit(label("Too many results asked for at once.", "一次请求的结果太多。")));
        }
        let mut select = search::matching(text, self.dialect(), limit as u64);
        select.columns([name("entity"), name("record_id")]);
        match entity {
            Some(entity) => {
                select.and_where(Expr::col(name("entity")).eq(entity));
            }
            None => {
                let readable =
                    self.registry().entities().filter(|entity| allow(actor, entity, Action::Read).is_ok());
                select.and_where(Expr::col(name("entity")).is_in(readable.map(|entity| entity.name.clone())));
            }
        }
        // Newest first: what a user looks for is mostly recent.
        select.order_by(name("doc"), Order::Desc);
        let rows = self.fetch(&select).await?;
        let found: Vec<(String, Id)> =
            rows.iter().map(|row| Ok((row.text(0)?, row.id(1)?))).collect::<Result<_>>()?;
        let wanted: Vec<(&str, Id)> = found.iter().map(|(entity, id)| (entity.as_str(), *id)).collect();
        let mut titles = self.titles(actor, &wanted).await?;
        Ok(found
            .into_iter()
            .filter_map(|(entity, id)| titles.remove(&id).map(|title| search::Hit { entity, id, title }))
            .collect())
    }
}

impl Tx {
    pub async fn list(&mut self, query: &Query) -> Result<Page> {
        let engine = self.engine.clone();
        let plan = plan(&engine, &self.actor, query)?;
        let mut records = vec![];
        for select in plan.selects(engine.dialect()) {
            if records.len() <= plan.limit {
                records.extend(plan.decode(&self.conn.fetch(&select).await?)?);
            }
        }
        Ok(plan.page(records))
    }
}
