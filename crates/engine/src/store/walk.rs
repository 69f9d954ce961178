//! Walks along the index of a sort, in legs, past the rows that do not match. Which those are the index itself tells where it
//! carries what is asked for ([`schema::carried`]), or the index of what is asked for, where all of one value lie close together:
//! then records are read only of rows that may match, which is what takes the time. SQLite must be told so by joining to the
//! walked index first the other indexes, then the other tables, under other names. PostgreSQL is asked for ids first, testing what
//! other tables have by a question for each row, which it cannot turn round: by a join it would rather hash all customers that
//! are important to find the few of one city, or sort all of a leg of which the first fifty are wanted.

use super::{
    plan::Plan,
    read,
    road::{EFFORT, FIRST_LEG, Source, Stretch, Used, uses},
    statements::text_of,
};
use crate::{
    Dialect, Error, Recent, Result,
    condition::{Condition, Operator, table_of, to_sql, to_test},
    db::name,
    engine::ESTIMATE_AGE,
    schema,
};
use meta::{Field, Id, Value};
use sea_query::{Alias, Expr, ExprTrait, IntoTableRef, Query as Sql, SelectStatement};

/// What the records are called that are joined to the walked index.
const RECORD: &str = "record";
/// Rows of an index are looked at in the time in which one record is read; measured twenty, but the legs are longer, too.
const ROWS_PER_RECORD: u64 = 5;
/// Rows are looked up in another index in that time.
const LOOK_UPS_PER_RECORD: u64 = 3;
/// Values of a list that are looked up for each row; more take longer than to read the record.
const VALUES_LOOKED_UP: usize = 3;

/// Where legs ended, by the statement that says so.
struct Ends(Recent<String, (Value, Id)>);

impl Default for Ends {
    fn default() -> Self {
        Ends(Recent::for_at_most(ESTIMATE_AGE).weighing(|text: &String, _| text.len()))
    }
}

/// How far a walk may go.
pub(super) struct Effort {
    pub first_leg: u64,
    pub rows: u64,
    /// Rows walked past in the time one record is read.
    pub rows_per_record: u64,
}

impl Plan<'_> {
    pub(super) fn effort(&self, served: &[usize]) -> Effort {
        let told = self.told(served);
        let left = self.parts.len() - served.len() - told.len();
        let times = match left {
            0 => ROWS_PER_RECORD,
            left if left == self.looked_up(served, &told).len() => LOOK_UPS_PER_RECORD,
            _ => 1,
        };
        Effort { first_leg: times * FIRST_LEG, rows: times * EFFORT, rows_per_record: times }
    }

    /// Whether the walked index comes before the records it belongs to, which are read only where needed. By id no index is
    /// walked but the records themselves.
    fn index_first(&self, served: &[usize]) -> bool {
        let walks_the_sort = !self.deleted && self.sort.name != "id" && self.leading().is_none();
        self.dialect == Dialect::Sqlite
            && walks_the_sort
            && !self.searches()
            && served.len() < self.parts.len()
    }

    /// Parts of which the walked index tells whether a row matches, beside those it finds the rows of.
    fn told(&self, served: &[usize]) -> Vec<usize> {
        if !self.index_first(served) {
            return vec![];
        }
        let carried: Vec<&str> =
            schema::carried(self.entity, &self.sort).map(|field| field.name.as_str()).collect();
        let carried = |field: &Field| carried.contains(&field.name.as_str());
        let told = |index: &usize| !served.contains(index) && is_told(&self.parts[*index], &carried);
        (0..self.parts.len()).filter(told).collect()
    }

    /// Of the other parts those whose own index tells.
    fn looked_up(&self, served: &[usize], told: &[usize]) -> Vec<usize> {
        if !self.index_first(served) {
            return vec![];
        }
        let left = |index: &usize| !served.contains(index) && !told.contains(index);
        (0..self.parts.len()).filter(left).filter(|index| looked_up(&self.parts[*index]).is_some()).collect()
    }

    /// The end of a leg of `rows` through `stretch`; `None` if the stretch ends before. To find it takes as long as to walk there,
    /// and somewhere near is as good: for a minute it stays where it was, unless a record changes: what is erased is kept nowhere.
    pub(super) async fn bound(
        &self,
        source: &mut Source<'_>,
        served: &[usize],
        stretch: &Stretch,
        rows: u64,
    ) -> Result<Option<(Value, Id)>> {
        if served.len() == self.parts.len() {
            return Ok(None);
        }
        let select = self.bound_select(served, stretch, rows);
        let known = match source {
            Source::Engine(engine) => Some((
                engine.extension::<Ends>(),
                text_of(&select, self.dialect),
                engine.changes_to(&self.entity.name),
            )),
            Source::Tx(_) => None,
        };
        if let Some(end) = known.as_ref().and_then(|(ends, key, changes)| ends.0.get(key, *changes)) {
            return Ok(Some(end));
        }
        let mut rows = source.fetch(&select).await?;
        let end = rows
            .first_mut()
            .map(|row| Ok::<_, Error>((row.value(&self.sort, 0)?, row.id(1)?)))
            .transpose()?;
        if let (Some(end), Some((ends, key, changes))) = (&end, known) {
            ends.0.put(key, changes, end.clone());
        }
        Ok(end)
    }

    pub(super) fn bound_select(&self, served: &[usize], stretch: &Stretch, rows: u64) -> SelectStatement {
        let table = table_of(&self.entity.name, &self.sort);
        let mut select = Sql::select();
        select.expr(self.sorted()).expr(self.sorted_id()).limit(1).offset(rows);
        let used = if self.sort.apart.is_none() { Used::OWN } else { Used::default() };
        self.from(&mut select, used, table);
        for index in served {
            select.and_where(self.served_by_index(&self.parts[*index]));
        }
        if let Some(range) = &stretch.range {
            select.and_where(range.clone());
        }
        self.order(&mut select, true);
        select
    }

    /// At most `limit` rows of a stretch, up to `bound`, in order.
    pub(super) fn walk(
        &self,
        served: &[usize],
        stretch: &Stretch,
        bound: Option<&(Value, Id)>,
        limit: u64,
    ) -> SelectStatement {
        let ids_first = self.dialect == Dialect::Postgres && served.len() < self.parts.len();
        let mut select = if ids_first { self.tested_ids(served) } else { self.tested_rows(served) };
        if let Some(range) = &stretch.range {
            select.and_where(range.clone());
        }
        match bound {
            Some((value, id)) if self.sort.name == "id" || value.is_null() => {
                let key = self.sorted_id();
                select.and_where(if self.descending { key.gte(*id) } else { key.lte(*id) });
            }
            Some((value, id)) => {
                let (key, last) = (self.key(), self.key_value(value, *id));
                select.and_where(if self.descending { key.gte(last) } else { key.lte(last) });
            }
            None => {}
        }
        self.order(&mut select, true);
        select.limit(limit);
        if ids_first { self.rows_of(select) } else { select }
    }

    fn tested_rows(&self, served: &[usize]) -> SelectStatement {
        let (told, index_first) = (self.told(served), self.index_first(served));
        let looked_up = self.looked_up(served, &told);
        let record = if index_first { RECORD } else { self.entity.name.as_str() };
        let mut select = read::columns(record, &self.fields);
        if index_first {
            self.index_then_record(&mut select, served, &told, &looked_up);
        } else {
            self.from(&mut select, self.used(), table_of(&self.entity.name, &self.sort));
        }
        for (index, part) in self.parts.iter().enumerate().filter(|(index, _)| !looked_up.contains(index)) {
            select.and_where(match index {
                index if served.contains(&index) => self.served_by_index(part),
                index if told.contains(&index) => to_test(part, &self.entity.name, self.dialect),
                _ => to_test(part, record, self.dialect),
            });
        }
        select
    }

    /// Ids of the walked table alone: what another table has of the same record is asked row by row, each table once.
    fn tested_ids(&self, served: &[usize]) -> SelectStatement {
        let tests = || {
            self.parts.iter().enumerate().filter(|(index, _)| !served.contains(index)).map(|(_, part)| part)
        };
        let is_of_one_table = |part: &&Condition| is_told(part, &|_| true) && uses(part).is_one_table();
        let joined = tests().filter(|part| !is_of_one_table(part)).map(uses);
        let used = joined.fold(Used::by(&self.sort), Used::or);
        let here: Vec<Alias> = used.tables(&self.entity.name).collect();
        let elsewhere = |part: &&Condition| {
            uses(part).tables(&self.entity.name).find(|table| is_of_one_table(part) && !here.contains(table))
        };
        let test = |part: &Condition| to_test(part, &self.entity.name, self.dialect);

        let walked = table_of(&self.entity.name, &self.sort);
        let mut select = Sql::select();
        select.expr(self.sorted_id());
        self.from(&mut select, used, walked.clone());
        let found = served.iter().map(|index| self.served_by_index(&self.parts[*index]));
        for test in found.chain(tests().filter(|part| elsewhere(part).is_none()).map(test)) {
            select.and_where(test);
        }
        for other in Used::ALL.tables(&self.entity.name) {
            let mut parts = tests().filter(|part| elsewhere(part).as_ref() == Some(&other)).peekable();
            let Some(first) = parts.peek() else { continue };
            let mut one = Sql::select();
            self.from(one.expr(Expr::cust("TRUE")), uses(first), other.clone());
            one.and_where(read::same(&walked, &other));
            for part in parts {
                one.and_where(test(part));
            }
            select.and_where(Expr::from(one));
        }
        select
    }

    fn index_then_record(
        &self,
        select: &mut SelectStatement,
        served: &[usize],
        told: &[usize],
        looked_up: &[usize],
    ) {
        let walked = table_of(&self.entity.name, &self.sort);
        let of_record = |index: &usize| ![served, told, looked_up].iter().any(|some| some.contains(index));
        let tested = (0..self.parts.len()).filter(of_record).map(|index| uses(&self.parts[index]));
        let tested = tested.fold(Used::default(), Used::or);
        select.from(walked.clone());
        looked_up.iter().for_each(|index| self.look_up(select, *index, &walked));
        // SQLite looks into the tables in this order, and into the next only for rows that passed the tests before.
        let names = |used: Used| used.tables(&self.entity.name).zip(used.tables(RECORD));
        let mut joined: Vec<Alias> = vec![];
        for (table, called) in names(tested).chain(names(Used::OWN.or(self.used_by_fields()))) {
            if joined.contains(&called) {
                continue;
            }
            select
                .cross_join(table.into_table_ref().alias(called.clone()))
                .and_where(read::same(&walked, &called));
            joined.push(called);
        }
        let alive = if self.sort.apart.is_some() { name(RECORD) } else { walked.clone() };
        select.and_where(Expr::col((alive, name("deleted_at"))).is_null());
    }

    /// Whether the walked row is among those an index has for the value asked for. Equal ids would be looked for by the table's
    /// key, among everybody's: as a range they are not.
    fn look_up(&self, select: &mut SelectStatement, index: usize, walked: &Alias) {
        let part = &self.parts[index];
        let Some(field) = looked_up(part) else { return };
        let entity = format!("part{index}");
        let called = table_of(&entity, field);
        let (id, walked) = (Expr::col((called.clone(), name("id"))), Expr::col((walked.clone(), name("id"))));
        let table = table_of(&self.entity.name, field);
        select
            .cross_join(table.into_table_ref().alias(called.clone()))
            .and_where(to_sql(part, &entity, self.dialect))
            .and_where(id.clone().gte(walked.clone()))
            .and_where(id.lte(walked));
        if field.apart.is_none() {
            select.and_where(Expr::col((called, name("deleted_at"))).is_null());
        }
    }
}

/// The field whose index tells of a row whether `part` holds.
fn looked_up(part: &Condition) -> Option<&Field> {
    let path = match part {
        Condition::Compare { path, operator: Operator::Equal, value } if !value.is_null() => path,
        Condition::In { path, values }
            if values.len() <= VALUES_LOOKED_UP && !values.iter().any(Value::is_null) =>
        {
            path
        }
        _ => return None,
    };
    let field = &path.field;
    let own =
        path.through.is_none() && field.indexed && !field.unique && !schema::is_system_column(&field.name);
    own.then_some(field)
}

/// Whether a part asks only for fields of the record itself, and only for such as are `known`.
fn is_told(part: &Condition, known: &impl Fn(&Field) -> bool) -> bool {
    match part {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().all(|part| is_told(part, known)),
        Condition::Not(inner) => is_told(inner, known),
        Condition::Compare { path, .. }
        | Condition::In { path, .. }
        | Condition::Empty { path }
        | Condition::Text { path, .. } => path.through.is_none() && known(&path.field),
        Condition::Always(_) => true,
        Condition::Search { .. } | Condition::Reaches { .. } => false,
    }
}
