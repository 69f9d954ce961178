//! How a list finds its rows in bounded time. Three roads: *walk* the index of the sort and test each row; *seek* what one
//! part of the filter finds in its index and sort that; or walk an index that has both, part and sort. Which is shorter
//! depends on how many rows a part finds, so that is looked up (up to a limit, and remembered for a while). No road reads
//! more than [`EFFORT`] records for one answer (where the index itself tells which may match, `walk` passes five times as many of its
//! rows): a page that is not full by then says where to go on.
//!
//! Long because the roads share their parts and are best read together.
//!
//! SQLite keeps no statistics, so the statements leave it one choice; PostgreSQL has some and chooses among what is left.

use super::{plan::Plan, read, ways};
use crate::{
    Dialect, Engine, Result, Row,
    condition::{Condition, Operator, Path, bind, column_of, plain, table_of, to_sql, to_test},
    db::{Conn, name},
    schema, search,
};
use meta::{Apart, Entity, Field, Id, Value};
use sea_query::{Alias, Expr, ExprTrait, Func, NullOrdering, Order, Query as Sql, SelectStatement};

/// Rows of a part that are fetched and sorted; where more match, walking the sort's index finds a page sooner.
pub(super) const SEEK_LIMIT: u64 = 5_000;
/// Rows looked at for one page.
pub(super) const EFFORT: u64 = 10_000;
/// A walk goes in legs, of which each says how long the next should be: mostly a page is full after a few hundred rows.
pub(super) const FIRST_LEG: u64 = 500;
/// Matches of a search looked at, the newest first; common enough words are in more records than anybody reads.
const SEARCH_LIMIT: u64 = 2_000;
/// What a search is taken to find, which is not counted beforehand.
const SEARCH_GUESS: u64 = 1_000;

/// Where statements run: on a reader's connection, or inside a transaction.
pub(crate) enum Source<'a> {
    Engine(&'a Engine),
    Tx(&'a mut Conn),
}

impl Source<'_> {
    pub async fn fetch(&mut self, select: &SelectStatement) -> Result<Vec<Row>> {
        match self {
            Source::Engine(engine) => engine.fetch(select).await,
            Source::Tx(conn) => conn.fetch(select).await,
        }
    }

    /// A count that may be a minute old.
    async fn estimate(&mut self, count: &SelectStatement) -> Result<u64> {
        match self {
            Source::Engine(engine) => engine.estimate(count).await,
            Source::Tx(conn) => read::number(&conn.fetch(count).await?),
        }
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Road {
    /// `served`: parts of which the walked index itself finds the rows; the others are tested. Where a part finds few enough
    /// rows to sort them all, but more than a walk might need: which part, and how many.
    Walk { served: Vec<usize>, otherwise: Option<(usize, u64)> },
    /// The part whose rows are sorted; `None` for deleted records, which have an index of their own.
    Seek(Option<usize>),
}

/// A stretch of the sort's order: empty values and others are ranges of the index of their own.
pub(super) struct Stretch {
    pub range: Option<Expr>,
}

impl Plan<'_> {
    pub(super) async fn road(&self, source: &mut Source<'_>) -> Result<Road> {
        if self.deleted {
            return Ok(Road::Seek(None));
        }
        let served = self.served();
        if served.len() == self.parts.len() {
            return Ok(Road::Walk { served, otherwise: None });
        }
        let rarest = self.rarest(source).await?;
        let sortable = rarest.filter(|(index, found)| *found <= SEEK_LIMIT && !served.contains(index));
        Ok(match sortable {
            Some((index, found)) if found <= 2 * FIRST_LEG => Road::Seek(Some(index)),
            otherwise => Road::Walk { served, otherwise },
        })
    }

    /// Parts of which the index of the sort finds the rows.
    pub(super) fn served(&self) -> Vec<usize> {
        let prefix = self.parts.iter().position(|part| self.is_prefix(part));
        let serves = |index: &usize| Some(*index) == prefix || self.is_range_of_sort(&self.parts[*index]);
        (0..self.parts.len()).filter(serves).collect()
    }

    /// Whether the answer depends on search documents.
    pub(super) fn searches(&self) -> bool {
        self.parts.iter().any(Condition::searches)
    }

    /// The part that fewest rows match, of those an index finds, and how many (up to a limit).
    pub(super) async fn rarest(&self, source: &mut Source<'_>) -> Result<Option<(usize, u64)>> {
        let dialect = self.dialect;
        let mut rarest: Option<(usize, u64)> = None;
        for (index, part) in self.parts.iter().enumerate().filter(|(_, part)| is_found(self.entity, part)) {
            let found = match part {
                Condition::Search { .. } => SEARCH_GUESS,
                _ => {
                    source
                        .estimate(&count_of(found_ids(self.entity, part, dialect, Some(SEEK_LIMIT + 1))))
                        .await?
                }
            };
            if rarest.is_none_or(|(_, least)| found < least) {
                rarest = Some((index, found));
            }
        }
        Ok(rarest)
    }

    /// Whether an index has this part first and the sort next.
    pub(super) fn is_prefix(&self, part: &Condition) -> bool {
        let Condition::Compare { path: Path { through: None, field }, operator: Operator::Equal, .. } = part
        else {
            return false;
        };
        let both = |index: &Vec<String>| {
            index.iter().map(String::as_str).take(2).eq([&*field.name, &*self.sort.name])
        };
        // Every index of SQLite has the id last; PostgreSQL's of runs has the run alone.
        let then_id = match self.dialect {
            Dialect::Sqlite => field.name != "id",
            Dialect::Postgres => field.name != "id" && field.name != "run_id",
        };
        field.apart.is_none()
            && (self.entity.indexes.iter().any(both)
                || self.sort.name == "id" && then_id && schema::has_index(self.entity, field))
    }

    fn is_range_of_sort(&self, part: &Condition) -> bool {
        matches!(part, Condition::Compare { path: Path { through: None, field }, operator, .. }
            if field.name == self.sort.name && *operator != Operator::NotEqual)
    }

    /// The part whose value the walked index has first.
    pub(super) fn leading(&self) -> Option<&Condition> {
        self.parts.iter().find(|part| self.is_prefix(part))
    }

    /// A part of which the walked index finds the rows. A value that is first in it PostgreSQL is told as a list of it and itself, whose
    /// rows have an order that no other index has ([`Plan::order`]): it takes what has the value for spread evenly, and would rather walk
    /// the index of the sort alone, past a hundred thousand open orders to those that are done. By a range the walk would not stop where
    /// its leg ends.
    pub(super) fn served_by_index(&self, part: &Condition) -> Expr {
        match part {
            Condition::Compare { path, value, .. }
                if self.dialect == Dialect::Postgres && self.is_prefix(part) =>
            {
                let value = Expr::val(bind(&path.field, value));
                column_of(&self.entity.name, &path.field).is_in([value.clone(), value])
            }
            _ => to_sql(part, &self.entity.name, self.dialect),
        }
    }

    pub(super) fn sorted(&self) -> Expr {
        column_of(&self.entity.name, &self.sort)
    }

    /// The id in the table of the sort, which its index has too.
    pub(super) fn sorted_id(&self) -> Expr {
        // A deleted record has no figures.
        let table =
            if self.deleted { name(&self.entity.name) } else { table_of(&self.entity.name, &self.sort) };
        Expr::col((table, name("id")))
    }

    /// The ranges of the order that a page is made of. They are read one by one only where the walk through each has its end:
    /// a record whose sort value changes between two readings could be missed by both.
    pub(super) fn stretches(&self, road: &Road) -> Vec<Stretch> {
        let ranges = self.ranges();
        let together = match road {
            Road::Seek(_) => true,
            Road::Walk { served, .. } => served.len() == self.parts.len() && self.after.is_none(),
        };
        if !together {
            return ranges.into_iter().map(|range| Stretch { range }).collect();
        }
        let any = ranges.into_iter().flatten().reduce(|any, range| any.or(range));
        vec![Stretch { range: any.filter(|_| self.after.is_some()) }]
    }

    fn ranges(&self) -> Vec<Option<Expr>> {
        let empty = || self.sorted().is_null();
        let filled = || self.sorted().is_not_null();
        let whole = schema::is_system_column(&self.sort.name) || self.sort.required;
        match &self.after {
            None if whole => vec![None],
            None if self.descending => vec![Some(filled()), Some(empty())],
            None => vec![Some(empty()), Some(filled())],
            Some(last @ (value, _)) => {
                let beyond = Some(self.beyond(last));
                match (value, self.descending) {
                    _ if whole => vec![beyond],
                    (Value::Null, false) => vec![beyond, Some(filled())],
                    (Value::Null, true) | (_, false) => vec![beyond],
                    (_, true) => vec![beyond, Some(empty())],
                }
            }
        }
    }

    /// What comes after a row among those whose sort value is filled, or empty, like its own.
    pub(super) fn beyond(&self, (value, id): &(Value, Id)) -> Expr {
        let by_id = || if self.descending { self.sorted_id().lt(*id) } else { self.sorted_id().gt(*id) };
        match value {
            _ if self.sort.name == "id" => by_id(),
            Value::Null => self.sorted().is_null().and(by_id()),
            value => {
                let (key, last) = (self.key(), self.key_value(value, *id));
                if self.descending { key.lt(last) } else { key.gt(last) }
            }
        }
    }

    pub(super) fn key(&self) -> Expr {
        Expr::tuple([self.sorted(), self.sorted_id()])
    }

    pub(super) fn key_value(&self, value: &Value, id: Id) -> Expr {
        Expr::tuple([Expr::val(bind(&self.sort, value)), Expr::val(id)])
    }

    /// Empty is smallest on both databases; SQLite does so by itself and would miss its index if told. What is not to go by the index is
    /// hidden from it: PostgreSQL would rather walk all of it, past half a million orders that are done, to the few open ones at its
    /// end, because it takes what a part finds for spread evenly.
    pub(super) fn order(&self, select: &mut SelectStatement, by_index: bool) {
        let order = if self.descending { Order::Desc } else { Order::Asc };
        let nulls = if self.descending { NullOrdering::Last } else { NullOrdering::First };
        let told = |column: Expr| match self.dialect {
            _ if by_index => column,
            Dialect::Sqlite => plain(column),
            Dialect::Postgres => Func::coalesce([column.clone(), column]).into(),
        };
        if let Some(Condition::Compare { path, .. }) =
            self.leading().filter(|_| by_index && self.dialect == Dialect::Postgres)
        {
            let column = column_of(&self.entity.name, &path.field);
            select.order_by_expr_with_nulls(column, order.clone(), nulls);
        }
        if self.sort.name != "id" {
            let column = told(self.sorted());
            match self.dialect {
                Dialect::Sqlite => select.order_by_expr(column, order.clone()),
                Dialect::Postgres => select.order_by_expr_with_nulls(column, order.clone(), nulls),
            };
        }
        let id = told(self.sorted_id());
        match self.dialect {
            Dialect::Sqlite => select.order_by_expr(id, order),
            Dialect::Postgres if self.goes_by_key() => select.order_by_expr(id, order),
            // Else it would sort anew, of a choice nearly everybody, what its index has in this order: ids are never empty, but
            // the index has the empty ones first.
            Dialect::Postgres => select.order_by_expr_with_nulls(id, order, nulls),
        };
    }

    /// Along the table's key, which has empty ids, did it have any, last.
    fn goes_by_key(&self) -> bool {
        self.sort.name == "id" && self.leading().is_none()
    }

    /// FROM the first table and then what else `used` needs, which SQLite keeps in this order.
    pub(super) fn from(&self, select: &mut SelectStatement, used: Used, first: Alias) {
        select.from(first.clone());
        for second in used.tables(&self.entity.name).filter(|second| second.0 != first.0) {
            let same = read::same(&first, &second);
            match self.dialect {
                _ if self.deleted => select.left_join(second, same),
                Dialect::Sqlite => select.cross_join(second).and_where(same),
                Dialect::Postgres => select.inner_join(second, same),
            };
        }
        if used.own {
            let deleted = Expr::col((name(&self.entity.name), name("deleted_at")));
            select.and_where(if self.deleted { deleted.is_not_null() } else { deleted.is_null() });
        }
    }

    /// What a row, its place and its tests are read from.
    pub(super) fn used(&self) -> Used {
        let parts = self.parts.iter().map(uses);
        self.used_by_fields().or(Used::by(&self.sort)).or(Used::OWN).or(parts.fold(Used::default(), Used::or))
    }

    pub(super) fn used_by_fields(&self) -> Used {
        self.fields.iter().map(|field| Used::by(field)).fold(Used::default(), Used::or)
    }

    /// At most `limit` rows of a stretch among those `part` finds: first their ids, sorted; then the rows.
    pub(super) fn seek(&self, part: Option<usize>, stretch: &Stretch, limit: u64) -> SelectStatement {
        // Without limit: the estimate may be too low by now, and no row may be missed for that.
        let mut ids = self.sought(part, Used::by(&self.sort), None);
        ids.expr(self.sorted_id()).limit(limit);
        if let Some(range) = &stretch.range {
            ids.and_where(range.clone());
        }
        self.order(&mut ids, false);
        self.rows_of(ids)
    }

    pub(super) fn rows_of(&self, ids: SelectStatement) -> SelectStatement {
        let mut select = read::columns(&self.entity.name, &self.fields);
        let used = self.used_by_fields().or(Used::by(&self.sort)).or(Used::OWN);
        self.from(&mut select, used, name(&self.entity.name));
        select.and_where(Expr::col((name(&self.entity.name), name("id"))).in_subquery(ids));
        self.order(&mut select, false);
        select
    }

    /// `FROM … WHERE` of the records that a part finds and the other parts accept.
    pub(super) fn sought(&self, part: Option<usize>, also: Used, limit: Option<u64>) -> SelectStatement {
        let others = self.parts.iter().enumerate().filter(|(index, _)| Some(*index) != part);
        let mut used = others.clone().map(|(_, part)| uses(part)).fold(also, Used::or);
        used.own |= self.deleted;
        let first = match used.tables(&self.entity.name).next() {
            Some(first) if !self.deleted => first,
            _ => {
                used.own = true;
                name(&self.entity.name)
            }
        };
        let mut select = Sql::select();
        self.from(&mut select, used, first.clone());
        let found = match part {
            Some(index) => found_ids(self.entity, &self.parts[index], self.dialect, limit),
            None => self.some_ids(),
        };
        select.and_where(Expr::col((first, name("id"))).in_subquery(found));
        for (_, part) in others {
            select.and_where(to_test(part, &self.entity.name, self.dialect));
        }
        select
    }

    /// Deleted records, the last deleted first; or any live ones.
    pub(super) fn some_ids(&self) -> SelectStatement {
        let mut some = Sql::select();
        some.column(name("id")).from(name(&self.entity.name)).limit(EFFORT);
        if self.deleted {
            some.and_where(Expr::col(name("deleted_at")).is_not_null());
            some.order_by(name("deleted_at"), Order::Desc);
        } else {
            some.and_where(Expr::col(name("deleted_at")).is_null());
        }
        some
    }

    /// How many match among what is looked at, up to `cap + 1`, and whether all that might match was looked at.
    pub(super) async fn count_sought(&self, source: &mut Source<'_>, cap: u64) -> Result<(u64, bool)> {
        let rarest = if self.deleted { None } else { self.rarest(source).await? };
        let complete = match rarest {
            Some((index, _)) if matches!(self.parts[index], Condition::Search { .. }) => {
                let found = found_ids(self.entity, &self.parts[index], self.dialect, None);
                source.estimate(&count_of(found)).await? < SEARCH_LIMIT
            }
            Some((_, found)) => found <= SEEK_LIMIT,
            None => self.is_small(source).await?,
        };
        let mut some = self.sought(rarest.map(|(index, _)| index), Used::default(), Some(SEEK_LIMIT));
        some.expr(Expr::val(1i64)).limit(cap + 1);
        Ok((read::number(&source.fetch(&count_of(some)).await?)?, complete))
    }

    /// Whether the whole table is no more than one look.
    async fn is_small(&self, source: &mut Source<'_>) -> Result<bool> {
        let mut some = self.some_ids();
        some.limit(EFFORT + 1);
        Ok(source.estimate(&count_of(some)).await? <= EFFORT)
    }

    /// A count by index alone: of everything, or of what a single part finds.
    pub(super) fn count_found(&self, cap: u64) -> Option<SelectStatement> {
        match self.parts.as_slice() {
            _ if self.deleted => None,
            [] => {
                let mut some = self.some_ids();
                some.limit(cap + 1);
                Some(count_of(some))
            }
            [part] if is_found(self.entity, part) && !matches!(part, Condition::Search { .. }) => {
                Some(count_of(found_ids(self.entity, part, self.dialect, Some(cap + 1))))
            }
            _ => None,
        }
    }
}

pub(super) fn count_of(some: SelectStatement) -> SelectStatement {
    let mut count = Sql::select();
    count.expr(Expr::cust("COUNT(*)")).from_subquery(some, Alias::new("some"));
    count
}

/// Which of a record's tables something touches: those beside the entity's own in the order of [`Apart::ALL`], and its own.
#[derive(Clone, Copy, Default)]
pub(super) struct Used {
    pub own: bool,
    apart: [bool; Apart::ALL.len()],
}

impl Used {
    pub(super) const OWN: Used = Used { own: true, apart: [false; Apart::ALL.len()] };
    pub(super) const ALL: Used = Used { own: true, apart: [true; Apart::ALL.len()] };

    pub(super) fn by(field: &Field) -> Used {
        Used { own: field.apart.is_none(), apart: Apart::ALL.map(|apart| field.apart == Some(apart)) }
    }

    pub(super) fn or(self, other: Used) -> Used {
        let [figures, moving] = self.apart;
        Used { own: self.own || other.own, apart: [figures || other.apart[0], moving || other.apart[1]] }
    }

    /// The entity's own last: its rows are the longest, and whom the figures refuse needs none of it read.
    pub(super) fn tables(self, entity: &str) -> impl Iterator<Item = Alias> {
        let own = self.own.then(|| name(entity));
        let apart = Apart::ALL.into_iter().zip(self.apart).filter(|(_, used)| *used);
        apart.map(|(apart, _)| name(&schema::apart_table_name(entity, apart))).chain(own)
    }

    pub(super) fn is_one_table(self) -> bool {
        self.tables("").count() <= 1
    }
}

pub(super) fn uses(condition: &Condition) -> Used {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().map(uses).fold(Used::default(), Used::or)
        }
        Condition::Not(inner) => uses(inner),
        Condition::Compare { path, .. }
        | Condition::In { path, .. }
        | Condition::Empty { path }
        | Condition::Text { path, .. } => {
            if path.through.is_none() {
                Used::by(&path.field)
            } else {
                Used::OWN
            }
        }
        Condition::Search { .. } | Condition::Reaches { .. } => Used::OWN,
        Condition::Always(_) => Used::default(),
    }
}

/// Whether an index finds the rows of `part`.
pub(crate) fn is_found(entity: &Entity, part: &Condition) -> bool {
    let indexed = |path: &Path| match &path.through {
        None => schema::has_index(entity, &path.field),
        // References always have an index; the far field decides.
        Some(_) => path.field.indexed || path.field.unique,
    };
    match part {
        Condition::Compare { path, operator, .. } => *operator != Operator::NotEqual && indexed(path),
        Condition::In { path, values } => !values.iter().any(Value::is_null) && indexed(path),
        Condition::Empty { path } => path.through.is_none() && indexed(path),
        Condition::Search { .. } => true,
        Condition::Reaches { found, .. } => *found,
        Condition::Any(parts) => uses(part).is_one_table() && parts.iter().all(|part| is_found(entity, part)),
        Condition::All(_) | Condition::Not(_) | Condition::Text { .. } | Condition::Always(_) => false,
    }
}

/// `SELECT id` of the live rows that an index finds for `part`.
pub(super) fn found_ids(
    entity: &Entity,
    part: &Condition,
    dialect: Dialect,
    limit: Option<u64>,
) -> SelectStatement {
    if let Condition::Search { text } = part {
        return search::matching_ids(
            &entity.name,
            text,
            dialect,
            limit.map_or(SEARCH_LIMIT, |limit| std::cmp::min(limit, SEARCH_LIMIT)),
        );
    }
    if let Condition::Any(any) = part
        && ways::differ(any)
    {
        return ways::found_in_any(entity, any, dialect, limit);
    }
    let mut select = Sql::select();
    select.column(name("id")).and_where(to_sql(part, &entity.name, dialect));
    if let Some(limit) = limit {
        select.limit(limit);
    }
    let used = uses(part);
    match used.tables(&entity.name).next().filter(|_| !used.own) {
        Some(figures) => select.from(figures),
        None => select.from(name(&entity.name)).and_where(Expr::col(name("deleted_at")).is_null()),
    };
    select
}
