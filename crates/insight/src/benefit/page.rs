//! `/value/benefit`: before and after, side by side.

use super::{
    measure::{Measured, REPORT, Report},
    periods::Period,
};
use crate::{
    kept::{self, Kept},
    pages::{
        figure::{Definition, Explain},
        href, scope, setting,
        words::Words,
    },
    satisfaction,
    settings::{Settings, date_of, day_number},
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use axum::{Form, extract::State, response::Response};
use chrono::SecondsFormat;
use meta::{NaiveDate, Problem};
use minijinja::context;
use serde::{Deserialize, Serialize};
use web::{Answer, App, Session};

#[derive(Serialize)]
struct Compared {
    label: String,
    explain: Explain,
    before: String,
    /// 95 %, where the figure is an estimate.
    before_range: Option<String>,
    after: String,
    after_range: Option<String>,
    change: String,
    /// `good` or `bad`, where it is clear which is which and more than chance.
    tone: &'static str,
    /// What is missing, if something is.
    missing: String,
}

#[derive(Deserialize)]
pub struct Chosen {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    show(&app, &session, 200, None, None).await
}

async fn show(
    app: &App,
    session: &Session,
    status: u16,
    given: Option<Chosen>,
    error: Option<String>,
) -> Answer<Response> {
    scope::whole_company(session)?;
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app, lang: session.lang, format: session.format(), currency };
    let base = Period::load(engine).await?;
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    // Until the new base has been measured, the page has nothing to show of it.
    let kept = kept.filter(|kept| Some(kept.body.base) == base);
    let (from, to) = match (&given, base) {
        (Some(given), _) => (given.from.clone(), given.to.clone()),
        (None, Some(base)) => (base.from.to_string(), base.to.to_string()),
        (None, None) => (String::new(), String::new()),
    };
    let context = context! {
        from, to, error,
        can_set => session.actor.is_administrator(),
        chosen => base.is_some(),
        made_at => kept.as_ref().map(|kept| words.format.instant(kept.made_at)),
        as_of => kept.as_ref().map(|kept| words.date(kept.as_of)),
        columns => kept.as_ref().map(|kept| columns(&words, &kept.body)).unwrap_or_default(),
        rows => match &kept {
            Some(kept) => {
                let settings = Settings::load(engine).await?;
                rows(&Page { words: &words, settings: &settings, kept })
            }
            None => vec![],
        },
        missing => kept.as_ref().map(|kept| missing(&words, &kept.body)).unwrap_or_default(),
    };
    app.page_with(status, session, "insight/benefit.html", context)
}

pub async fn save(State(app): State<App>, session: Session, Form(chosen): Form<Chosen>) -> Answer<Response> {
    setting::for_administrators(&session, ("the base period", "基期"))?;
    let day = |text: &str| text.trim().parse::<NaiveDate>().ok();
    let (Some(from), Some(to)) = (day(&chosen.from), day(&chosen.to)) else {
        let wrong = if day(&chosen.from).is_none() { &chosen.from } else { &chosen.to };
        let text = Problem::NotADate { given: wrong.clone() }.message(session.lang);
        return show(&app, &session, 422, Some(chosen), Some(text)).await;
    };
    let as_of = Settings::load(app.engine()).await?.as_of_day(app.engine().clock());
    let base = Period { from, to };
    let saved = setting::save(&app, &session, "/value/benefit", "benefit.saved", move |tx| {
        Box::pin(async move { base.save(tx, as_of).await })
    });
    match saved.await? {
        Ok(answer) => Ok(answer),
        Err(wrong) => {
            show(&app, &session, 422, Some(chosen), Some(wrong.problem.message(session.lang))).await
        }
    }
}

/// Low and high, before and after.
type Ranges = (Option<(f64, f64)>, Option<(f64, f64)>);

/// Before and after of one figure; what is unknown is `None`.
struct Pair {
    key: &'static str,
    before: Option<f64>,
    after: Option<f64>,
    shown: fn(&Words<'_>, f64) -> String,
    /// Whether more is better; `None` if it depends.
    more_is_better: Option<bool>,
    /// The intervals of 95 %, where it is an estimate.
    ranges: Ranges,
    /// Whether the intervals are apart; `None` where there are none.
    is_clear: Option<bool>,
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn pairs(report: &Report) -> Vec<Pair> {
    let (before, after) = (&report.before, &report.after);
    let of = |get: fn(&Measured) -> Option<f64>| (get(before), get(after));
    let apart = |a: Option<(f64, f64)>, b: Option<(f64, f64)>| {
        let ((a_low, a_high), (b_low, b_high)) = a.zip(b)?;
        Some(a_high < b_low || b_high < a_low)
    };
    let money: fn(&Words<'_>, f64) -> String = |words, amount| words.whole_amount(amount as i64);
    let percent: fn(&Words<'_>, f64) -> String = |words, share| words.percent(share);
    let count: fn(&Words<'_>, f64) -> String = |words, number| words.fixed(number, 0);
    let one: fn(&Words<'_>, f64) -> String = |words, number| words.fixed(number, 1);
    let two: fn(&Words<'_>, f64) -> String = |words, number| words.fixed(number, 2);
    let points: fn(&Words<'_>, f64) -> String = |words, share| words.fixed(share * 100.0, 0);
    let pair =
        |key, (before, after): (Option<f64>, Option<f64>), shown, more_is_better, ranges: Option<Ranges>| {
            let ranges = ranges.unwrap_or_default();
            Pair { key, before, after, shown, more_is_better, ranges, is_clear: apart(ranges.0, ranges.1) }
        };
    let estimate = |found: &Option<value::proportion::Estimate>| found.map(|one| (one.low, one.high));
    vec![
        pair(
            "sales_per_rep",
            of(|one| (one.reps > 0).then(|| one.sales_of_reps as f64 / one.reps as f64)),
            money,
            Some(true),
            None,
        ),
        pair("sales", of(|one| Some((one.sales - one.returned) as f64)), money, Some(true), None),
        pair("margin", of(|one| ratio(one.margin, one.costed)), percent, Some(true), None),
        pair(
            "cost",
            of(|one| one.cost.and_then(|cost| ratio(cost, one.sales - one.returned))),
            percent,
            Some(false),
            None,
        ),
        pair("returns", of(|one| ratio(one.returned, one.sales)), percent, Some(false), None),
        pair("buyers", of(|one| Some(one.buyers as f64)), count, Some(true), None),
        pair("first_buyers", of(|one| Some(one.first_buyers as f64)), count, Some(true), None),
        pair(
            "retention",
            of(|one| one.retention.map(|found| found.at)),
            percent,
            Some(true),
            Some((estimate(&before.retention), estimate(&after.retention))),
        ),
        pair("contacts_per_order", of(|one| ratio(one.contacts as i64, one.orders as i64)), one, None, None),
        pair(
            "satisfaction",
            of(|one| one.satisfaction.map(|found| found.at)),
            two,
            Some(true),
            Some((estimate(&before.satisfaction), estimate(&after.satisfaction))),
        ),
        pair(
            "nps",
            of(|one| one.nps.map(|nps| nps.score)),
            points,
            Some(true),
            Some((before.nps.map(|nps| (nps.low, nps.high)), after.nps.map(|nps| (nps.low, nps.high)))),
        ),
        pair("answer_hours", of(|one| one.answer_hours), one, Some(false), None),
        // Opportunities that were won and lost are not recorded.
        pair("win_rate", (None, None), percent, Some(true), None),
    ]
}

/// What every row needs.
struct Page<'p> {
    words: &'p Words<'p>,
    settings: &'p Settings,
    kept: &'p Kept<Report>,
}

fn period(words: &Words<'_>, period: &Period) -> String {
    format!("{} – {}", words.date(period.from), words.date(period.to))
}

/// The two periods.
fn columns(words: &Words<'_>, report: &Report) -> Vec<Definition> {
    let column = |key: &str, of: &Period| {
        let label = format!("{} ({})", words.t(key, &[]), period(words, of));
        Definition::new(label, words.meaning(&format!("{key}.is"), &[]))
    };
    vec![column("benefit.before", &report.base), column("benefit.after", &report.latest)]
}

fn rows(page: &Page<'_>) -> Vec<Compared> {
    pairs(&page.kept.body).iter().map(|pair| compared(page, pair)).collect()
}

/// What a figure rests on in each period.
fn sample(key: &str, one: &Measured) -> (&'static str, u64) {
    match key {
        "retention" => ("benefit.n.bought_before", one.retention.map_or(0, |found| found.cases)),
        "satisfaction" => ("benefit.n.asked", one.satisfaction.map_or(0, |found| found.cases)),
        "nps" => {
            ("benefit.n.answers", one.nps.map_or(0, |nps| nps.promoters + nps.passives + nps.detractors))
        }
        "answer_hours" => ("benefit.n.answered", one.answered),
        "sales_per_rep" => ("benefit.n.reps", one.reps),
        "buyers" | "first_buyers" => ("benefit.n.buyers", one.buyers),
        _ => ("benefit.n.orders", one.orders),
    }
}

/// The records a figure of a period is made of.
fn records(key: &str, settings: &Settings, period: &Period) -> Option<String> {
    let instant = |day| settings.end_of(day).to_rfc3339_opts(SecondsFormat::Secs, true);
    let before = date_of(day_number(period.from) - 1);
    let within = |at: &str| format!("{at} >= '{}' && {at} < '{}'", instant(before), instant(period.to));
    let days = |on: &str| format!("{on} >= '{}' && {on} <= '{}'", period.from, period.to);
    let counting = |states: &[&str]| format!("status in ['{}']", states.join("', '"));
    Some(match key {
        "returns" => {
            let filter = format!("{} && {}", counting(&COUNTING_RETURNS), within("returned_at"));
            href::sorted("return", &filter, "-returned_at")
        }
        "first_buyers" => href::sorted("account", &days("first_order_on"), "-first_order_on"),
        "contacts_per_order" | "answer_hours" => {
            href::sorted("activity", &within("happened_at"), "-happened_at")
        }
        "satisfaction" | "nps" => href::sorted(satisfaction::ENTITY, &days("asked_on"), "-asked_on"),
        // Opportunities are not recorded.
        "win_rate" => return None,
        _ => {
            let filter = format!("{} && {}", counting(&COUNTING_ORDERS), within("ordered_at"));
            href::sorted("order", &filter, "-ordered_at")
        }
    })
}

fn explain(page: &Page<'_>, pair: &Pair) -> Explain {
    let (words, report) = (page.words, &page.kept.body);
    let mut explain =
        Explain::new(words.meaning(&format!("benefit.help.{}", pair.key), &[]), words.date(page.kept.as_of));
    for (key, of, one) in [("before", &report.base, &report.before), ("after", &report.latest, &report.after)]
    {
        let (what, cases) = sample(pair.key, one);
        let when = words.t(&format!("benefit.{key}"), &[]);
        explain = explain
            .input(when.clone(), period(words, of))
            .input(words.t(what, &[("period", &when)]), words.count(cases));
    }
    match records(pair.key, page.settings, &report.latest) {
        Some(href) => explain.source(href, words.t("benefit.records", &[])),
        None => explain,
    }
}

fn compared(page: &Page<'_>, pair: &Pair) -> Compared {
    let words = page.words;
    let range = |range: Option<(f64, f64)>| {
        range.map(|(low, high)| format!("{} – {}", (pair.shown)(words, low), (pair.shown)(words, high)))
    };
    let shown = |number: Option<f64>| number.map(|number| (pair.shown)(words, number)).unwrap_or_default();
    let change = pair.before.zip(pair.after);
    let relative = change.filter(|(before, _)| before.abs() > f64::EPSILON).map(|(before, after)| {
        let change = (after - before) / before.abs();
        let sign = if change < 0.0 { "−" } else { "+" };
        format!("{sign}{}", words.whole_percent(change.abs()))
    });
    let tone = match (change, pair.more_is_better, pair.is_clear) {
        (_, _, Some(false)) | (None, ..) | (_, None, _) => "",
        (Some((before, after)), ..) if before == after => "",
        (Some((before, after)), Some(more), _) => {
            if (after > before) == more {
                "good"
            } else {
                "bad"
            }
        }
    };
    let missing = match (pair.before, pair.after) {
        (Some(_), Some(_)) if pair.is_clear == Some(false) => words.t("benefit.not_clear", &[]),
        (Some(_), Some(_)) => String::new(),
        (None, None) => words.t(&format!("benefit.missing.{}", pair.key), &[]),
        (None, _) => words.t("benefit.not_before", &[]),
        (_, None) => words.t("benefit.not_after", &[]),
    };
    Compared {
        label: words.t(&format!("benefit.{}", pair.key), &[]),
        explain: explain(page, pair),
        before: shown(pair.before),
        before_range: range(pair.ranges.0),
        after: shown(pair.after),
        after_range: range(pair.ranges.1),
        change: relative.unwrap_or_default(),
        tone,
        missing,
    }
}

/// How far figures rest on all there was.
fn missing(words: &Words<'_>, report: &Report) -> Vec<String> {
    let mut notes = vec![words.t("benefit.no_experiment", &[])];
    for (key, one) in [("before", &report.before), ("after", &report.after)] {
        if one.asked > 0 {
            let (asked, answered) = (words.count(one.asked), words.count(one.answered));
            let period = words.t(&format!("benefit.{key}"), &[]);
            let args = [("period", period.as_str()), ("asked", &asked), ("answered", &answered)];
            notes.push(words.t("benefit.answered", &args));
        }
        if one.costed != one.sales - one.returned {
            let period = words.t(&format!("benefit.{key}"), &[]);
            notes.push(
                words.t("benefit.costed", &[("period", &period), ("amount", &words.amount(one.costed))]),
            );
        }
    }
    notes
}
