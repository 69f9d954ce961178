//! What the figures of an answer mean, beside them: definition, what they are worked out from, how many records that is, how sure
//! they are, and what is behind them. The words are those of the catalog.

use super::{
    table::{Aspect, Table},
    view::View,
};
use crate::words::Words;
use serde::Serialize;
use warehouse::semantic::{AnswerTable, Cell, Column, Counted, Interval, Span, Sure};
use web::figure::{Explain, Figure, Input, Meaning};

/// What stands beside a table or a chart (macro `definitions`).
#[derive(Default, Serialize)]
pub struct Defined {
    /// Keys of what is said beside a measure's value.
    keys: Vec<&'static str>,
    terms: Vec<Term>,
    inputs: Vec<Input>,
    source: Option<Source>,
}

#[derive(Serialize)]
struct Term {
    label: String,
    definition: String,
    formula: String,
    certainty: String,
}

#[derive(Serialize)]
struct Source {
    href: String,
    label: String,
}

/// The total of each measure; `source` is the address of what is behind it.
pub fn figures(words: &Words<'_>, answer: &AnswerTable, source: Option<&str>) -> Vec<Figure> {
    let one = |(column, cell): (&Column, &Cell)| {
        let change = match (cell.value, cell.compared) {
            (Some(now), Some(then)) if column.unit == "share" => Some(now - then),
            (Some(now), Some(then)) => (now - then).checked_div(then.abs()),
            _ => None,
        };
        let before = answer
            .compared_period
            .map(|_| words.t("explore.before_was", &[("value", &words.figure(cell.compared, column.unit))]));
        let sure = cell
            .interval
            .map(|interval| words.t("explore.interval", &[("range", &range(words, column, interval))]));
        let notes: Vec<String> = before.into_iter().chain(sure).collect();
        Figure {
            change: change.map(|change| words.change(Some(change), column.unit)),
            ..Figure::new(
                words.say(&column.label),
                words.figure(cell.value, column.unit),
                explain(words, answer, column, cell, source),
            )
        }
        .note(Some(notes.join(" · ")).filter(|note| !note.is_empty()))
        .tone(
            change
                .filter(|change| !change.is_zero())
                .map(|change| if change.is_sign_negative() { "bad" } else { "good" }),
        )
    };
    answer.measures.iter().zip(&answer.total).map(one).collect()
}

fn explain(
    words: &Words<'_>,
    answer: &AnswerTable,
    column: &Column,
    cell: &Cell,
    source: Option<&str>,
) -> Explain {
    let as_of = words.format.instant(answer.refreshed_at);
    let meaning =
        Meaning { definition: words.say(&column.definition), certainty: certainty(words, column, cell) };
    let mut explain = Explain::new(meaning, as_of).formula(&column.formula);
    for input in &column.inputs {
        explain = explain.input(words.say(&input.label), words.figure(input.value, input.unit));
    }
    explain.inputs.extend(taken_from(words, answer, Some(&column.facts)));
    match source {
        Some(href) => explain.source(href.to_owned(), words.t("explore.behind", &[])),
        None => explain,
    }
}

/// What an answer is of and what its columns mean, a heading and a text each: for files and letters, which leave the page behind. `within`
/// are the members it is narrowed to, by their names.
pub fn about(words: &Words<'_>, view: &View, table: &Table, within: &[String]) -> Vec<(String, String)> {
    let answer = &table.answer;
    let said = |key: &str, text: String| (!text.is_empty()).then(|| (words.t(key, &[]), text));
    let days =
        |span: Option<Span>| span.map(|span| format!("{} – {}", span.from, span.to)).unwrap_or_default();
    let of = [
        said("explore.within", within.join(" · ")),
        said("explore.condition", view.question.filter.clone()),
        said("explore.period", days(answer.period)),
        said("explore.before", days(answer.compared_period)),
        said("explore.as_of", words.format.instant(answer.refreshed_at)),
    ];
    let Defined { keys, terms, inputs, .. } = defined(words, table, String::new());
    let inputs = inputs.into_iter().map(|input| (input.label, input.value));
    let terms = terms.into_iter().map(|term| {
        let told = [term.definition, term.formula, term.certainty];
        (term.label, told.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · "))
    });
    let keys = keys.into_iter().map(|key| (words.t(key, &[]), words.t(&format!("{key}.is"), &[])));
    of.into_iter().flatten().chain(inputs).chain(terms).chain(keys).collect()
}

/// The facts, each with how many of its records are in the answer.
fn taken_from(words: &Words<'_>, answer: &AnswerTable, facts: Option<&[String]>) -> Vec<Input> {
    let of = answer.counted.iter().filter(|counted| facts.is_none_or(|facts| facts.contains(&counted.fact)));
    let one = |counted: &Counted| Input {
        label: words.t("explore.taken_from", &[("table", &words.say(&counted.table))]),
        value: counted_rows(words, counted),
    };
    of.map(one).collect()
}

pub fn counted_rows(words: &Words<'_>, counted: &Counted) -> String {
    let rows = words.count(usize::try_from(counted.rows.unwrap_or(0)).unwrap_or(0));
    words.t(&format!("explore.counted_{}", counted.fact), &[("rows", &rows)])
}

/// Sums and counts take everything there is; answers stand for more than themselves, and what is expected may come otherwise.
fn certainty(words: &Words<'_>, column: &Column, cell: &Cell) -> String {
    let told = |interval: Interval, key: &str| {
        let cases = words.count(usize::try_from(interval.cases).unwrap_or(usize::MAX));
        words.t(key, &[("range", &range(words, column, interval)), ("cases", &cases)])
    };
    match (column.sure, cell.interval) {
        (Sure::Exact, _) => words.t("sure.exact", &[]),
        (Sure::Answers, Some(interval)) => told(interval, "explore.sure"),
        (Sure::Answers, None) => words.t("explore.unsure", &[]),
        (Sure::Chances, Some(interval)) => told(interval, "explore.sure_chances"),
        (Sure::Chances, None) => words.t("explore.unsure_chances", &[]),
        (Sure::Worth, Some(interval)) => told(interval, "explore.sure_chances"),
        (Sure::Worth, None) => words.t("explore.unsure_worth", &[]),
        (Sure::Forecast, _) => words.t("explore.sure_forecast", &[]),
        (Sure::Extended, _) => words.t("sure.extended", &[]),
    }
}

/// `0.75 – 0.86`
pub fn range(words: &Words<'_>, column: &Column, interval: Interval) -> String {
    let [low, high] = [interval.low, interval.high].map(|end| words.figure(Some(end), column.unit));
    format!("{low} – {high}")
}

/// `source` is the address of everything behind the table.
pub fn defined(words: &Words<'_>, table: &Table, source: String) -> Defined {
    let answer = &table.answer;
    let keys = [
        (Aspect::Compared, "explore.before"),
        (Aspect::Change, "explore.change"),
        (Aspect::Share, "explore.share"),
        (Aspect::Running, "explore.running"),
    ];
    let shown = |aspect: Aspect| table.places.iter().any(|place| place.aspect == aspect);
    let term = |(column, cell): (&Column, &Cell)| Term {
        label: words.say(&column.label),
        definition: words.say(&column.definition),
        formula: column.formula.clone(),
        certainty: certainty(words, column, cell),
    };
    Defined {
        keys: keys.into_iter().filter(|(aspect, _)| shown(*aspect)).map(|(_, key)| key).collect(),
        terms: answer.measures.iter().zip(&answer.total).map(term).collect(),
        inputs: taken_from(words, answer, None),
        source: Some(Source { href: source, label: words.t("explore.behind", &[]) }),
    }
}
