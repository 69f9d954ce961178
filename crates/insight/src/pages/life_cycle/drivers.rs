//! What goes with the break-up, each trait adjusted for the others: loaded after the page, since customers' traits are asked for first.

use super::{PATH, Wanted, begin, in_force, matrix, range};
use crate::{
    moves::{
        Asking,
        drivers::{Found, Line, MOST_CASES, Why},
        traits::Trait,
    },
    pages::{
        figure::{Definition, Explain, Finding, Input, Meaning},
        words::Words,
    },
    settings::date_of,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use minijinja::context;
use serde::Serialize;
use value::{logistic::CASES_PER_TRAIT, markov::Share};
use web::{Answer, App, Session};

#[derive(Serialize)]
struct Shown {
    name: String,
    actionable: bool,
    /// Who counts as having it: a number's threshold.
    threshold: String,
    with: String,
    with_href: String,
    rate_with: String,
    rate_without: String,
    /// The intervals of both.
    rate_ranges: String,
    odds: String,
    odds_range: String,
    change: String,
    change_range: String,
    /// Adjusted for nothing.
    simple: bool,
    verdict: String,
    tone: &'static str,
    now: String,
    now_href: String,
}

pub async fn fragment(
    State(app): State<App>,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let (words, settings) = begin(&app, &session).await?;
    let stored = in_force(&app).await?;
    let asking = Asking { engine: app.engine(), actor: &session.actor, settings: &settings, stored: &stored };
    let asked = crate::moves::Asked { by: None, ..wanted.asked() };
    let context = match asking.moved(&asked).await? {
        None => {
            let note = words.t("value.life.one_day", &[]);
            context! { notes => [note], lines => Vec::<Shown>::new(), active => (), concordance => (), adjusted => false }
        }
        Some(moved) => {
            let found = asking.drivers(&asked, &moved).await?;
            let page = Page { words: &words, found: &found, query: wanted.query() };
            let refreshed_at = words.format.instant(moved.refreshed_at);
            let (from_on, to_on) = (words.date(date_of(moved.from)), words.date(date_of(moved.to)));
            context! {
                lines => found.lines.iter().map(|line| page.line(line)).collect::<Vec<_>>(),
                actionable => page.traits(true),
                brought => page.traits(false),
                notes => page.notes(),
                concordance => page.concordance(&refreshed_at),
                inputs => page.inputs(&from_on, &to_on),
                source => matrix::source(&words, &wanted.filter),
                adjusted => found.concordance.is_some(),
                from_on, to_on, refreshed_at,
                active => words.count(found.active),
                cases => words.count(found.cases),
                lost => words.count(found.lost),
            }
        }
    };
    app.page(&session, "insight/life_drivers.html", context).map(IntoResponse::into_response)
}

struct Page<'a> {
    words: &'a Words<'a>,
    found: &'a Found,
    query: String,
}

impl Page<'_> {
    fn line(&self, line: &Line) -> Shown {
        let words = self.words;
        let share = |(of, lost): (u64, u64)| Share::of(lost, of);
        let rate = |of: (u64, u64)| share(of).map_or("–".to_owned(), |share| words.percent(share.share));
        let rate_range =
            |of: (u64, u64)| share(of).map_or("–".to_owned(), |share| range(words, share.low, share.high));
        let raises = line.raises();
        let (key, tone) = match (raises, line.adjusted) {
            (Some(true), _) => ("value.driver.more", "red"),
            (Some(false), _) => ("value.driver.less", "green"),
            (None, Ok(_)) => ("value.driver.unclear", "grey"),
            (None, Err(why)) => (why_key(why), "grey"),
        };
        let two = |number: f64| words.fixed(number, 2);
        let between = |low: f64, high: f64| format!("{}–{}", two(low), two(high));
        let points = |change: f64| {
            let sign = if change > 0.0 { "+" } else { "" };
            format!("{sign}{}", words.fixed(change * 100.0, 1))
        };
        let (odds, odds_range, change, change_range) = match (line.adjusted, &line.simple) {
            (Ok(effect), _) => (
                format!("× {}", two(effect.odds_ratio)),
                between(effect.low, effect.high),
                points(effect.change),
                format!("{} … {}", points(effect.change_low), points(effect.change_high)),
            ),
            (Err(_), Some(simple)) => (
                format!("× {}", two(simple.ratio)),
                between(simple.low, simple.high),
                "–".to_owned(),
                String::new(),
            ),
            _ => ("–".to_owned(), String::new(), "–".to_owned(), String::new()),
        };
        // The side on which more break up, as far as it is known: whom to look after now.
        let worse = match (raises, line.adjusted, &line.simple) {
            (Some(raises), _, _) => raises,
            (None, Ok(effect), _) => effect.odds_ratio > 1.0,
            (None, Err(_), Some(simple)) => simple.ratio > 1.0,
            _ => false,
        };
        let list = |has: bool, now: &str| {
            let of = web::encode(&line.what.address());
            format!("{PATH}/customers?{}&driver={of}&has={}{now}", self.query, u8::from(has))
        };
        Shown {
            name: name(words, &line.what),
            actionable: line.what.is_actionable(),
            threshold: threshold(words, line).unwrap_or_default(),
            with: words.count(line.with.0),
            with_href: list(true, ""),
            rate_with: rate(line.with),
            rate_without: rate(line.without),
            rate_ranges: format!("{} / {}", rate_range(line.with), rate_range(line.without)),
            odds,
            odds_range,
            change,
            change_range,
            simple: line.adjusted.is_err(),
            verdict: match line.adjusted {
                // Nothing is adjusted: both are said.
                Err(why) if raises.is_some() => {
                    format!("{} ({})", words.t(key, &[]), words.t(why_key(why), &[]))
                }
                _ => words.t(key, &[]),
            },
            tone,
            now: words.t(if worse { "value.driver.now_with" } else { "value.driver.now_without" }, &[]),
            now_href: list(worse, "&now=1"),
        }
    }

    /// What each trait means.
    fn traits(&self, actionable: bool) -> Vec<Definition> {
        let wanted = self.found.lines.iter().filter(|line| line.what.is_actionable() == actionable);
        let defined = |line: &Line| {
            Definition::new(name(self.words, &line.what), meaning(self.words, &line.what, self.found))
        };
        wanted.map(defined).collect()
    }

    /// What the comparison rests on.
    fn inputs(&self, from: &str, to: &str) -> Vec<Input> {
        let (words, found) = (self.words, self.found);
        let input = |key: &str, value: String| Input { label: words.t(key, &[]), value };
        vec![
            input("value.life.period_from", from.to_owned()),
            input("value.life.period_to", to.to_owned()),
            input("value.life.active", words.count(found.active)),
            input("value.driver.compared", words.count(found.cases)),
            input("value.life.lost", words.count(found.lost)),
        ]
    }

    /// How well all traits together tell who was lost.
    fn concordance(&self, at: &str) -> Option<Finding> {
        let (words, found) = (self.words, self.found);
        let share = words.percent(found.concordance?);
        let explain = Explain::new(words.meaning("value.driver.concordance_is", &[]), at)
            .input(words.t("value.driver.compared", &[]), words.count(found.cases))
            .input(words.t("value.life.lost", &[]), words.count(found.lost));
        Some(Finding { text: words.t("value.driver.concordance", &[("share", &share)]), explain })
    }

    fn notes(&self) -> Vec<String> {
        let (words, found) = (self.words, self.found);
        let mut notes = vec![];
        if found.concordance.is_none() {
            let stayed = found.cases - found.lost;
            notes.push(words.t(
                "value.driver.too_few",
                &[
                    ("lost", &words.count(found.lost)),
                    ("stayed", &words.count(stayed)),
                    ("need", &CASES_PER_TRAIT.to_string()),
                ],
            ));
        }
        if found.cases < found.active {
            let most = words.count(MOST_CASES as u64);
            let (cases, active) = (words.count(found.cases), words.count(found.active));
            notes.push(
                words.t("value.driver.sample", &[("cases", &cases), ("active", &active), ("most", &most)]),
            );
        }
        if !found.hidden.is_empty() {
            let comma = words.t("contract.comma", &[]);
            let names: Vec<String> = found.hidden.iter().map(|one| name(words, one)).collect();
            notes.push(words.t("value.driver.hidden", &[("traits", &names.join(&comma))]));
        }
        notes
    }
}

fn why_key(why: Why) -> &'static str {
    match why {
        Why::Few => "value.driver.few",
        Why::TooMany => "value.driver.too_many",
        Why::Follows => "value.driver.follows",
        Why::Separated => "value.driver.separated",
        Why::Same => "value.driver.same",
    }
}

/// A channel as it is called in orders.
fn channel(words: &Words<'_>, value: &str) -> String {
    let field = words.registry().entity("order").ok().and_then(|order| order.get("channel"));
    let choices = field.map(meta::Field::choices).unwrap_or_default();
    let choice = choices.iter().find(|choice| choice.value == value);
    choice.map_or_else(|| value.to_owned(), |choice| choice.label.get(words.lang).to_owned())
}

pub(super) fn name(words: &Words<'_>, what: &Trait) -> String {
    match what {
        Trait::Channel(value) => words.t("value.driver.channel", &[("channel", &channel(words, value))]),
        plain => words.t(&format!("value.driver.{}", plain.name()), &[]),
    }
}

fn meaning(words: &Words<'_>, what: &Trait, found: &Found) -> Meaning {
    let common = found.common_channel.as_deref().map(|value| channel(words, value)).unwrap_or_default();
    words.meaning(&format!("value.driver.{}_help", what.name()), &[("common", &common)])
}

/// From how much on a number counts as much, in its own unit; `None` for yes or no.
pub(super) fn threshold(words: &Words<'_>, line: &Line) -> Option<String> {
    let at = line.threshold;
    let days = |count: f64| words.t("value.driver.days", &[("count", &words.fixed(count, 0))]);
    Some(match line.what {
        Trait::Silence | Trait::Tenure => format!("≥ {}", days(at.exp2() - 1.0)),
        Trait::Orders => format!("≥ {}", words.fixed(at.exp2(), 0)),
        Trait::Amount => format!("≥ {}", words.units(at.exp2())),
        Trait::Discount => format!("≥ {}", words.percent(at / 10.0)),
        _ => return None,
    })
}
