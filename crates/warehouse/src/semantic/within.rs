//! A member a question is confined to, as a condition in SQL.

use super::{
    checked::wrong,
    dimension::{DimensionKind, Level},
    period::Shift,
    sql::{Chosen, Joins, level_sql},
};
use crate::lower::text_literal;
use engine::Result;
use meta::{Id, NaiveDate};
use serde_json::Value as Json;

pub(crate) struct Fixed<'q> {
    pub cut: Chosen<'q>,
    member: Test,
}

enum Test {
    Empty,
    /// A literal beside what rows are grouped by.
    Is(String),
    Record(Id),
}

impl<'q> Fixed<'q> {
    /// `value` is that of the member in an answer; what cannot be one is refused on the field `within`.
    pub fn new(cut: Chosen<'q>, value: &Json) -> Result<Fixed<'q>> {
        let member = test(&cut, value).ok_or_else(|| {
            let (dimension, label) = (&cut.dimension.name, &cut.dimension.label.zh);
            wrong(
                "within",
                format!("{value} is no member of {dimension}"),
                format!("{value} 不是“{label}”的取值"),
            )
        })?;
        Ok(Fixed { cut, member })
    }

    pub fn sql(&self, joins: &mut Joins, shift: Option<Shift>) -> String {
        let column = self.cut.sql(joins, shift);
        match (&self.member, &self.cut.dimension.kind) {
            (Test::Record(id), DimensionKind::Record { entity }) => {
                let alias = joins.to(entity, &column);
                format!("coalesce({alias}.\"id\" = id('{id}'), false)")
            }
            (Test::Is(literal), _) => format!("coalesce({column} = {literal}, false)"),
            _ => format!("{column} IS NULL"),
        }
    }
}

fn test(cut: &Chosen<'_>, value: &Json) -> Option<Test> {
    let level = cut.level.unwrap_or(Level::Day);
    Some(match (&cut.dimension.kind, value) {
        (_, Json::Null) => Test::Empty,
        (DimensionKind::Record { .. }, Json::String(id)) => Test::Record(id.parse().ok()?),
        (DimensionKind::Choice(_) | DimensionKind::Text, Json::String(text)) => Test::Is(text_literal(text)),
        (DimensionKind::Bool, Json::Bool(flag)) => Test::Is(flag.to_string()),
        (DimensionKind::Number, number) => Test::Is(number.as_i64()?.to_string()),
        (DimensionKind::Bands(bands), number) => Test::Is(bands.of(number.as_i64()?).to_string()),
        (DimensionKind::Date, number @ Json::Number(_)) if level.recurs() => {
            Test::Is(number.as_i64()?.to_string())
        }
        (DimensionKind::Date, Json::String(day)) if !level.recurs() => {
            let day: NaiveDate = day.parse().ok()?;
            Test::Is(level_sql(level, &format!("DATE '{day}'"), cut.calendar))
        }
        _ => return None,
    })
}
