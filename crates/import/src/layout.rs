//! Which column of a file means what: recognised from the headers, corrected by the user, remembered for the source.

use crate::{FileProblem, Kind, Options, RowProblem, own::Own};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use engine::chrono_tz::Tz;
use meta::{Decimal, Entity, Value};
use std::{collections::HashMap, path::Path};
use tabular::{ColumnStyle, Format, ReadOptions, Row, Table, headers, headers::How, parse};

/// Rows read to learn how a column writes numbers and dates.
const SURVEY_ROWS: u64 = 50_000;
const FIRST_ROWS: usize = 1_000;

#[derive(Clone, Debug)]
pub struct Layout {
    pub kind: Kind,
    pub headers: Vec<String>,
    pub format: Format,
    /// Target of each column; `None` = left out.
    pub targets: Vec<Option<&'static str>>,
    pub styles: Vec<ColumnStyle>,
    /// Order numbers like C536379 mark cancellations here (in a file where all are so, they do not).
    pub cancellation_prefix: bool,
    /// Custom fields a column can mean, too.
    pub own: Vec<Own>,
    columns: HashMap<&'static str, usize>,
    zone: Tz,
}

pub fn read_options(kind: Kind, options: &Options) -> ReadOptions {
    ReadOptions { targets: kind.targets(), ..options.read.clone() }
}

/// Opens the file and decides on every column. Required columns are checked by [`Layout::check`].
pub fn layout(
    path: &Path,
    kind: Kind,
    options: &Options,
    zone: Tz,
    own: Vec<Own>,
) -> Result<Layout, FileProblem> {
    let read = read_options(kind, options);
    let mut table = tabular::open(path, &read)?;
    let targets = targets(kind, &table.headers, options, &own)?;
    let mut styles = tabular::style::survey(path, &read, SURVEY_ROWS)?;
    for style in &mut styles {
        style.day_first = options.day_first.unwrap_or(style.day_first);
    }
    let columns: HashMap<&'static str, usize> =
        targets.iter().enumerate().filter_map(|(column, target)| Some(((*target)?, column))).collect();
    let cancellation_prefix = match columns.get("order_number") {
        Some(column) => marks_cancellations(&mut table, *column)?,
        None => false,
    };
    let Table { headers, format, .. } = table;
    Ok(Layout { kind, headers, format, targets, styles, cancellation_prefix, own, columns, zone })
}

fn targets(
    kind: Kind,
    names: &[String],
    options: &Options,
    own: &[Own],
) -> Result<Vec<Option<&'static str>>, FileProblem> {
    let guesses = headers::recognise(names, kind.targets());
    let certain: Vec<bool> = guesses.iter().map(|guess| guess.how == Some(How::Exact)).collect();
    let mut targets: Vec<Option<&'static str>> = guesses.into_iter().map(|guess| guess.target).collect();
    // What a header says word for word goes before what it resembles.
    for column in (0..names.len()).filter(|column| !certain[*column]) {
        let own = own.iter().find(|own| own.is_called(&names[column]));
        if let Some(own) = own.filter(|own| !targets.contains(&Some(own.key))) {
            targets[column] = Some(own.key);
        }
    }
    let keys = || kind.targets().iter().map(|target| target.key).chain(own.iter().map(|own| own.key));
    for (header, wanted) in &options.mapping {
        let Some(column) = names.iter().position(|name| name == header) else {
            // A mapping saved for a source outlives columns that come and go.
            continue;
        };
        if wanted.is_empty() {
            targets[column] = None;
            continue;
        }
        let target = keys().find(|key| key == wanted).ok_or_else(|| {
            let keys: Vec<&str> = keys().collect();
            FileProblem::refused(
                format!("a column cannot be mapped to “{wanted}”: use one of {}", keys.join(", ")),
                format!("列不能对应到“{wanted}”，可用：{}", keys.join("、")),
            )
        })?;
        for other in &mut targets {
            if *other == Some(target) {
                *other = None;
            }
        }
        targets[column] = Some(target);
    }
    Ok(targets)
}

/// C and digits mark a cancellation only where other orders are numbered without it.
fn marks_cancellations(table: &mut Table, column: usize) -> Result<bool, FileProblem> {
    let (mut marked, mut seen) = (0, 0);
    for row in table.by_ref().take(FIRST_ROWS) {
        seen += 1;
        marked += usize::from(is_marked(row?.get(column).trim()));
    }
    Ok(marked * 2 <= seen)
}

/// C with nothing but digits behind it.
pub(crate) fn is_marked(number: &str) -> bool {
    let digits = number.strip_prefix(['C', 'c']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Layout {
    /// What the user must still map.
    pub fn missing(&self) -> Vec<&'static [&'static str]> {
        let mapped = |group: &&[&str]| !group.iter().any(|key| self.columns.contains_key(key));
        self.kind.required().iter().copied().filter(mapped).collect()
    }

    pub fn check(&self) -> Result<(), FileProblem> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        let groups: Vec<String> = missing.iter().map(|group| group.join("|")).collect();
        let headers = self.headers.join(", ");
        Err(FileProblem::refused(
            format!(
                "no column was recognised as {}: say which it is with --mapping \"COLUMN={}\" (or on the import page); the file has: {headers}",
                groups.join(" and "),
                missing[0][0],
            ),
            format!(
                "没有认出 {} 列：请用 --mapping \"列名={}\" 指定（或在导入页面选择）；文件中的列：{headers}",
                groups.join("、"),
                missing[0][0],
            ),
        ))
    }

    pub fn has(&self, target: &str) -> bool {
        self.columns.contains_key(target)
    }
    pub fn header(&self, target: &str) -> &str {
        self.columns.get(target).and_then(|column| self.headers.get(*column)).map_or("", String::as_str)
    }
    fn cell<'r>(&self, row: &'r Row, target: &str) -> Option<(&'r str, &ColumnStyle)> {
        let column = *self.columns.get(target)?;
        Some((row.get(column), self.styles.get(column)?))
    }

    fn read<T>(
        &self,
        row: &Row,
        target: &str,
        read: impl Fn(&str, &ColumnStyle) -> Result<Option<T>, tabular::CellError>,
    ) -> Result<Option<T>, RowProblem> {
        let Some((cell, style)) = self.cell(row, target) else { return Ok(None) };
        read(cell, style).map_err(|error| RowProblem::cell(self.header(target), &error))
    }

    pub fn text(&self, row: &Row, target: &str) -> Result<Option<String>, RowProblem> {
        self.read(row, target, |cell, _| parse::text(cell))
    }
    pub fn identifier(&self, row: &Row, target: &str) -> Result<Option<String>, RowProblem> {
        self.read(row, target, parse::identifier)
    }
    pub fn decimal(&self, row: &Row, target: &str) -> Result<Option<Decimal>, RowProblem> {
        self.read(row, target, parse::decimal)
    }
    pub fn date(&self, row: &Row, target: &str) -> Result<Option<NaiveDate>, RowProblem> {
        self.read(row, target, parse::date)
    }

    /// A day without a time of day becomes its noon, so that it is that day for readers in other zones, too.
    pub fn instant(&self, row: &Row, target: &str) -> Result<Option<DateTime<Utc>>, RowProblem> {
        let moment = self.read(row, target, parse::moment)?;
        Ok(moment.map(|moment| match moment.offset {
            Some(offset) => moment.to_utc(offset),
            None if moment.has_time => in_zone(moment.local, self.zone),
            None => in_zone(moment.local + TimeDelta::hours(12), self.zone),
        }))
    }

    /// The inverse, for showing.
    pub fn shown(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone).naive_local();
        let is_day = local.time() == NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
        local.format(if is_day { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" }).to_string()
    }

    /// A value of `field`, checked as the engine will check it, so that the reason names the column.
    pub fn checked(
        &self,
        entity: &Entity,
        field: &str,
        target: &str,
        value: Value,
    ) -> Result<Value, RowProblem> {
        match entity.get(field) {
            Some(field) => {
                field.check(value).map_err(|problem| RowProblem::field(self.header(target), &problem))
            }
            None => Ok(value),
        }
    }
}

/// A time that a change of clocks skips is taken an hour later.
fn in_zone(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let known = zone.from_local_datetime(&local).earliest();
    known
        .or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest())
        .map_or_else(|| local.and_utc(), |at| at.to_utc())
}
