//! Condition → SQL. Negation is pushed down to the comparisons, so that positive ones stay plain and use their index.

use super::{Condition, Operator, Path, Place, Through};
use crate::{Dialect, db::name, schema, search};
use meta::{Field, Kind, Value, scaled};
use sea_query::{
    Alias, Cond, Expr, ExprTrait, Func, IntoTableRef, LikeExpr, Query, SelectStatement, UnionType,
    Value as Bound,
};

/// What the records are called that a reference leads to.
const FAR: &str = "far";

/// A value as the column of `field` stores it.
pub(crate) fn bind(field: &Field, value: &Value) -> Bound {
    match (&field.kind, value) {
        (Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent, Value::Int(number))
            if field.scale().is_none() =>
        {
            Bound::BigInt(Some(*number))
        }
        (Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent, value) => {
            let scale = field.scale().unwrap_or(0);
            Bound::BigInt(value.as_decimal().and_then(|number| scaled(number, scale)))
        }
        (Kind::Bool, value) => Bound::Bool(value.as_bool()),
        (Kind::Date, value) => Bound::ChronoDate(value.as_date()),
        (Kind::Instant, value) => Bound::ChronoDateTimeUtc(value.as_instant()),
        (Kind::Reference { .. }, value) => Bound::Uuid(value.as_id()),
        (Kind::Json, Value::Json(json)) => Bound::String(Some(json.to_string())),
        (_, Value::Text(text)) => Bound::String(Some(text.clone())),
        (_, _) => Bound::String(None),
    }
}

pub(crate) fn to_sql(condition: &Condition, entity: &str, dialect: Dialect) -> Expr {
    Translator { entity, dialect, test: false }.translate(condition, false)
}

/// The same as a test of each row that some other index finds. SQLite keeps no statistics to choose its index by; PostgreSQL
/// chooses by itself.
pub(crate) fn to_test(condition: &Condition, entity: &str, dialect: Dialect) -> Expr {
    Translator { entity, dialect, test: true }.translate(condition, false)
}

/// `SELECT id` of the live records that `condition` holds for. Each way to be found is a look-up of its own: neither
/// database combines indexes where one way leads through another table.
fn ids_of(condition: &Condition, entity: &str, dialect: Dialect) -> SelectStatement {
    let of = |part: &Condition| {
        Query::select()
            .column(name("id"))
            .from(name(entity))
            .and_where(to_sql(part, entity, dialect))
            .and_where(Expr::col((name(entity), name("deleted_at"))).is_null())
            .to_owned()
    };
    let ways = match condition {
        Condition::Any(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut ways = ways.iter().map(of);
    let first = ways.next().unwrap_or_else(|| of(&Condition::Always(false)));
    ways.fold(first, |mut all, way| all.union(UnionType::Distinct, way).to_owned())
}

/// Where a field of `entity` is stored.
pub(crate) fn table_of(entity: &str, field: &Field) -> Alias {
    name(&schema::table_name_of(entity, field))
}

pub(crate) fn column_of(entity: &str, field: &Field) -> Expr {
    Expr::col((table_of(entity, field), name(&field.name)))
}

/// SQLite's way to say that a column is not to be found by an index.
pub(crate) fn plain(column: Expr) -> Expr {
    Expr::cust_with_expr("+?", column)
}

struct Translator<'a> {
    entity: &'a str,
    dialect: Dialect,
    test: bool,
}

impl Translator<'_> {
    fn translate(&self, condition: &Condition, negated: bool) -> Expr {
        match condition {
            Condition::Always(flag) => Expr::val(1i64).eq(i64::from(*flag != negated)),
            Condition::All(parts) => self.join(parts, !negated, negated),
            Condition::Any(parts) => self.join(parts, negated, negated),
            Condition::Not(inner) => self.translate(inner, !negated),
            Condition::Search { text } => {
                let found = self.own(Expr::col((name(self.entity), name("id"))));
                let ids = search::matching_ids(self.entity, text, self.dialect, search::MATCH_LIMIT);
                if negated { found.not_in_subquery(ids) } else { found.in_subquery(ids) }
            }
            Condition::Reaches { reference, entity, inner, .. } => {
                self.reaches(reference, entity, inner, negated)
            }
            Condition::Compare { path, .. }
            | Condition::In { path, .. }
            | Condition::Empty { path }
            | Condition::Text { path, .. } => self.leaf(condition, path, negated),
        }
    }

    fn join(&self, parts: &[Condition], all: bool, negated: bool) -> Expr {
        let start = if all { Cond::all() } else { Cond::any() };
        parts.iter().fold(start, |joined, part| joined.add(self.translate(part, negated))).into()
    }

    fn leaf(&self, condition: &Condition, path: &Path, negated: bool) -> Expr {
        let Some(through) = &path.through else {
            let column = self.own(column_of(self.entity, &path.field));
            return self.test(condition, column, &path.field, negated);
        };
        self.behind(condition, &path.field, through, negated)
    }

    /// Of a field behind a reference. Behind an empty one, or one to a deleted record, all fields are empty: what holds for
    /// these is asked for by its contrary, which must be found to be refused.
    fn behind(&self, condition: &Condition, field: &Field, through: &Through, negated: bool) -> Expr {
        let contrary = condition.holds_for_empty();
        let negated = negated != contrary;
        let near = self.own(Expr::col((name(self.entity), name(&through.reference))));
        // Under a name of its own, as a reference may lead to the same table.
        let far = |column: &str| Expr::col((name(FAR), name(column)));
        let table = table_of(&through.entity, field).into_table_ref().alias(name(FAR));
        let mut found = Query::select();
        found.from(table).and_where(self.test(condition, far(&field.name), field, contrary));
        // Figures have rows of live records only; of the others the indexes have just these.
        if field.apart.is_none() {
            found.and_where(far("deleted_at").is_null());
        }
        if self.test {
            found.expr(Expr::val(1i64)).and_where(far("id").eq(near));
            return if negated { Expr::exists(found).not() } else { Expr::exists(found) };
        }
        found.expr(far("id"));
        if negated { near.clone().is_null().or(near.not_in_subquery(found)) } else { near.in_subquery(found) }
    }

    /// A test looks the one record up that is pointed to; finding begins with all that are wanted.
    fn reaches(&self, reference: &Field, entity: &str, inner: &Condition, negated: bool) -> Expr {
        let near = Expr::col((name(self.entity), name(&reference.name)));
        if self.test && entity != self.entity {
            let far = Expr::col((name(entity), name("id"))).eq(near);
            let one = Query::select()
                .expr(Expr::val(1i64))
                .from(name(entity))
                .and_where(far)
                .and_where(Expr::col((name(entity), name("deleted_at"))).is_null())
                .and_where(to_test(inner, entity, self.dialect))
                .to_owned();
            return if negated { Expr::exists(one).not() } else { Expr::exists(one) };
        }
        let ids = ids_of(inner, entity, self.dialect);
        let near = self.own(near);
        if negated { near.clone().is_null().or(near.not_in_subquery(ids)) } else { near.in_subquery(ids) }
    }

    fn own(&self, column: Expr) -> Expr {
        if self.test && self.dialect == Dialect::Sqlite { plain(column) } else { column }
    }

    fn test(&self, condition: &Condition, column: Expr, field: &Field, negated: bool) -> Expr {
        match condition {
            Condition::Empty { .. } if negated => column.is_not_null(),
            Condition::Empty { .. } => column.is_null(),
            Condition::Compare { operator, value, .. } => {
                self.compare(column, field, *operator, value, negated)
            }
            Condition::In { values, .. } => {
                let empty = column.clone().is_null();
                let wants_empty = values.iter().any(Value::is_null);
                let bound: Vec<Bound> =
                    values.iter().filter(|value| !value.is_null()).map(|value| bind(field, value)).collect();
                match (negated, wants_empty) {
                    (false, false) => column.is_in(bound),
                    (false, true) => empty.or(column.is_in(bound)),
                    (true, false) => empty.or(column.is_not_in(bound)),
                    (true, true) => column.clone().is_not_null().and(column.is_not_in(bound)),
                }
            }
            Condition::Text { place, text, .. } => {
                let found = self.like(column.clone(), *place, text);
                if negated { column.is_null().or(found.not()) } else { found }
            }
            _ => Expr::val(1i64).eq(0i64),
        }
    }

    fn compare(&self, column: Expr, field: &Field, operator: Operator, value: &Value, negated: bool) -> Expr {
        let bound = bind(field, value);
        let empty = column.clone().is_null();
        let flipped = match operator {
            Operator::Equal => Operator::NotEqual,
            Operator::NotEqual => Operator::Equal,
            Operator::Less => Operator::GreaterOrEqual,
            Operator::LessOrEqual => Operator::Greater,
            Operator::Greater => Operator::LessOrEqual,
            Operator::GreaterOrEqual => Operator::Less,
        };
        let plain = |operator| match operator {
            Operator::Equal => column.clone().eq(bound.clone()),
            Operator::NotEqual => column.clone().ne(bound.clone()),
            Operator::Less => column.clone().lt(bound.clone()),
            Operator::LessOrEqual => column.clone().lte(bound.clone()),
            Operator::Greater => column.clone().gt(bound.clone()),
            Operator::GreaterOrEqual => column.clone().gte(bound.clone()),
        };
        match (operator, negated) {
            // An empty field differs from every value.
            (Operator::NotEqual, false) => empty.or(plain(Operator::NotEqual)),
            (Operator::NotEqual, true) => plain(Operator::Equal),
            (operator, false) => plain(operator),
            (_, true) => empty.or(plain(flipped)),
        }
    }

    fn like(&self, column: Expr, place: Place, text: &str) -> Expr {
        let escaped: String = text
            .to_ascii_lowercase()
            .chars()
            .flat_map(|letter| if "%_\\".contains(letter) { vec!['\\', letter] } else { vec![letter] })
            .collect();
        let pattern = match place {
            Place::Contains => format!("%{escaped}%"),
            Place::StartsWith => format!("{escaped}%"),
            Place::EndsWith => format!("%{escaped}"),
        };
        let pattern = LikeExpr::new(pattern).escape('\\');
        // SQLite's LIKE ignores the case of A-Z; lower() over collation C does just that in PostgreSQL.
        match self.dialect {
            Dialect::Sqlite => column.like(pattern),
            Dialect::Postgres => Expr::from(Func::lower(column)).like(pattern),
        }
    }
}
