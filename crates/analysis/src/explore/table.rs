//! The answer to a view as a table: members in rows, and columns for each measure, beside each other for the members across.

use super::view::View;
use engine::{Actor, Engine, Result};
use meta::Decimal;
use std::collections::HashMap;
use warehouse::semantic::{self, AnswerTable, Cell, Column, Interval, Line, Member, Model, Question, Sort};

/// Members across; of more only the first are shown.
pub const ACROSS_LIMIT: usize = 24;

/// What is said of a measure in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    Value,
    Compared,
    Change,
    Share,
    Running,
}

#[derive(Clone, Debug)]
pub struct Place {
    /// Of [`Table::groups`]; `None` is the total across, or the only one.
    pub group: Option<usize>,
    pub measure: usize,
    pub aspect: Aspect,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub members: Vec<Member>,
    /// One for each place.
    pub values: Vec<Option<Decimal>>,
    /// How sure the value at each place is, where it is a mean of answers.
    pub intervals: Vec<Option<Interval>>,
}

pub struct Table {
    /// As it was asked.
    pub answer: AnswerTable,
    /// Members across, one of each dimension there.
    pub groups: Vec<Vec<Member>>,
    pub more_groups: bool,
    pub places: Vec<Place>,
    pub rows: Vec<Row>,
    pub total: Row,
    /// Rows and members across that whoever takes the answer along may see but not export.
    pub left_behind: usize,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Look,
    /// In a file or a letter.
    TakeAlong,
}

impl Table {
    pub fn measure(&self, place: &Place) -> &Column {
        &self.answer.measures[place.measure]
    }
}

/// The answer as the actor may see it, or take it along.
pub async fn table(
    engine: &Engine,
    actor: &Actor,
    view: &View,
    model: &Model,
    purpose: Purpose,
) -> Result<Table> {
    let question = view.asked(model);
    let takes_along = purpose == Purpose::TakeAlong;
    let mut left_behind = 0;
    if view.across == 0 {
        let mut answer = semantic::ask(engine, actor, &question).await?;
        if takes_along {
            left_behind = semantic::leave_behind(engine, actor, model, &question, &mut answer).await?;
        }
        return Ok(Table { left_behind, ..flat(answer) });
    }
    let (rows, columns) = (view.rows().len(), view.columns().to_vec());
    let question = Question { sort: order(view, &question), ..question };
    let beside = Question { cuts: question.cuts[..rows].to_vec(), ..question.clone() };
    let above = Question {
        cuts: columns.clone(),
        top: if rows == 0 { question.top } else { None },
        sort: question.sort.clone().filter(|sort| columns.iter().any(|cut| cut.dimension == sort.by)),
        share: false,
        running: false,
        ..question.clone()
    };
    let beside = Question { top: if rows == 0 { None } else { beside.top }, ..beside };
    let asked = [&question, &beside, &above];
    let [inner, mut rows_beside, mut groups_above] = semantic::ask_together(engine, actor, asked).await?;
    if takes_along {
        // Nothing of what is left inside stands in a row or a column that is gone.
        for (question, answer) in [(&beside, &mut rows_beside), (&above, &mut groups_above)] {
            left_behind += semantic::leave_behind(engine, actor, model, question, answer).await?;
        }
    }
    Ok(Table { left_behind, ..crossed(inner, rows_beside, groups_above, rows) })
}

/// Running totals run in the order of the rows.
fn order(view: &View, question: &Question) -> Option<Sort> {
    match view.rows().first() {
        Some(first) if question.running => Some(Sort { by: first.dimension.clone(), descending: false }),
        _ => question.sort.clone(),
    }
}

fn aspects(answer: &AnswerTable, measure: &Column) -> Vec<Aspect> {
    let mut found = vec![Aspect::Value];
    if answer.compared_period.is_some() {
        found.extend([Aspect::Compared, Aspect::Change]);
    }
    let any = |of: fn(&Cell) -> bool| answer.rows.iter().flat_map(|line| &line.cells).any(of);
    if measure.additive && any(|cell| cell.share.is_some()) {
        found.push(Aspect::Share);
    }
    if measure.additive && any(|cell| cell.running.is_some()) {
        found.push(Aspect::Running);
    }
    found
}

fn places(answer: &AnswerTable, group: Option<usize>) -> Vec<Place> {
    let of = |(measure, column)| {
        aspects(answer, column).into_iter().map(move |aspect| Place { group, measure, aspect })
    };
    answer.measures.iter().enumerate().flat_map(of).collect()
}

fn value(cell: Option<&Cell>, unit: &str, aspect: Aspect) -> Option<Decimal> {
    let cell = cell?;
    match aspect {
        Aspect::Value => cell.value,
        Aspect::Compared => cell.compared,
        Aspect::Share => cell.share,
        Aspect::Running => cell.running,
        Aspect::Change => {
            let (now, then) = (cell.value?, cell.compared?);
            if unit == "share" {
                return Some(now - then);
            }
            (!then.is_zero()).then(|| (now - then).checked_div(then.abs())).flatten().map(|by| by.round_dp(6))
        }
    }
}

fn interval(cell: Option<&Cell>, place: &Place) -> Option<Interval> {
    cell.filter(|_| place.aspect == Aspect::Value)?.interval
}

/// The whole is all of itself.
fn of_total(cell: Option<&Cell>, measure: &Column, aspect: Aspect) -> Option<Decimal> {
    match aspect {
        Aspect::Share if measure.additive => cell.and_then(|cell| cell.value).map(|_| Decimal::ONE),
        _ => value(cell, measure.unit, aspect),
    }
}

fn flat(answer: AnswerTable) -> Table {
    let places = places(&answer, None);
    let unit = |place: &Place| answer.measures[place.measure].unit;
    let of = |line: &Line| Row {
        members: line.members.clone(),
        values: places.iter().map(|p| value(line.cells.get(p.measure), unit(p), p.aspect)).collect(),
        intervals: places.iter().map(|p| interval(line.cells.get(p.measure), p)).collect(),
    };
    let rows = answer.rows.iter().map(of).collect();
    let total = |p: &Place| of_total(answer.total.get(p.measure), &answer.measures[p.measure], p.aspect);
    let total = Row {
        members: vec![],
        values: places.iter().map(total).collect(),
        intervals: places.iter().map(|p| interval(answer.total.get(p.measure), p)).collect(),
    };
    Table { groups: vec![], more_groups: false, places, rows, total, left_behind: 0, answer }
}

fn codes(members: &[Member]) -> Vec<String> {
    members.iter().map(|member| member.code.clone()).collect()
}

/// `rows` of the dimensions stand in rows, the others across; totals were asked for themselves, because not everything adds up.
fn crossed(inner: AnswerTable, beside: AnswerTable, above: AnswerTable, rows_of: usize) -> Table {
    let groups: Vec<Vec<Member>> =
        above.rows.iter().take(ACROSS_LIMIT).map(|line| line.members.clone()).collect();
    let more_groups = above.rows.len() > ACROSS_LIMIT;
    let mut all: Vec<Place> = vec![];
    for group in 0..groups.len() {
        all.extend(places(&inner, Some(group)));
    }
    all.extend(places(&beside, None));
    let cells: HashMap<Vec<String>, &Line> =
        inner.rows.iter().map(|line| (codes(&line.members), line)).collect();
    let unit = |place: &Place| inner.measures[place.measure].unit;
    // Without anything in rows there is one row: the total below.
    let lines: &[Line] = if rows_of == 0 { &[] } else { &beside.rows };
    let rows = lines.iter().map(|line| {
        let found = |place: &Place| match place.group {
            None => line.cells.get(place.measure),
            Some(group) => {
                let key = [codes(&line.members), codes(&groups[group])].concat();
                cells.get(&key).and_then(|line| line.cells.get(place.measure))
            }
        };
        Row {
            members: line.members.clone(),
            values: all.iter().map(|place| value(found(place), unit(place), place.aspect)).collect(),
            intervals: all.iter().map(|place| interval(found(place), place)).collect(),
        }
    });
    let rows = rows.collect();
    let total = all
        .iter()
        .map(|place| {
            let column = &inner.measures[place.measure];
            match place.group {
                None => of_total(beside.total.get(place.measure), column, place.aspect),
                Some(group) => {
                    let found = above.rows.get(group).and_then(|line| line.cells.get(place.measure));
                    match place.aspect {
                        Aspect::Share => {
                            let whole = inner.total.get(place.measure).and_then(|cell| cell.value);
                            let part = found.and_then(|cell| cell.value);
                            part.zip(whole)
                                .and_then(|(part, whole)| part.checked_div(whole))
                                .map(|s| s.round_dp(6))
                        }
                        aspect => value(found, column.unit, aspect),
                    }
                }
            }
        })
        .collect();
    let in_total = |place: &Place| match place.group {
        None => beside.total.get(place.measure),
        Some(group) => above.rows.get(group).and_then(|line| line.cells.get(place.measure)),
    };
    let intervals = all.iter().map(|place| interval(in_total(place), place)).collect();
    let total = Row { members: vec![], values: total, intervals };
    let more = inner.more || beside.more;
    let answer = AnswerTable { more, ..inner };
    Table { groups, more_groups, places: all, rows, total, left_behind: 0, answer }
}
