//! What was found of contracts, in words, with the list behind each number.

use super::{
    compute::{Cohort, Point, Report, Standing},
    term::before,
};
use crate::{
    kept::Kept,
    pages::{
        explain::missing,
        figure::{Definition, Explain, Figure, Input},
        href,
        words::Words,
    },
};
use meta::NaiveDate;
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use value::{
    contractual::sbg::{Sbg, SbgFit},
    proportion::Estimate,
};

/// Renewals looked ahead.
pub(super) const AHEAD_MONTHS: u32 = 60;
/// Days within which a renewal is near.
const NEAR_DAYS: i64 = 30;
/// Years back for which the near renewals are looked for.
const YEARS: u32 = 12;
/// A bar of the last column that is no longer told apart by renewals.
const OLDEST: u32 = 12;

#[derive(Serialize)]
struct CohortLine {
    name: String,
    customers: String,
    running: String,
    /// The share and its interval after each renewal; empty where not all of them could be seen.
    kept: Vec<Option<Share>>,
    href: String,
}

#[derive(Serialize)]
struct Share {
    at: String,
    range: String,
}

#[derive(Serialize)]
struct StandingLine {
    name: String,
    customers: String,
    renews: String,
    range: String,
    further: String,
    further_range: String,
    href: String,
}

pub fn found(words: &Words<'_>, kept: &Kept<Report>) -> minijinja::Value {
    let page = Page { words, report: &kept.body, as_of: kept.as_of };
    page.context(&words.format.instant(kept.made_at))
}

pub(super) struct Page<'a> {
    pub(super) words: &'a Words<'a>,
    pub(super) report: &'a Report,
    pub(super) as_of: NaiveDate,
}

impl Page<'_> {
    fn context(&self, made_at: &str) -> minijinja::Value {
        let (words, report) = (self.words, self.report);
        if report.customers == 0 {
            return context! { none => true, left_out => self.left_out() };
        }
        let fit = report.renewing.fitted();
        context! {
            none => false,
            left_out => self.left_out(),
            sample => [Input { label: words.t("contract.contracts", &[]), value: words.count(report.customers) }],
            made => words.t("contract.made", &[
                ("customers", &words.count(report.customers)),
                ("as_of", &words.date(self.as_of)),
                ("at", made_at),
            ]),
            figures => self.figures(),
            near_href => self.near(),
            curve => self.curve(),
            curve_missing => report.curve.missing().map(|reason| missing(words, reason)),
            model => fit.map(|fit| self.model(fit)),
            model_missing => report.renewing.missing().map(|reason| missing(words, reason)),
            as_of => words.date(self.as_of),
            renewals => (1..=self.widest()).collect::<Vec<_>>(),
            renewal_columns => (1..=self.widest()).map(|n| self.renewal(n as u64)).collect::<Vec<_>>(),
            cohorts => report.cohorts.iter().rev().map(|cohort| self.cohort(cohort)).collect::<Vec<_>>(),
            standings => report.standings.iter().map(|one| self.standing(one, fit)).collect::<Vec<_>>(),
            hazards => report.hazards.compared.iter().map(|one| self.hazard(one)).collect::<Vec<_>>(),
            hazard_notes => self.hazard_notes(),
        }
    }

    /// Those that go on, as a condition.
    pub(super) fn running(&self) -> String {
        let (start, end) = (&self.report.definition.start, &self.report.definition.end);
        format!("{start} <= '{0}' && ({end} == null || {end} > '{0}')", self.as_of)
    }

    pub(super) fn list(&self, filter: &str) -> String {
        href::sorted("account", filter, "-net_sales")
    }

    fn renewal(&self, n: u64) -> Definition {
        let words = self.words;
        Definition::new(
            words.t("contract.after", &[("count", &words.count(n))]),
            words.meaning("contract.after.is", &[]),
        )
    }

    fn left_out(&self) -> Option<String> {
        let count = self.report.left_out;
        (count > 0).then(|| self.words.t("contract.left_out", &[("count", &self.words.count(count))]))
    }

    /// Contracts whose renewal is near; `None` if all are renewed monthly.
    fn near(&self) -> Option<String> {
        let (definition, as_of) = (&self.report.definition, self.as_of);
        if definition.months == 1 {
            return None;
        }
        let until = as_of + chrono::Duration::days(NEAR_DAYS);
        let begun = |n: u32| {
            let (from, to) = (before(as_of, n * definition.months), before(until, n * definition.months));
            format!("{0} > '{from}' && {0} <= '{to}'", definition.start)
        };
        let begun: Vec<String> = (1..=YEARS * 12 / definition.months).take(12).map(begun).collect();
        let near: Vec<String> = begun.iter().map(|one| format!("({one})")).collect();
        Some(self.list(&format!("{} && ({})", self.running(), near.join(" || "))))
    }

    fn figures(&self) -> Vec<Figure> {
        let (words, report) = (self.words, self.report);
        let as_of = words.date(self.as_of);
        let explain =
            |key: &str| Explain::new(words.meaning(&format!("contract.help.{key}"), &[]), as_of.clone());
        let figure = |key: &str, value: String, explain: Explain| {
            Figure::new(words.t(&format!("contract.figure.{key}"), &[]), value, explain)
        };
        let going_on = report.customers - report.ended;
        let (start, end) = (&report.definition.start, &report.definition.end);
        let gone = format!("{start} != null && {end} <= '{}'", self.as_of);
        let ever = format!("{start} != null");
        let source = |explain: Explain, filter: &str, count: u64| {
            let label = words.t("value.these_customers", &[("count", &words.count(count))]);
            explain.source(self.list(filter), label)
        };
        let half = match (report.median_months, report.curve.fitted()) {
            (Some(months), curve) => (self.months(months), curve.map(|curve| self.half_range(curve))),
            (None, Some(_)) => (String::new(), Some(words.t("contract.more_than_half", &[]))),
            (None, None) => (String::new(), report.curve.missing().map(|reason| missing(words, reason))),
        };
        let fit = report.renewing.fitted();
        let reason = report.renewing.missing().map(|reason| missing(words, reason));
        let chance = |n: u32| fit.map(|fit| self.chance(fit, |model| model.retention(n)));
        let mut first = figure(
            "first",
            chance(1).map(|(at, _)| at).unwrap_or_default(),
            self.of_model(
                source(explain("first").formula("r(1) = b / (a + b)"), &ever, report.customers),
                fit,
            ),
        );
        first.note = chance(1).map(|(_, range)| range).or_else(|| reason.clone());
        let further = fit.and_then(|fit| self.further_of_all(fit));
        let mut ahead = figure(
            "further",
            further.as_ref().map(|(at, _)| at.clone()).unwrap_or_default(),
            self.of_model(
                source(explain("further").formula("Σ S(n+t) / S(n), t = 1…h"), &self.running(), going_on),
                fit,
            )
            .input(words.t("contract.ahead", &[]), self.months(f64::from(AHEAD_MONTHS))),
        );
        ahead.note = further.map(|(_, range)| range).or(reason);
        vec![
            figure("running", words.count(going_on), source(explain("running"), &self.running(), going_on)),
            figure("ended", words.count(report.ended), source(explain("ended"), &gone, report.ended)),
            figure(
                "half",
                half.0,
                source(explain("half").formula("S(t) = Π (1 − d/n)"), &ever, report.customers),
            )
            .note(half.1),
            first,
            ahead,
        ]
    }

    pub(super) fn of_model(&self, explain: Explain, fit: Option<&SbgFit>) -> Explain {
        let Some(fit) = fit else { return explain };
        let Sbg { a, b } = fit.parameters;
        explain
            .input("a, b", format!("{}, {}", self.words.fixed(a, 3), self.words.fixed(b, 3)))
            .input(self.words.t("contract.figure.ended", &[]), self.words.count(fit.ended))
    }

    /// Where the band of the curve passes one half.
    fn half_range(&self, curve: &[Point]) -> String {
        let passes = |of: fn(&Point) -> f64| curve.iter().find(|point| of(point) <= 0.5);
        let month = |point: Option<&Point>| point.map_or("…".to_owned(), |point| point.months.to_string());
        let (from, to) = (month(passes(|point| point.low)), month(passes(|point| point.high)));
        self.words.t("contract.half_range", &[("from", &from), ("to", &to)])
    }

    pub(super) fn months(&self, months: f64) -> String {
        self.words.t("contract.months_long", &[("months", &self.words.fixed(months, 1))])
    }

    /// A probability by the model, and its 95 % interval.
    pub(super) fn chance(&self, fit: &SbgFit, of: impl Fn(&Sbg) -> f64) -> (String, String) {
        let at = self.words.percent(of(&fit.parameters));
        let range = fit.interval(of).map(|[low, high]| {
            self.range(self.words.percent(low.max(0.0)), self.words.percent(high.min(1.0)))
        });
        (at, range.unwrap_or_else(|| self.words.t("contract.no_interval", &[])))
    }

    /// A number of renewals by the model, and its 95 % interval.
    pub(super) fn number(&self, fit: &SbgFit, of: impl Fn(&Sbg) -> f64) -> (String, String) {
        let at = self.words.fixed(of(&fit.parameters), 2);
        let range = fit
            .interval(of)
            .map(|[low, high]| self.range(self.words.fixed(low.max(0.0), 2), self.words.fixed(high, 2)));
        (at, range.unwrap_or_else(|| self.words.t("contract.no_interval", &[])))
    }

    pub(super) fn range(&self, low: String, high: String) -> String {
        format!("{low} – {high}")
    }

    /// Renewals expected within [`AHEAD_MONTHS`] of somebody who has renewed so often.
    pub(super) fn further(&self, renewals: u32) -> impl Fn(&Sbg) -> f64 {
        move |model| self.periods_ahead(model, renewals, 0.0)
    }

    /// The same, each worth less by `discount` than the one before.
    pub(super) fn periods_ahead(&self, model: &Sbg, renewals: u32, discount: f64) -> f64 {
        let ahead = AHEAD_MONTHS / self.report.definition.months;
        // The period that runs is his already.
        model.discounted_periods(renewals, discount, ahead + 1) - 1.0
    }

    fn further_of_all(&self, fit: &SbgFit) -> Option<(String, String)> {
        let all: u64 = self.report.standings.iter().map(|one| one.customers).sum();
        let parts: Vec<(f64, u32)> =
            self.report.standings.iter().map(|one| (one.customers as f64, one.renewals)).collect();
        let sum = |model: &Sbg| {
            parts.iter().map(|(weight, renewals)| weight * self.further(*renewals)(model)).sum::<f64>()
        };
        (all > 0).then(|| self.number(fit, |model| sum(model) / all as f64))
    }

    /// What was seen, with its band, and what the model expects, on to the years after.
    fn curve(&self) -> Option<Json> {
        let (words, report) = (self.words, self.report);
        let points = report.curve.fitted()?;
        let fit = report.renewing.fitted();
        let (seen, every) = (points.len(), report.definition.months);
        let all = seen + fit.map_or(0, |_| AHEAD_MONTHS as usize);
        let known = |of: fn(&Point) -> f64| -> Vec<Option<f64>> {
            (0..all).map(|at| points.get(at).map(of)).collect()
        };
        let expected = |at: usize| fit.map(|fit| fit.parameters.survival(at as u32 / every));
        let last = points.last()?;
        let title = words.t(
            "contract.curve_title",
            &[
                ("share", &words.whole_percent(last.survival)),
                ("months", &words.count(u64::from(last.months))),
            ],
        );
        Some(json!({
            "title": title,
            "data": {
                "categories": (0..all).map(|at| at.to_string()).collect::<Vec<_>>(),
                "known": known(|point| point.survival),
                "forecast": (0..all).map(expected).collect::<Vec<_>>(),
                "lower": known(|point| point.low),
                "upper": known(|point| point.high),
                "known_label": words.t("contract.observed", &[]),
                "forecast_label": words.t("contract.expected", &[]),
                "interval_label": words.t("contract.interval", &[]),
                "unit": "percent",
            },
        }))
    }

    fn model(&self, fit: &SbgFit) -> minijinja::Value {
        let words = self.words;
        let Sbg { a, b } = fit.parameters;
        let shown = |at: f64, error: Option<f64>| {
            let error = error.map_or("–".to_owned(), |error| words.fixed(error, 3));
            format!("{} ± {error}", words.fixed(at, 3))
        };
        let edges: Vec<String> = fit.boundary.iter().map(|edge| edge.quantity.clone()).collect();
        context! {
            a => shown(a, fit.standard_errors[0]),
            b => shown(b, fit.standard_errors[1]),
            customers => words.count(fit.customers),
            ended => words.count(fit.ended),
            edges => (!edges.is_empty()).then(|| words.t("contract.edges", &[("edges", &edges.join(", "))])),
        }
    }

    fn widest(&self) -> usize {
        self.report.cohorts.iter().map(|cohort| cohort.kept.len()).max().unwrap_or(0)
    }

    fn cohort(&self, cohort: &Cohort) -> CohortLine {
        let (words, start) = (self.words, &self.report.definition.start);
        let share = |one: &Estimate| Share {
            at: words.whole_percent(one.at),
            range: self.range(words.whole_percent(one.low), words.whole_percent(one.high)),
        };
        CohortLine {
            name: format!("{} – {}", words.date(cohort.from), words.date(cohort.to)),
            customers: words.count(cohort.customers),
            running: words.count(cohort.running),
            kept: (0..self.widest()).map(|at| cohort.kept.get(at).map(share)).collect(),
            href: self.list(&format!("{start} >= '{}' && {start} <= '{}'", cohort.from, cohort.to)),
        }
    }

    fn standing(&self, one: &Standing, fit: Option<&SbgFit>) -> StandingLine {
        let (words, start) = (self.words, &self.report.definition.start);
        let renews = fit.map(|fit| self.chance(fit, |model| model.retention(one.renewals + 1)));
        let further = fit.map(|fit| self.number(fit, self.further(one.renewals)));
        let (renews, range) = renews.unwrap_or_default();
        let (further, further_range) = further.unwrap_or_default();
        let key = if one.renewals >= OLDEST { "contract.renewed_or_more" } else { "contract.renewed" };
        let begun = format!("{start} >= '{}' && {start} <= '{}'", one.from, one.to);
        StandingLine {
            name: words.t(key, &[("count", &one.renewals.to_string())]),
            customers: words.count(one.customers),
            renews,
            range,
            further,
            further_range,
            href: self.list(&format!("{begun} && {}", self.running())),
        }
    }
}
