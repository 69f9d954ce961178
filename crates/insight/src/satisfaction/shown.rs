//! The trend and the groups as the page shows them: each figure with its interval and number of cases; where these are too few that is
//! said, and the simpler figure stands: a mean without an interval, how many promote us instead of a score.

use super::{
    ENTITY,
    heard::GroupShown,
    page::{Wanted, points},
    report::{Period, Report},
};
use crate::{
    kept::Kept,
    pages::{href, words::Words},
    settings::{date_of, day_number},
    statistics::RECENT_DAYS,
};
use meta::{Kind, NaiveDate};
use serde::Serialize;
use serde_json::{Value as Json, json};
use value::{proportion::Estimate, satisfaction::Nps};

/// Of fewer customers (of a single one, answers) nothing is claimed: the interval of a mean rests on its being nearly normal.
pub const FEW: u64 = 10;

/// A figure and what is to be known of it.
#[derive(Serialize)]
pub struct Judged {
    value: String,
    note: String,
}

#[derive(Serialize)]
struct PeriodRow {
    label: String,
    is_open: bool,
    answers: String,
    satisfaction: Judged,
    nps: Judged,
    attitude: Judged,
    loyalty: Judged,
    href: String,
}

#[derive(Serialize)]
struct GroupRow {
    label: String,
    answers: String,
    satisfaction: Judged,
    nps: Judged,
    attitude: Judged,
    loyalty: Judged,
    customers_href: String,
    answers_href: String,
}

/// What is to be known of a mean over customers: its interval, or that they are too few.
pub fn told(words: &Words<'_>, found: &Estimate, decimals: u32) -> String {
    if found.cases < FEW {
        return too_few(words, found.cases);
    }
    let [low, high] = [found.low, found.high].map(|number| words.fixed(number, decimals));
    let count = words.count(found.cases);
    words.t("satisfaction.interval_customers", &[("low", &low), ("high", &high), ("count", &count)])
}

/// Those that rest on enough customers for a claim.
pub fn enough(found: Option<Estimate>) -> Option<Estimate> {
    found.filter(|found| found.cases >= FEW)
}

pub fn promoters_enough(found: Option<Nps>) -> Option<Nps> {
    found.filter(|nps| nps.respondents >= FEW)
}

/// That these customers are too few.
pub fn too_few(words: &Words<'_>, customers: u64) -> String {
    words.t("satisfaction.too_few", &[("count", &words.count(customers))])
}

/// As it is usually told: between −100 and 100, of those who answered.
fn in_points(nps: Nps) -> Estimate {
    let [at, low, high] = [nps.score, nps.low, nps.high].map(|share| 100.0 * share);
    Estimate { at, low, high, cases: nps.respondents }
}

/// How many of the answers promote us and how many warn others, where they are too few for a score.
pub fn promoters(words: &Words<'_>, nps: &Nps) -> String {
    let [promoters, detractors, count] =
        [nps.promoters, nps.detractors, nps.cases()].map(|count| words.count(count));
    let args = [("promoters", promoters.as_str()), ("detractors", &detractors), ("count", &count)];
    words.t("satisfaction.few_promoters", &args)
}

fn range(words: &Words<'_>, low: &str, high: &str, cases: u64) -> String {
    format!("{low} – {high}, n = {}", words.count(cases))
}

fn nothing() -> Judged {
    Judged { value: "–".to_owned(), note: String::new() }
}

/// `of_one` is the mean where a single customer is known.
fn judged(words: &Words<'_>, found: Option<Estimate>, of_one: Option<f64>, decimals: u32) -> Judged {
    if let Some(found) = enough(found) {
        let [at, low, high] = [found.at, found.low, found.high].map(|number| words.fixed(number, decimals));
        return Judged { value: at, note: range(words, &low, &high, found.cases) };
    }
    let few = found.map(|found| (found.at, found.cases)).or_else(|| Some((of_one?, 1)));
    few.map_or_else(nothing, |(at, cases)| Judged {
        value: words.fixed(at, decimals),
        note: too_few(words, cases),
    })
}

fn promoting(words: &Words<'_>, found: Option<Nps>) -> Judged {
    match (promoters_enough(found), found) {
        (Some(nps), _) => {
            let [at, low, high] = [nps.score, nps.low, nps.high].map(|share| points(words, share));
            Judged { value: at, note: range(words, &low, &high, nps.cases()) }
        }
        (None, Some(nps)) => Judged { note: promoters(words, &nps), ..nothing() },
        (None, None) => nothing(),
    }
}

/// Answers from one day to another.
fn answered(from: NaiveDate, until: NaiveDate) -> String {
    format!("asked_on >= \"{from}\" && asked_on <= \"{until}\"")
}

/// Answers of the last 52 weeks.
pub fn recent(as_of: NaiveDate) -> String {
    let after = date_of(day_number(as_of) - RECENT_DAYS);
    format!("asked_on > \"{after}\" && asked_on <= \"{as_of}\"")
}

pub fn trend(words: &Words<'_>, report: &Report, wanted: &Wanted) -> Json {
    let by_month = wanted.by == "month";
    let periods = if by_month { &report.months } else { &report.quarters };
    let name = |period: &Period| match by_month {
        true => period.from_on.format("%Y-%m").to_string(),
        false => period.from_on.format("%Y Q%q").to_string(),
    };
    let chart = |of: &dyn Fn(&Period) -> Option<Estimate>,
                 label: &str,
                 told: &str,
                 none: &str,
                 unit: &str,
                 decimals: i32| {
        let known: Vec<(&Period, Estimate)> =
            periods.iter().filter_map(|period| Some((period, enough(of(period))?))).collect();
        let title = match (known.first(), known.last()) {
            (Some((first, from)), Some((_, to))) if known.len() > 1 => {
                let change = match () {
                    () if to.low > from.high => "rises",
                    () if to.high < from.low => "falls",
                    () => "steady",
                };
                words.t(&format!("satisfaction.{told}_{change}"), &[("period", &name(first))])
            }
            _ => words.t(none, &[]),
        };
        let values = |of_found: &dyn Fn(Estimate) -> f64| -> Vec<Option<f64>> {
            let scale = 10_f64.powi(decimals);
            let rounded = |found| (of_found(found) * scale).round() / scale;
            periods.iter().map(|period| enough(of(period)).map(rounded)).collect()
        };
        json!({
            "title": title,
            "data": {
                "categories": periods.iter().map(name).collect::<Vec<_>>(),
                "known": values(&|found| found.at),
                "forecast": vec![None::<f64>; periods.len()],
                "lower": values(&|found| found.low),
                "upper": values(&|found| found.high),
                "known_label": words.t(label, &[]),
                "forecast_label": "",
                "interval_label": words.t("satisfaction.interval_label", &[]),
                "unit": unit,
                "near": true,
            },
        })
    };
    let charts = [
        chart(
            &|period| period.heard.satisfaction,
            "satisfaction.c",
            "c",
            "satisfaction.no_trend",
            "percent",
            3,
        ),
        chart(
            &|period| period.heard.nps.map(in_points),
            "satisfaction.nps",
            "nps",
            "satisfaction.no_nps_trend",
            "count",
            0,
        ),
        chart(
            &|period| period.loyalty,
            "satisfaction.index",
            "index",
            "satisfaction.no_index_trend",
            "count",
            1,
        ),
        chart(
            &|period| period.heard.attitude,
            "satisfaction.attitude",
            "attitude",
            "satisfaction.no_attitude_trend",
            "count",
            1,
        ),
    ];
    let row = |period: &Period| PeriodRow {
        label: name(period),
        is_open: period.is_open,
        answers: words.count(period.heard.answers),
        satisfaction: judged(words, period.heard.satisfaction, period.heard.satisfaction_of_one, 2),
        nps: promoting(words, period.heard.nps),
        attitude: judged(words, period.heard.attitude, period.heard.attitude_of_one, 1),
        loyalty: judged(words, period.loyalty, None, 1),
        href: href::sorted(ENTITY, &answered(period.from_on, period.until_on), "-asked_on"),
    };
    // The newest first, as tables are read.
    let rows: Vec<PeriodRow> = periods.iter().rev().map(row).collect();
    let other = if by_month { "quarter" } else { "month" };
    let group = web::encode(&wanted.group);
    json!({
        "by": if by_month { "month" } else { "quarter" },
        "other_href": format!("/value/satisfaction?by={other}&group={group}#trend"),
        "few": FEW.to_string(),
        "charts": charts,
        "rows": rows,
    })
}

pub fn groups(words: &Words<'_>, kept: &Kept<Report>, wanted: &Wanted) -> Json {
    let cuts = &kept.body.cuts;
    let Some((field, found)) = cuts.iter().find(|(field, _)| *field == wanted.group).or_else(|| cuts.first())
    else {
        return json!({ "few": FEW.to_string(), "options": [], "rows": [] });
    };
    let option = |(name, _): &(String, Vec<GroupShown>)| json!({ "value": name, "label": words.label(name), "selected": name == field });
    let recent = recent(kept.as_of);
    let is_number = words.field(field).is_some_and(|field| field.kind == Kind::Integer);
    let row = |group: &GroupShown| {
        let literal = match &group.value {
            None => "null".to_owned(),
            Some(number) if is_number => number.clone(),
            Some(text) => Json::from(text.as_str()).to_string(),
        };
        let label = match &group.value {
            None => words.t("satisfaction.no_value", &[]),
            Some(number) if is_number => words.t("satisfaction.number", &[("number", number)]),
            Some(value) => words.choice(field, value).0,
        };
        GroupRow {
            label,
            answers: words.count(group.heard.answers),
            satisfaction: judged(words, group.heard.satisfaction, group.heard.satisfaction_of_one, 2),
            nps: promoting(words, group.heard.nps),
            attitude: judged(words, group.heard.attitude, group.heard.attitude_of_one, 1),
            loyalty: judged(words, group.loyalty, group.loyalty_of_one, 1),
            customers_href: href::sorted(
                "account",
                &format!("{field} == {literal} && loyalty_index != null"),
                "loyalty_index",
            ),
            answers_href: href::sorted(
                ENTITY,
                &format!("account.{field} == {literal} && {recent}"),
                "-asked_on",
            ),
        }
    };
    json!({
        "few": FEW.to_string(),
        "options": cuts.iter().map(option).collect::<Vec<_>>(),
        "rows": found.iter().map(row).collect::<Vec<_>>(),
    })
}
