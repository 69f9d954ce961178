//! A forecast by weeks, months or quarters: one row and one point of the chart a period. What is forecast of the periods sums to what
//! is forecast of the weeks; a period that has begun holds what was sold in it, too.

use super::Words;
use crate::mining::forecast::{Found, Part, monday};
use meta::NaiveDate;
use mining::forecast::{Forecast, LEVEL, Sum, calendar::Slice, series::Period};
use serde_json::{Value as Json, json};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum View {
    Week,
    Month,
    Quarter,
}

impl View {
    pub const ALL: [View; 3] = [View::Week, View::Month, View::Quarter];

    /// Weeks, unless something else is asked for.
    pub fn asked(name: Option<&str>) -> Self {
        View::ALL.into_iter().find(|view| Some(view.name()) == name).unwrap_or(View::Week)
    }

    pub fn name(self) -> &'static str {
        match self {
            View::Week => "week",
            View::Month => "month",
            View::Quarter => "quarter",
        }
    }

    pub fn period(self) -> Period {
        match self {
            View::Week => Period::Week,
            View::Month => Period::Month,
            View::Quarter => Period::Quarter,
        }
    }

    /// Known periods drawn: two years of weeks, three of what is longer.
    fn drawn(self) -> usize {
        match self {
            View::Week => 104,
            View::Month => 36,
            View::Quarter => 12,
        }
    }
}

pub fn interval(words: &Words<'_>, low: f64, high: f64) -> String {
    let (low, high) = (words.units(low), words.units(high));
    words.t("mining.interval", &[("level", &words.whole_percent(LEVEL)), ("lower", &low), ("upper", &high)])
}

pub fn range(words: &Words<'_>, Sum { low, high, .. }: Sum) -> String {
    words.t("mining.from_until", &[("lower", &words.units(low)), ("upper", &words.units(high))])
}

fn first_day(view: View, period: i32) -> NaiveDate {
    view.period().first_day(period).unwrap_or_default()
}

fn label(words: &Words<'_>, view: View, period: i32) -> String {
    let (year, quarter, month) = (period.div_euclid(12), period.rem_euclid(4) + 1, period.rem_euclid(12) + 1);
    match view {
        View::Week => words.date(first_day(view, period)),
        View::Month => {
            words.t("mining.period.month", &[("year", &year.to_string()), ("month", &format!("{month:02}"))])
        }
        View::Quarter => {
            let year = period.div_euclid(4).to_string();
            words.t("mining.period.quarter", &[("year", &year), ("quarter", &quarter.to_string())])
        }
    }
}

/// The period's name, and up to when it is told if that is not its end.
pub fn column(words: &Words<'_>, found: &Found, view: View, slice: &Slice) -> String {
    let name = label(words, view, slice.period);
    if slice.whole {
        return name;
    }
    let end = monday(found.first_week() + slice.weights.len() as i32).pred_opt().unwrap_or_default();
    words.t("mining.period.until", &[("name", &name), ("end", &words.date(end))])
}

/// What was sold by now in the period of a slice.
fn sold(part: &Part, view: View, slice: &Slice) -> f64 {
    let known = part.known(view.period());
    let place = usize::try_from(slice.period - known.start).ok();
    place.and_then(|place| known.values.get(place).copied()).unwrap_or(0.0)
}

/// What is told of a period, what was sold in it included. Of a week the interval is that of the chart, which never narrows.
fn together(part: &Part, told: &Forecast, view: View, (step, slice): (usize, &Slice)) -> Sum {
    if view == View::Week {
        let (low, high) = told.interval(step);
        return Sum { expected: told.points[step], low, high };
    }
    let (sold, Sum { expected, low, high }) = (sold(part, view, slice), told.over(&slice.weights));
    Sum { expected: sold + expected, low: sold + low, high: sold + high }
}

/// `rows [{name, sold|null, expected, together|null, interval}], total, total_interval`: what has been sold is a column unless periods are weeks.
pub fn table(words: &Words<'_>, found: &Found, part: &Part, told: &Forecast, view: View) -> Json {
    let begun = view != View::Week;
    let slices = found.slices(view.period());
    let row = |(step, slice): (usize, &Slice)| {
        let all = together(part, told, view, (step, slice));
        let expected = all.expected;
        let sold = if begun { sold(part, view, slice) } else { 0.0 };
        json!({
            "name": column(words, found, view, slice),
            "sold": (sold != 0.0).then(|| words.units(sold)),
            "expected": words.units(expected - sold),
            "together": begun.then(|| words.units(expected)),
            "interval": range(words, all),
        })
    };
    json!({
        "label": words.t(&format!("mining.view.{}", view.name()), &[]),
        "rows": slices.iter().enumerate().map(row).collect::<Vec<_>>(),
        "begun": begun,
        "total": words.units(told.points.iter().sum()),
        "total_interval": range(words, told.sum_of(told.points.len())),
    })
}

pub fn chart(words: &Words<'_>, found: &Found, part: &Part, told: &Forecast, view: View) -> Json {
    let mut known = part.known(view.period());
    // A period that is not told to its end would look like a fall.
    let ahead: Vec<Sum> = found
        .slices(view.period())
        .iter()
        .enumerate()
        .filter(|(_, slice)| slice.whole)
        .map(|slice| together(part, told, view, slice))
        .collect();
    // The running period is forecast, whether or not its end is.
    let running = view.period().of(monday(found.first_week()));
    known.values.truncate(usize::try_from(running - known.start).unwrap_or(0));
    let skipped = known.values.len().saturating_sub(view.drawn());
    let (first, known) = (known.start + skipped as i32, &known.values[skipped..]);
    let all = known.len() + ahead.len();
    let round = |value: f64| (value * 100.0).round() / 100.0;
    // The dashed line begins where the known one ends.
    let told_at = |at: usize, of: fn(&Sum) -> f64| match at.checked_sub(known.len()) {
        Some(step) => ahead.get(step).map(|sum| round(of(sum))),
        None => known.last().filter(|_| at + 1 == known.len()).map(|last| round(*last)),
    };
    let series = |of: fn(&Sum) -> f64| (0..all).map(|at| told_at(at, of)).collect::<Vec<_>>();
    json!({
        "categories": (0..all).map(|at| label(words, view, first + at as i32)).collect::<Vec<_>>(),
        "known": (0..all).map(|at| known.get(at).map(|value| round(*value))).collect::<Vec<_>>(),
        "forecast": series(|sum| sum.expected), "lower": series(|sum| sum.low), "upper": series(|sum| sum.high),
        "known_label": words.t("mining.known", &[]), "forecast_label": words.t("mining.forecast", &[]),
        "interval_label": words.t("mining.interval_label", &[("level", &words.whole_percent(LEVEL))]),
        "unit": "money", "currency": words.currency,
    })
}
