//! `/value/benefit`: before and after, side by side.

use super::{
    chance::{Compared, Told},
    measure::{FEWEST_REPS, Measured, REPORT, Report},
    periods::Period,
    retention,
};
use crate::{
    facts::day_before,
    kept::{self, Kept},
    pages::{
        figure::{Definition, Explain},
        href::{self, Days},
        scope, setting,
        words::Words,
    },
    satisfaction,
    settings::Settings,
    statistics::COUNTING_ORDERS,
};
use axum::{Form, extract::State, response::Response};
use meta::{NaiveDate, Problem};
use minijinja::context;
use mining::effect::FEWEST_CUSTOMERS;
use serde::{Deserialize, Serialize};
use web::{Answer, App, Session};

#[derive(Serialize)]
struct Row {
    label: String,
    explain: Explain,
    before: Cell,
    after: Cell,
    change: Cell,
    /// `good` or `bad`, where it is clear which is which and more than chance.
    tone: &'static str,
    /// What cannot be said, if something cannot.
    note: String,
}

/// A number, empty where it is not known.
#[derive(Serialize, Default)]
struct Cell {
    text: String,
    /// Its interval of 95 %.
    range: Option<String>,
    /// The records it is made of.
    href: Option<String>,
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
        base => base.map(|base| base.told(&words)),
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

type Shown = fn(&Words<'_>, f64) -> String;

/// How a figure is told.
struct Manner {
    shown: Shown,
    change: Shown,
    /// What stands behind the change, if something does.
    unit: Option<&'static str>,
    /// Whether more is better; `None` if it depends.
    more_is_better: Option<bool>,
    /// What it takes too few of for an interval, and how many.
    fewest: (&'static str, u64),
}

fn manner(key: &str) -> Manner {
    let percent: Shown = |words, share| words.percent(share);
    let one: Shown = |words, number| words.fixed(number, 1);
    let two: Shown = |words, number| words.fixed(number, 2);
    let points: Shown = |words, share| words.fixed(share * 100.0, 0);
    let money: Shown = |words, amount| words.whole_amount(amount as i64);
    let whole: Shown = |words, number| words.fixed(number, 0);
    let percentage_points: Shown = |words, share| words.fixed(share * 100.0, 1);
    let (shown, change, more_is_better) = match key {
        "sales_per_rep" | "sales" => (money, percent, Some(true)),
        "buyers" | "first_buyers" => (whole, percent, Some(true)),
        "contacts_per_order" => (one, percent, None),
        "satisfaction" => (two, two, Some(true)),
        "nps" => (points, points, Some(true)),
        "answer_hours" => (one, one, Some(false)),
        "cost" | "returns" => (percent, percentage_points, Some(false)),
        _ => (percent, percentage_points, Some(true)),
    };
    let unit = match key {
        "margin" | "cost" | "returns" | "retention" | "win_rate" => Some("benefit.points"),
        _ => None,
    };
    let fewest = match key {
        "sales_per_rep" => ("benefit.few.reps", FEWEST_REPS),
        "satisfaction" | "nps" => ("benefit.few.answers", FEWEST_CUSTOMERS),
        "answer_hours" => ("benefit.few.waits", 0),
        _ => ("benefit.few.customers", FEWEST_CUSTOMERS),
    };
    Manner { shown, change, unit, more_is_better, fewest }
}

/// What every row needs.
struct Page<'p> {
    words: &'p Words<'p>,
    settings: &'p Settings,
    kept: &'p Kept<Report>,
}

/// The two periods.
fn columns(words: &Words<'_>, report: &Report) -> Vec<Definition> {
    let column = |key: &str, of: &Period| {
        let label = format!("{} ({})", words.t(key, &[]), of.told(words));
        Definition::new(label, words.meaning(&format!("{key}.is"), &[]))
    };
    vec![column("benefit.before", &report.base), column("benefit.after", &report.latest)]
}

fn rows(page: &Page<'_>) -> Vec<Row> {
    page.kept.body.figures.iter().map(|figure| row(page, figure)).collect()
}

/// What a figure rests on in each period.
fn samples(key: &str, one: &Measured) -> Vec<(&'static str, u64)> {
    let orders = ("benefit.n.orders", one.orders);
    let buyers = ("benefit.n.buyers", one.buyers);
    match key {
        "retention" => vec![("benefit.n.bought_before", one.retention.map_or(0, |found| found.cases))],
        "satisfaction" => vec![("benefit.n.asked", one.satisfaction.map_or(0, |found| found.cases))],
        "nps" => vec![
            ("benefit.n.answers", one.nps.map_or(0, |nps| nps.cases())),
            ("benefit.n.asked", one.nps.map_or(0, |nps| nps.respondents)),
        ],
        "answer_hours" => vec![("benefit.n.answered", one.answered)],
        "sales_per_rep" => vec![orders, ("benefit.n.reps", one.reps)],
        "first_buyers" => vec![buyers],
        // Nothing is recorded.
        "win_rate" => vec![],
        _ => vec![orders, buyers],
    }
}

/// The records a figure of a period is made of; the period by its name of [`retention::NAMES`], too.
fn records(key: &str, settings: &Settings, (name, period): (&str, &Period)) -> Option<String> {
    let days = Days { settings, after: day_before(period.from), until: period.to };
    let orders = |more: &str| {
        let filter =
            format!("status in ['{}'] && {}{more}", COUNTING_ORDERS.join("', '"), days.within("ordered_at"));
        href::sorted("order", &filter, "-ordered_at")
    };
    let contacts = |more: &str| {
        let filter = format!("account != null && done == true && {}{more}", days.within("happened_at"));
        href::sorted("activity", &filter, "-happened_at")
    };
    let answers = |more: &str| {
        let filter = format!("asked_on >= '{}' && asked_on <= '{}' && {more}", period.from, period.to);
        href::sorted(satisfaction::ENTITY, &filter, "-asked_on")
    };
    Some(match key {
        "sales_per_rep" => orders(" && owner != null"),
        "margin" => orders(" && margin_base != null"),
        "returns" => days.returns(""),
        "buyers" => days.orders(" && account != null"),
        "retention" => retention::address(name),
        "first_buyers" => days.first_buyers(""),
        "contacts_per_order" => contacts(" && !(kind in ['note', 'task'])"),
        "answer_hours" => contacts(" && direction != null"),
        "satisfaction" => answers("expected > 0 && perceived != null"),
        "nps" => answers("recommend != null"),
        // Opportunities are not recorded.
        "win_rate" => return None,
        _ => orders(""),
    })
}

fn explain(page: &Page<'_>, figure: &Compared) -> Explain {
    let (words, report) = (page.words, &page.kept.body);
    let mut explain = Explain::new(
        words.meaning(&format!("benefit.help.{}", figure.key), &[]),
        words.date(page.kept.as_of),
    );
    for (key, of, one) in [("before", &report.base, &report.before), ("after", &report.latest, &report.after)]
    {
        let when = words.t(&format!("benefit.{key}"), &[]);
        explain = explain.input(when.clone(), of.told(words));
        for (what, cases) in samples(&figure.key, one) {
            explain = explain.input(words.t(what, &[("period", &when)]), words.count(cases));
        }
    }
    explain
}

/// `+` or `−` before what is told without one.
fn signed(words: &Words<'_>, shown: Shown, number: f64) -> String {
    let sign = if number < 0.0 { "−" } else { "+" };
    format!("{sign}{}", shown(words, number.abs()))
}

fn row(page: &Page<'_>, figure: &Compared) -> Row {
    let (words, report, manner) = (page.words, &page.kept.body, manner(&figure.key));
    let cell = |told: Option<Told>, of: (&str, &Period)| {
        told.map_or_else(Cell::default, |told| Cell {
            text: (manner.shown)(words, told.at),
            range: told.range.map(|range| range.map(|end| (manner.shown)(words, end)).join(" – ")),
            href: records(&figure.key, page.settings, of),
        })
    };
    let change = figure.change.map_or_else(Cell::default, |told| {
        let number = signed(words, manner.change, told.at);
        Cell {
            text: manner.unit.map_or(number.clone(), |unit| words.t(unit, &[("number", &number)])),
            range: told.range.map(|range| range.map(|end| signed(words, manner.change, end)).join(" … ")),
            href: None,
        }
    });
    let tone = match (figure.change, manner.more_is_better) {
        (Some(change), Some(more)) if change.is_clear() => {
            if (change.at > 0.0) == more {
                "good"
            } else {
                "bad"
            }
        }
        _ => "",
    };
    let note = match (figure.before, figure.after, figure.change) {
        (None, None, _) => words.t(&format!("benefit.missing.{}", figure.key), &[]),
        (None, ..) => words.t("benefit.not_before", &[]),
        (_, None, _) => words.t("benefit.not_after", &[]),
        (.., None) => words.t("benefit.nothing_before", &[]),
        (.., Some(change)) if change.is_clear() => String::new(),
        (.., Some(Told { range: Some(_), .. })) => words.t("benefit.not_clear", &[]),
        (Some(before), Some(after), Some(Told { range: None, .. }))
            if is_nothing(&figure.key, before) || is_nothing(&figure.key, after) =>
        {
            words.t("benefit.few.none", &[])
        }
        (.., Some(Told { range: None, .. })) => {
            let (few, fewest) = manner.fewest;
            words.t(few, &[("fewest", &words.count(fewest))])
        }
    };
    let [before, after] = retention::NAMES;
    Row {
        label: words.t(&format!("benefit.{}", figure.key), &[]),
        explain: explain(page, figure),
        before: cell(figure.before, (before, &report.base)),
        after: cell(figure.after, (after, &report.latest)),
        change,
        tone,
        note,
    }
}

/// No spread tells how far from little it is. A margin of nothing, or no time to wait, is a figure as any other.
fn is_nothing(key: &str, told: Told) -> bool {
    !matches!(key, "margin" | "answer_hours") && told.range.is_none() && told.at.abs() < f64::EPSILON
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
