//! From a figure to the records behind it: as a filter of their list where the list can say it.

use super::{
    Question, Within,
    ask::Ground,
    checked::Asked,
    dimension::{DimensionKind, Level},
    fields::in_cel,
    filter,
    period::Span,
};
use crate::table::{Column, ColumnKind, Source, Table};
use chrono::{Days, Months, NaiveDate, SecondsFormat, TimeZone};
use engine::{
    Actor, Engine, Result,
    condition::{self, Condition, Context},
};
use meta::{DateTime, Utc};
use serde_json::Value as Json;

/// The records a fact's rows come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    pub fact: String,
    /// Of which the list is; a fact's rows may be lines of these.
    pub entity: String,
    /// In the condition language, over that entity; nothing where its list cannot say what the question says.
    pub filter: Option<String>,
}

/// Where the records behind a question stand, for each of its facts.
pub async fn through(engine: &Engine, actor: &Actor, question: &Question) -> Result<Vec<Through>> {
    let zone = engine.time_zone().await?;
    let ground = Ground::of(engine, actor).await?;
    let asked = ground.asked(engine, actor, question)?;
    let mut found = vec![];
    for fact in asked.facts() {
        let Some(table) = asked.model.facts.get(fact) else { continue };
        let filter = Lists { asked: &asked, table, zone }.filter()?;
        found.push(Through { fact: fact.to_owned(), entity: table.head.clone(), filter });
    }
    Ok(found)
}

struct Lists<'a, Z> {
    asked: &'a Asked<'a>,
    table: &'a Table,
    zone: Z,
}

impl<Z: TimeZone> Lists<'_, Z> {
    fn filter(&self) -> Result<Option<String>> {
        // The rows are not the head's own: its list cannot say which.
        if self.table.beside.is_some() && !self.table.is_beside_one() {
            return Ok(None);
        }
        let Some(parts) = self.parts()? else { return Ok(None) };
        let text = parts.join(" && ");
        // The list has the last word on what can be said of its records.
        let entity = self.asked.engine.entity(&self.table.head)?;
        Ok(condition::parse(&text, entity, self.asked.engine.registry(), &self.context())
            .is_ok()
            .then_some(text))
    }

    fn context(&self) -> Context {
        Context { clock: self.asked.engine.clock().clone(), actor: self.asked.actor.clone() }
    }

    fn parts(&self) -> Result<Option<Vec<String>>> {
        let mut parts = vec![];
        if let Some((field, values)) = &self.table.only {
            let values: Vec<String> = values.iter().map(|value| text(value)).collect();
            parts.push(format!("{field} in [{}]", values.join(", ")));
        }
        if let Some(span) = self.asked.span {
            let Some(range) = self.days("day", span) else { return Ok(None) };
            parts.push(range);
        }
        for within in &self.asked.question.within {
            let Some(part) = self.member(within)? else { return Ok(None) };
            parts.push(part);
        }
        let filter = self.asked.question.filter.trim();
        if !filter.is_empty() {
            if !self.is_of_head(filter)? {
                return Ok(None);
            }
            parts.push(format!("({filter})"));
        }
        Ok(Some(parts))
    }

    /// The field of the head that a column of the fact is read from, as it is.
    fn of_head(&self, column: &str) -> Option<&str> {
        let column = self.table.column(column)?;
        let is_own = self.table.is_beside_one() && column.kind == ColumnKind::Key;
        let plain = matches!(column.source, Source::Own(_) | Source::Key(_)) && !is_own;
        let (entity, field) = column.origin.as_ref()?;
        (plain && *entity == self.table.head).then_some(field)
    }

    fn member(&self, within: &Within) -> Result<Option<String>> {
        let cut = within.cut();
        let dimension = self.asked.dimension("within", &self.table.name, &cut)?;
        let own = |column: &Column| matches!(column.source, Source::Day(_));
        let path = match dimension.path.as_slice() {
            // A list knows what is, not what was, and of a tree one step.
            _ if dimension.then || dimension.above.is_some() => None,
            [] if self.table.column(&dimension.column).is_some_and(own) => Some("day".to_owned()),
            [] => self.of_head(&dimension.column).map(in_cel),
            [own, rest @ ..] if self.table.is_beside_one() && own.table == self.table.head => {
                let attribute = in_cel(dimension.column.trim_end_matches("_key"));
                match rest {
                    [] => Some(attribute),
                    [step] => Some(format!("{}.{attribute}", in_cel(step.key.trim_end_matches("_key")))),
                    _ => None,
                }
            }
            [step] => self.of_head(&step.key).map(|reference| {
                let attribute = dimension.column.trim_end_matches("_key");
                format!("{}.{}", in_cel(reference), in_cel(attribute))
            }),
            _ => None,
        };
        let Some(path) = path else { return Ok(None) };
        Ok(match (&dimension.kind, &within.value) {
            (_, Json::Null) if path != "day" => Some(format!("{path} == null")),
            (DimensionKind::Date, Json::String(first)) => {
                let first = first.parse().ok();
                first.and_then(|first| span_of(within.level.unwrap_or(Level::Day), first)).and_then(|span| {
                    if path == "day" { self.days("day", span) } else { Some(dates(&path, span)) }
                })
            }
            (DimensionKind::Bands(bands), value) => value.as_i64().map(|number| match bands.range(number) {
                (Some(from), Some(next)) => format!("{path} >= {from} && {path} < {next}"),
                (Some(from), None) => format!("{path} >= {from}"),
                (None, Some(next)) => format!("{path} < {next}"),
                (None, None) => format!("{path} != null"),
            }),
            (DimensionKind::Date, _) | (_, Json::Null | Json::Array(_) | Json::Object(_)) => None,
            (_, Json::String(value)) => Some(format!("{path} == {}", text(value))),
            (_, value) => Some(format!("{path} == {value}")),
        })
    }

    /// Days of the company's calendar as moments of the field they are read from, or as the days it holds.
    fn days(&self, column: &str, span: Span) -> Option<String> {
        let column = self.table.column(column)?;
        let (_, at) = column.origin.as_ref()?;
        if !matches!(column.source, Source::Day(_)) {
            return Some(dates(at, span));
        }
        let moment = |day: NaiveDate| {
            let midnight = self.zone.from_local_datetime(&day.and_time(chrono::NaiveTime::MIN)).earliest()?;
            let midnight: DateTime<Utc> = midnight.with_timezone(&Utc);
            Some(midnight.to_rfc3339_opts(SecondsFormat::Secs, true))
        };
        let (from, until) = (moment(span.from)?, moment(span.to.succ_opt()?)?);
        Some(format!("{at} >= \"{from}\" && {at} < \"{until}\""))
    }

    /// Whether a filter speaks of the head alone, so that its list means the same by it.
    fn is_of_head(&self, text: &str) -> Result<bool> {
        let fact = filter::entity_of(self.asked.engine, self.asked.actor, self.table)?;
        let condition = condition::parse(text, &fact, self.asked.engine.registry(), &self.context())?;
        let mut names = vec![];
        collect(&condition, &mut names);
        Ok(names.iter().all(|name| {
            let column = self.table.column(&format!("{name}_key")).or_else(|| self.table.column(name));
            column.and_then(|column| self.of_head(&column.name)) == Some(name.as_str())
        }))
    }
}

/// The fields of the fact a condition starts from.
fn collect(condition: &Condition, names: &mut Vec<String>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(part, names)),
        Condition::Not(inner) => collect(inner, names),
        Condition::Compare { path, .. }
        | Condition::In { path, .. }
        | Condition::Empty { path }
        | Condition::Text { path, .. } => {
            names.push(path.through.as_ref().map_or(&path.field.name, |through| &through.reference).clone());
        }
        _ => {}
    }
}

fn text(value: &str) -> String {
    Json::from(value).to_string()
}

fn dates(path: &str, span: Span) -> String {
    format!("{path} >= \"{}\" && {path} <= \"{}\"", span.from, span.to)
}

/// The days of a member whose first day is known; none for what comes again every year or week.
fn span_of(level: Level, first: NaiveDate) -> Option<Span> {
    let months = |count: u32| first.checked_add_months(Months::new(count))?.pred_opt();
    let to = match level {
        Level::Year | Level::FiscalYear => months(12),
        Level::Quarter | Level::FiscalQuarter => months(3),
        Level::Month => months(1),
        Level::Week => first.checked_add_days(Days::new(6)),
        Level::Day => Some(first),
        Level::MonthOfYear | Level::Weekday | Level::DayKind => None,
    }?;
    Some(Span { from: first, to })
}
