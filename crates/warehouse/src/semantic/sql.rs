//! One fact's part of a question as one SELECT.

use super::within::Fixed;
use super::{
    calendar::CompanyCalendar,
    checked::{names, wrong},
    codes::Coded,
    dimension::{Above, Dimension, DimensionKind, LEVELS_UP, Level, TreeLevel},
    measure::Measure,
    period::{Shift, Span},
};
use crate::{
    history,
    lower::quoted,
    table::{Column, Table},
};
use engine::Result;
use meta::Bands;

/// Left joins from the fact to what it refers to, each made once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joins(Vec<Join>);

#[derive(Clone, Debug, PartialEq)]
struct Join {
    table: String,
    /// `key` or `id`, as `from` holds it.
    on: &'static str,
    from: String,
    /// Only what held on the day of the fact.
    on_day: bool,
    /// Not the records, but what is above those that refer to another by this column.
    parent: Option<String>,
}

impl Joins {
    /// The alias under which `table` is joined on this key.
    pub fn to(&mut self, table: &str, key: &str) -> String {
        self.by("key", table, key)
    }

    /// The same on the record's key or id.
    pub fn by(&mut self, on: &'static str, table: &str, from: &str) -> String {
        self.place(Join { table: table.to_owned(), on, from: from.to_owned(), on_day: false, parent: None })
    }

    /// The history of the customer with this key, as it was on the day of the fact: one row or none.
    pub fn on_day(&mut self, table: &str, key: &str) -> String {
        let (table, from) = (table.to_owned(), key.to_owned());
        self.place(Join { table, on: history::KEY, from, on_day: true, parent: None })
    }

    /// The record above the one with this key.
    fn above(&mut self, table: &str, Above { parent, level }: &Above, key: &str) -> String {
        let (table, from, parent) = (table.to_owned(), key.to_owned(), Some(parent.clone()));
        let alias = self.place(Join { table, on: "key", from, on_day: false, parent });
        let column = match level {
            TreeLevel::Top => "top",
            TreeLevel::BelowTop => "below_top",
        };
        format!("coalesce({alias}.\"{column}\", {key})")
    }

    fn place(&mut self, join: Join) -> String {
        let at = self.0.iter().position(|known| *known == join).unwrap_or_else(|| {
            self.0.push(join);
            self.0.len() - 1
        });
        format!("j{at}")
    }

    pub fn sql(&self) -> String {
        let join = |(at, Join { table, on, from, on_day, parent }): (usize, &Join)| {
            let day = format!(
                " AND j{at}.valid_from <= f.\"day\" AND (j{at}.valid_to IS NULL OR j{at}.valid_to > f.\"day\")"
            );
            let day = if *on_day { day.as_str() } else { "" };
            let table = parent.as_ref().map_or_else(|| quoted(table), |parent| above_sql(table, parent));
            format!(" LEFT JOIN {table} j{at} ON j{at}.\"{on}\" = {from}{day}")
        };
        self.0.iter().enumerate().map(join).collect()
    }
}

/// For each record that is below another, those at the top of its tree and right below it; step by step over nothing but such records.
fn above_sql(table: &str, parent: &str) -> String {
    let (table, parent) = (quoted(table), quoted(parent));
    let step =
        |at: usize| format!("(SELECT \"key\", {parent} AS up FROM {table} WHERE {parent} IS NOT NULL) p{at}");
    let further: Vec<String> = (2..=LEVELS_UP)
        .map(|at| format!(" LEFT JOIN {} ON p{at}.\"key\" = p{}.up", step(at), at - 1))
        .collect();
    let tops: Vec<String> = (1..=LEVELS_UP).rev().map(|at| format!("p{at}.up")).collect();
    let below: Vec<String> = (2..=LEVELS_UP)
        .rev()
        .map(|at| format!("CASE WHEN p{at}.up IS NOT NULL THEN p{}.up END", at - 1))
        .collect();
    format!(
        "(SELECT p1.\"key\", coalesce({}) AS \"top\", coalesce({}, p1.\"key\") AS \"below_top\" FROM {}{})",
        tops.join(", "),
        below.join(", "),
        step(1),
        further.concat()
    )
}

/// A dimension as it is cut by.
#[derive(Clone, Debug)]
pub(crate) struct Chosen<'m> {
    pub dimension: &'m Dimension,
    pub level: Option<Level>,
    pub calendar: CompanyCalendar,
}

impl Chosen<'_> {
    /// What rows are grouped by: a number, a text or a flag.
    pub fn sql(&self, joins: &mut Joins, shift: Option<Shift>) -> String {
        let mut from = "f".to_owned();
        let mut key = None;
        for step in &self.dimension.path {
            let on = format!("{from}.{}", quoted(&step.key));
            from = joins.to(&step.table, &on);
            key = Some(on);
        }
        if let (Some(beside), Some(key)) = (&self.dimension.beside, key) {
            from = if self.dimension.then { joins.on_day(beside, &key) } else { joins.to(beside, &key) };
        }
        let column = format!("{from}.{}", quoted(&self.dimension.column));
        match (&self.dimension.kind, self.level) {
            (DimensionKind::Date, level) => {
                let moved =
                    shift.filter(|_| self.is_time()).map_or(column.clone(), |shift| shift.sql(&column));
                level_sql(level.unwrap_or(Level::Day), &moved, self.calendar)
            }
            (DimensionKind::Bands(bands), _) => bands_sql(*bands, &column),
            (DimensionKind::Record { entity }, _) if let Some(above) = &self.dimension.above => {
                joins.above(entity, above, &column)
            }
            _ => column,
        }
    }

    /// A day of the fact itself or of its order, which a comparison moves; it is no other record's.
    fn is_time(&self) -> bool {
        !self.dimension.name.contains('.')
    }
}

/// The number each band is known by.
pub(super) fn bands_sql(bands: Bands, column: &str) -> String {
    let mut sql = "CASE".to_owned();
    for first in bands.0.iter().rev() {
        sql.push_str(&format!(" WHEN {column} >= {first} THEN {first}"));
    }
    let below = bands.of(i64::MIN);
    format!("CASE WHEN {column} IS NOT NULL THEN {sql} ELSE {below} END END")
}

/// A whole number for each member of a level.
pub(super) fn level_sql(level: Level, day: &str, calendar: CompanyCalendar) -> String {
    let number = format!("CAST({day} AS INT)");
    let since_monday = format!("((({number} + 3) % 7 + 7) % 7)");
    let part = |part: &str| format!("CAST(date_part('{part}', {day}) AS INT)");
    match level {
        Level::Year => part("year"),
        Level::Quarter => format!("({} * 10 + {})", part("year"), part("quarter")),
        Level::Month => format!("({} * 100 + {})", part("year"), part("month")),
        Level::Week => format!("({number} - {since_monday})"),
        Level::Day => number,
        Level::MonthOfYear => part("month"),
        Level::Weekday => format!("({since_monday} + 1)"),
        Level::FiscalYear => level_sql(Level::Year, &calendar.fiscal_sql(day), calendar),
        Level::FiscalQuarter => level_sql(Level::Quarter, &calendar.fiscal_sql(day), calendar),
        Level::DayKind => calendar.day_kind_sql(&number, &since_monday),
    }
}

/// Everything one fact is asked.
pub(crate) struct Select<'q> {
    pub fact: &'q Table,
    pub cuts: Vec<Chosen<'q>>,
    /// Of each cut, where its members come as numbers.
    pub coded: Vec<Option<Coded>>,
    pub measures: Vec<&'q Measure>,
    /// Different records as sets of keys, not only how many there are.
    pub key_sets: bool,
    /// Over `f` and the joins.
    pub filter: String,
    pub joins: Joins,
    pub span: Option<Span>,
    pub shift: Option<Shift>,
    /// Only these members of the first dimension, or all but these.
    pub only: Option<Only<'q>>,
    /// Only these members of further dimensions.
    pub within: Vec<Fixed<'q>>,
    pub first: Option<First>,
}

/// Only the rows with the largest (or smallest) values of the measure at this place, of equal ones those of the first members. Which of the
/// rows without a value are among them is not said.
pub(crate) struct First {
    pub measure: usize,
    pub descending: bool,
    pub rows: usize,
}

pub(crate) struct Only<'q> {
    pub cut: Chosen<'q>,
    /// SQL literals; an empty member is `NULL`.
    pub members: Vec<String>,
    pub others: bool,
}

impl Select<'_> {
    /// Fails where what is of whole documents would be told by their lines.
    pub fn sql(mut self) -> Result<String> {
        let mut columns: Vec<String> = vec![];
        for (at, (cut, coded)) in self.cuts.iter().zip(&self.coded).enumerate() {
            let member = match coded {
                Some(coded) => coded.sql.clone(),
                None => cut.sql(&mut self.joins, self.shift),
            };
            columns.push(format!("{member} AS d{at}"));
        }
        let mut conditions = vec![self.filter.clone()];
        if let Some(Span { from, to }) = self.span {
            conditions.push(format!("f.\"day\" BETWEEN DATE '{from}' AND DATE '{to}'"));
        }
        for fixed in &self.within {
            conditions.push(fixed.sql(&mut self.joins, self.shift));
        }
        if let Some(only) = &self.only {
            conditions.push(only.sql(&mut self.joins, self.shift));
        }
        conditions.retain(|condition| condition != "true");
        let from = format!(" FROM {} f{}", quoted(&self.fact.name), self.joins.sql());
        let first_line = self.fact.first_line().filter(|_| {
            let chosen = format!("{} {from} {}", columns.join(" "), conditions.join(" "));
            let tells_lines_apart =
                |column: &Column| !self.fact.is_of_head(column) && names(&chosen, &column.name);
            !self.fact.columns.iter().any(tells_lines_apart)
        });
        let first_line = first_line.map(|column| column.name.as_str());
        if let Some(measure) = self.measures.iter().find(|measure| measure.is_once_a_document())
            && first_line.is_none()
        {
            return Err(wrong(
                "cuts",
                format!(
                    "{} is told once a document: take out what tells its lines apart, like product or category",
                    measure.name
                ),
                format!("“{}”按整单记录，请去掉按行区分的维度和筛选（如产品、类别）", measure.label.zh),
            ));
        }
        for (at, measure) in self.measures.iter().enumerate() {
            columns.extend(
                measure.sql(self.fact, self.key_sets, first_line).map(|sql| format!("{sql} AS m{at}")),
            );
        }
        let mut sql = format!("SELECT {}{from}", columns.join(", "));
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        if !self.cuts.is_empty() {
            let places: Vec<String> = (1..=self.cuts.len()).map(|place| place.to_string()).collect();
            sql.push_str(&format!(" GROUP BY {}", places.join(", ")));
        }
        if let Some(First { measure, descending, rows }) = self.first {
            let direction = if descending { "DESC" } else { "ASC" };
            // A bare key is taken for a constant if all rows are of one; see `records`.
            sql = format!(
                "SELECT * FROM ({sql}) g ORDER BY g.m{measure} {direction} NULLS LAST, \
                 CASE WHEN g.m{measure} IS NOT NULL THEN g.d0 END ASC NULLS LAST LIMIT {rows}"
            );
        }
        Ok(sql)
    }
}

impl Only<'_> {
    fn sql(&self, joins: &mut Joins, shift: Option<Shift>) -> String {
        let column = self.cut.sql(joins, shift);
        let given: Vec<&str> =
            self.members.iter().map(String::as_str).filter(|member| *member != "NULL").collect();
        let mut parts = vec![];
        if !given.is_empty() {
            parts.push(format!("coalesce({column} IN ({}), false)", given.join(", ")));
        }
        if given.len() < self.members.len() {
            parts.push(format!("{column} IS NULL"));
        }
        let inside = if parts.is_empty() { "false".to_owned() } else { parts.join(" OR ") };
        if self.others { format!("NOT ({inside})") } else { format!("({inside})") }
    }
}
