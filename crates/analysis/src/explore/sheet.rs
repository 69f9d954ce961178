//! A table in the reader's words, for the page, for files and for letters.

use super::{
    explained::range,
    table::{Aspect, Place, Row, Table},
    view::{View, written_within},
};
use crate::words::Words;
use meta::{Decimal, Value};
use serde::Serialize;
use warehouse::semantic::{Cut, Interval, Member, Question, Sort, Within};

/// Rows of a page; a file has all of them.
pub const ROWS_SHOWN: usize = 200;
/// Figures of a page that lead to what is behind them; in larger tables the rows' names do.
const LINKS_LIMIT: usize = 1_500;

#[derive(Serialize)]
pub struct Sheet {
    /// The groups across, each over its columns; empty without any.
    pub groups: Vec<Head>,
    pub dimensions: Vec<Head>,
    pub columns: Vec<Head>,
    pub rows: Vec<SheetRow>,
    pub total: Vec<Figure>,
    /// What is behind everything.
    pub total_href: String,
    /// Of all rows, if not all are shown.
    pub left_out: Option<String>,
    pub more_groups: Option<String>,
}

#[derive(Serialize)]
pub struct Head {
    pub label: String,
    pub span: usize,
    /// What the column means, on hover.
    pub definition: String,
    /// The measure it shows, where it is called by a member across.
    pub term: Option<String>,
    pub sort_href: Option<String>,
    pub sort: Option<&'static str>,
    /// Quieter: what is said beside a measure's value.
    pub aside: bool,
}

#[derive(Serialize)]
pub struct SheetRow {
    pub members: Vec<Name>,
    pub figures: Vec<Figure>,
    pub rest: bool,
}

#[derive(Serialize)]
pub struct Name {
    pub label: String,
    pub href: Option<String>,
}

#[derive(Serialize)]
pub struct Figure {
    pub text: String,
    /// Where it lies with 95 % confidence.
    pub range: Option<String>,
    pub href: Option<String>,
    pub tone: Option<&'static str>,
    /// The head of its column, for a phone.
    pub label: String,
}

/// What stands behind the figure where these members meet; nothing where one of them cannot be asked for.
pub fn behind(cuts: &[Cut], members: &[Member]) -> Option<Vec<Within>> {
    let known = members.iter().all(|member| !member.rest && !member.unknown);
    let one = |(cut, member): (&Cut, &Member)| Within {
        dimension: cut.dimension.clone(),
        level: cut.level,
        value: member.value.clone(),
    };
    known.then(|| cuts.iter().zip(members).map(one).collect())
}

pub fn cell_href(query: &str, members: &[Within]) -> String {
    let at: Vec<String> =
        members.iter().map(|member| format!("&a={}", web::encode(&written_within(member)))).collect();
    format!("{}/cell?{query}{}", super::PATH, at.concat())
}

pub fn title_of(place: &Place, table: &Table, words: &Words<'_>) -> String {
    match place.aspect {
        Aspect::Value => words.say(&table.measure(place).label),
        Aspect::Compared => words.t("explore.before", &[]),
        Aspect::Change => words.t("explore.change", &[]),
        Aspect::Share => words.t("explore.share", &[]),
        Aspect::Running => words.t("explore.running", &[]),
    }
}

pub fn group_label(table: &Table, group: Option<usize>, words: &Words<'_>) -> String {
    match group {
        Some(group) => {
            table.groups[group].iter().map(|member| words.say(&member.label)).collect::<Vec<_>>().join(" · ")
        }
        None => words.t("explore.total", &[]),
    }
}

pub fn text_of(value: Option<Decimal>, unit: &str, aspect: Aspect, words: &Words<'_>) -> String {
    match aspect {
        Aspect::Value | Aspect::Compared | Aspect::Running => words.figure(value, unit),
        Aspect::Change => words.change(value, unit),
        Aspect::Share => words.figure(value, "share"),
    }
}

fn tone(place: &Place, value: Option<Decimal>) -> Option<&'static str> {
    let value = value.filter(|value| place.aspect == Aspect::Change && !value.is_zero())?;
    Some(if value > Decimal::ZERO { "good" } else { "bad" })
}

pub fn sheet(view: &View, table: &Table, words: &Words<'_>) -> Sheet {
    let query = view.query();
    let linked =
        table.groups.is_empty() || table.rows.len().min(ROWS_SHOWN) * table.places.len() <= LINKS_LIMIT;
    let figure = |place: &Place, value: Option<Decimal>, sure: Option<Interval>, row: Option<&Row>| {
        let mut cuts = vec![];
        let mut members = vec![];
        if let Some(row) = row {
            cuts.extend_from_slice(view.rows());
            members.extend_from_slice(&row.members);
        }
        if let Some(group) = place.group {
            cuts.extend_from_slice(view.columns());
            members.extend_from_slice(&table.groups[group]);
        }
        let own = linked && value.is_some() && place.aspect == Aspect::Value && place.group.is_some();
        Figure {
            text: text_of(value, table.measure(place).unit, place.aspect, words),
            range: sure.map(|interval| range(words, table.measure(place), interval)),
            href: if own { behind(&cuts, &members).map(|at| cell_href(&query, &at)) } else { None },
            tone: tone(place, value),
            label: match place.group {
                group if place.aspect == Aspect::Value && !table.groups.is_empty() => {
                    group_label(table, group, words)
                }
                _ => title_of(place, table, words),
            },
        }
    };
    // The others cannot be asked for as one: each of them can.
    let question = Question { top: None, ..view.question.clone() };
    let all_of_them = View { question, ..view.clone() }.href();
    let rows = table.rows.iter().take(ROWS_SHOWN).map(|row| {
        let at = behind(view.rows(), &row.members).map(|at| cell_href(&query, &at));
        let rest = row.members.iter().any(|member| member.rest);
        let at = if rest { Some(all_of_them.clone()) } else { at };
        let name = |(index, member): (usize, &Member)| Name {
            label: words.say(&member.label),
            href: if index == 0 { at.clone() } else { None },
        };
        SheetRow {
            members: row.members.iter().enumerate().map(name).collect(),
            figures: table
                .places
                .iter()
                .zip(row.values.iter().zip(&row.intervals))
                .map(|(place, (value, sure))| figure(place, *value, *sure, Some(row)))
                .collect(),
            rest,
        }
    });
    let left_out = (table.rows.len() > ROWS_SHOWN).then(|| {
        let args = [("shown", words.count(ROWS_SHOWN)), ("rows", words.count(table.rows.len()))];
        words.t("explore.left_out", &args.each_ref().map(|(name, value)| (*name, value.as_str())))
    });
    Sheet {
        groups: groups(table, words),
        dimensions: dimensions(view, table, words),
        columns: table.places.iter().map(|place| head(view, table, place, words)).collect(),
        rows: rows.collect(),
        total: table
            .places
            .iter()
            .zip(table.total.values.iter().zip(&table.total.intervals))
            .map(|(place, (value, sure))| figure(place, *value, *sure, None))
            .collect(),
        total_href: cell_href(&query, &[]),
        left_out,
        more_groups: table
            .more_groups
            .then(|| words.t("explore.more_groups", &[("shown", &words.count(table.groups.len()))])),
    }
}

fn plain_head(label: String, span: usize) -> Head {
    Head { label, span, definition: String::new(), term: None, sort_href: None, sort: None, aside: false }
}

/// Whether each group across is one column, so that its name is the column's.
fn is_named_across(table: &Table) -> bool {
    !table.groups.is_empty() && table.places.len() == table.groups.len() + 1
}

fn groups(table: &Table, words: &Words<'_>) -> Vec<Head> {
    if table.groups.is_empty() || is_named_across(table) {
        return vec![];
    }
    let all = (0..table.groups.len()).map(Some).chain([None]);
    all.map(|group| {
        let span = table.places.iter().filter(|place| place.group == group).count();
        plain_head(group_label(table, group, words), span)
    })
    .collect()
}

fn dimensions(view: &View, table: &Table, words: &Words<'_>) -> Vec<Head> {
    let one = |(cut, label): (&Cut, &meta::Label)| {
        let level = cut.level.map(|level| words.say(&level.label()));
        let label = match level {
            Some(level) => format!("{} · {level}", words.say(label)),
            None => words.say(label),
        };
        Head {
            sort: sorted(view, &cut.dimension),
            sort_href: Some(sort_href(view, &cut.dimension, false)),
            ..plain_head(label, 1)
        }
    };
    view.rows().iter().zip(&table.answer.dimensions).map(one).collect()
}

fn head(view: &View, table: &Table, place: &Place, words: &Words<'_>) -> Head {
    let measure = table.measure(place);
    let own = place.aspect == Aspect::Value && place.group.is_none() && !view.rows().is_empty();
    Head {
        definition: match place.aspect {
            Aspect::Value => words.say(&measure.definition),
            Aspect::Compared => table
                .answer
                .compared_period
                .map(|span| format!("{} – {}", span.from, span.to))
                .unwrap_or_default(),
            _ => String::new(),
        },
        sort: if own { sorted(view, &measure.name) } else { None },
        sort_href: own.then(|| sort_href(view, &measure.name, true)),
        aside: place.aspect != Aspect::Value,
        term: is_named_across(table).then(|| words.say(&measure.label)),
        ..plain_head(
            match is_named_across(table) {
                true => group_label(table, place.group, words),
                false => title_of(place, table, words),
            },
            1,
        )
    }
}

fn sorted(view: &View, by: &str) -> Option<&'static str> {
    let sort = view.question.sort.as_ref().filter(|sort| sort.by == by)?;
    Some(if sort.descending { "descending" } else { "ascending" })
}

fn sort_href(view: &View, by: &str, first_down: bool) -> String {
    let descending = match &view.question.sort {
        Some(sort) if sort.by == by => !sort.descending,
        _ => first_down,
    };
    let mut view = view.clone();
    view.question.sort = Some(Sort { by: by.to_owned(), descending });
    view.href()
}

/// The heads of a table where nothing stands above them.
pub fn heads(view: &View, table: &Table, words: &Words<'_>) -> Vec<String> {
    let places = table.places.iter().map(|place| whole_title(table, place, words));
    dimensions(view, table, words).into_iter().map(|head| head.label).chain(places).collect()
}

fn whole_title(table: &Table, place: &Place, words: &Words<'_>) -> String {
    let title = match place.aspect {
        Aspect::Value => words.say(&table.measure(place).label),
        _ => format!("{} · {}", words.say(&table.measure(place).label), title_of(place, table, words)),
    };
    match place.group {
        None if table.groups.is_empty() => title,
        group => format!("{} · {title}", group_label(table, group, words)),
    }
}

/// What is said of rows that are left behind.
pub fn left_behind(table: &Table, words: &Words<'_>) -> Option<String> {
    let rows = words.count(table.left_behind);
    (table.left_behind > 0).then(|| words.t("explore.left_behind", &[("rows", &rows)]))
}

/// The whole table for a file: heads, and rows of values with the total last; below it, what is not in it. Beside what has an interval stand
/// the ends of its interval.
pub fn matrix(view: &View, table: &Table, words: &Words<'_>) -> (Vec<String>, Vec<Vec<Value>>) {
    let is_sampled =
        |place: &Place| place.aspect == Aspect::Value && table.measure(place).sure.has_interval();
    let mut heads: Vec<String> = dimensions(view, table, words).into_iter().map(|head| head.label).collect();
    for place in &table.places {
        let title = whole_title(table, place, words);
        heads.push(title.clone());
        if is_sampled(place) {
            let end = |key: &str| format!("{title} · {}", words.t(key, &[]));
            heads.extend([end("explore.interval_low"), end("explore.interval_high")]);
        }
    }
    let number =
        |value: Option<Decimal>| value.map_or(Value::Null, |value| Value::Decimal(value.normalize()));
    let name = |member: &Member| Value::from(words.say(&member.label).as_str());
    let numbers = |row: &Row| {
        let mut found = vec![];
        for (place, (value, sure)) in table.places.iter().zip(row.values.iter().zip(&row.intervals)) {
            found.push(number(*value));
            if is_sampled(place) {
                found.extend([number(sure.map(|sure| sure.low)), number(sure.map(|sure| sure.high))]);
            }
        }
        found
    };
    let row = |row: &Row| row.members.iter().map(name).chain(numbers(row)).collect();
    let mut rows: Vec<Vec<Value>> = table.rows.iter().map(row).collect();
    let mut total: Vec<Value> = vec![Value::Null; view.rows().len()];
    if let Some(first) = total.first_mut() {
        *first = Value::from(words.t("explore.total", &[]).as_str());
    }
    total.extend(numbers(&table.total));
    rows.push(total);
    if let Some(said) = left_behind(table, words) {
        let blank = heads.iter().skip(1).map(|_| Value::Null);
        rows.push([Value::from(said.as_str())].into_iter().chain(blank).collect());
    }
    (heads, rows)
}
