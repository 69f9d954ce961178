//! Everybody's contracts, computed after each fit and kept for the page.

use super::{
    definition::Definition,
    hazard::{self, Hazards, Row},
    term::{Term, before, renewal},
};
use crate::{kept, settings::Settings};
use chrono::Datelike;
use engine::{Actor, Engine, Error, Query, Result};
use meta::{NaiveDate, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::{
    contractual::{
        kaplan_meier::{self, Lifetime, Step},
        sbg::{self, SbgFit, Tenure},
    },
    estimate::Unfit,
    model::Part,
    proportion::{Estimate, share},
};

pub const REPORT: &str = "contracts";
/// Fewer contracts tell nothing of how long they last.
pub const FEWEST: usize = 30;
const PAGE: usize = 1_000;
/// Cohorts and renewals shown.
const COHORTS: usize = 16;
const RENEWALS: u32 = 12;
/// Points of the curve.
const CURVE_MONTHS: u32 = 120;
/// A renewal's end counts a few days later, see [`Term`].
const GRACE_MONTHS: f64 = 0.25;

/// The share still there so many months after the beginning (Kaplan–Meier), with 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub months: u32,
    pub at_risk: u64,
    pub survival: f64,
    pub low: f64,
    pub high: f64,
}

/// Contracts that began in a quarter or year, and the share that outlived each renewal, as far as all of them could.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cohort {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub customers: u64,
    pub running: u64,
    pub kept: Vec<Estimate>,
}

/// Running contracts that were renewed so often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub renewals: u32,
    pub customers: u64,
    /// First days of these contracts.
    pub from: NaiveDate,
    pub to: NaiveDate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub definition: Definition,
    pub customers: u64,
    pub ended: u64,
    /// Not begun yet, or ended before they began.
    pub left_out: u64,
    pub curve: Part<Vec<Point>>,
    /// Months after which half have left; `None` if more than half are there to the end.
    pub median_months: Option<f64>,
    pub cohorts: Vec<Cohort>,
    pub renewing: Part<SbgFit>,
    /// Of the contracts that reached their first, second … renewal, the share that was renewed.
    #[serde(default)]
    pub renewed: Vec<Estimate>,
    pub standings: Vec<Standing>,
    pub hazards: Hazards,
}

/// One customer with a contract.
struct Contract {
    term: Term,
    values: Vec<Value>,
}

/// Computes and keeps.
pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let definition = Definition::load(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    let account = engine.registry().entity("account")?;
    if let Err(problem) = definition.check(account) {
        tracing::warn!("contracts are not looked at: {problem}");
        return Ok(());
    }
    let (contracts, left_out) = read(engine, &definition, as_of).await?;
    let computing = tokio::task::spawn_blocking(move || Report::of(definition, &contracts, left_out, as_of));
    let report = computing.await.map_err(|error| Error::Internal(format!("interrupted: {error}")))?;
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await
}

async fn read(engine: &Engine, definition: &Definition, as_of: NaiveDate) -> Result<(Vec<Contract>, u64)> {
    let Definition { start, end, features, .. } = definition;
    let fields: Vec<&str> =
        [start.as_str(), end.as_str()].into_iter().chain(features.iter().map(String::as_str)).collect();
    let mut query =
        Query::new("account").filter(format!("{start} != null")).sort("id").limit(PAGE).fields(&fields);
    let (mut contracts, mut left_out) = (vec![], 0);
    loop {
        let page = engine.list(&Actor::system(), &query).await?;
        for record in &page.records {
            match definition.term(record, as_of) {
                Some(term) => {
                    let values = features.iter().map(|field| record.get(field).clone()).collect();
                    contracts.push(Contract { term, values });
                }
                None => left_out += 1,
            }
        }
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return Ok((contracts, left_out)),
        }
    }
}

impl Report {
    fn of(definition: Definition, contracts: &[Contract], left_out: u64, as_of: NaiveDate) -> Report {
        let months = definition.months;
        let ended = contracts.iter().filter(|one| one.term.end.is_some()).count() as u64;
        let terms: Vec<Term> = contracts.iter().map(|one| one.term).collect();
        let lifetimes: Vec<Lifetime> =
            terms.iter().map(|term| Lifetime { time: term.months, ended: term.end.is_some() }).collect();
        let enough = if terms.len() < FEWEST { Err(Unfit::TooFewCustomers) } else { Ok(()) };
        let steps = enough.and_then(|()| kaplan_meier::estimate(&lifetimes));
        let rows: Vec<Row> = contracts
            .iter()
            .map(|one| Row {
                months: one.term.months,
                ended: one.term.end.is_some(),
                values: one.values.clone(),
            })
            .collect();
        Report {
            customers: contracts.len() as u64,
            ended,
            left_out,
            median_months: steps.as_ref().ok().and_then(|steps| kaplan_meier::median(steps)),
            curve: steps.map(|steps| curve(&steps, &lifetimes)).into(),
            cohorts: cohorts(&terms, months, as_of),
            renewing: enough.and_then(|()| sbg::fit(&tenures(&terms))).into(),
            renewed: renewed(&terms),
            standings: standings(&terms, months, as_of),
            hazards: hazard::compare(&definition.features, &rows),
            definition,
        }
    }
}

/// The curve month by month, to where somebody is still seen.
fn curve(steps: &[Step], lifetimes: &[Lifetime]) -> Vec<Point> {
    let longest = lifetimes.iter().map(|one| one.time).fold(0.0, f64::max);
    let last = CURVE_MONTHS.min(longest as u32);
    let mut times: Vec<f64> = lifetimes.iter().map(|one| one.time).collect();
    times.sort_by(f64::total_cmp);
    let point = |months: u32| {
        let at = f64::from(months) + GRACE_MONTHS;
        let step = steps[..steps.partition_point(|step| step.time <= at)].last();
        let [survival, low, high] = step.map_or([1.0; 3], |step| [step.survival, step.low, step.high]);
        let at_risk = (times.len() - times.partition_point(|time| *time < f64::from(months))) as u64;
        Point { months, at_risk, survival, low, high }
    };
    (0..=last).map(point).collect()
}

fn tenures(terms: &[Term]) -> Vec<Tenure> {
    let mut counts: BTreeMap<(u32, bool), u64> = BTreeMap::new();
    for term in terms.iter().filter(|term| term.renewals > 0) {
        *counts.entry((term.renewals, term.end.is_some())).or_default() += 1;
    }
    let tenure = |((renewals, ended), customers)| Tenure { renewals, ended, customers };
    counts.into_iter().map(tenure).collect()
}

/// As far as any reached.
fn renewed(terms: &[Term]) -> Vec<Estimate> {
    let of = |n: u32| {
        let reached = terms.iter().filter(|term| term.renewals >= n);
        let there = reached.clone().filter(|term| term.outlived(n)).count();
        share(there as u64, reached.count() as u64)
    };
    (1..=RENEWALS).map_while(of).collect()
}

/// By the quarter in which they began, by the year if contracts are renewed yearly; the latest ones.
fn cohorts(terms: &[Term], months: u32, as_of: NaiveDate) -> Vec<Cohort> {
    let wide = if months < 12 { 3 } else { 12 };
    let mut groups: BTreeMap<NaiveDate, Vec<&Term>> = BTreeMap::new();
    for term in terms {
        let first = term.start.month0() / wide * wide;
        let from = NaiveDate::from_ymd_opt(term.start.year(), first + 1, 1).unwrap_or(term.start);
        groups.entry(from).or_default().push(term);
    }
    let cohort = |(from, members): (NaiveDate, Vec<&Term>)| {
        let to = renewal(from, wide, 1).and_then(|day| day.pred_opt()).unwrap_or(from);
        let youngest = members.iter().map(|term| term.start).max().unwrap_or(to);
        let seen = |n: &u32| renewal(youngest, months, *n).is_some_and(|day| day <= as_of);
        let kept = |n: u32| {
            let there = members.iter().filter(|term| term.outlived(n)).count();
            share(there as u64, members.len() as u64)
        };
        Cohort {
            from,
            to,
            customers: members.len() as u64,
            running: members.iter().filter(|term| term.end.is_none()).count() as u64,
            kept: (1..=RENEWALS).take_while(seen).filter_map(kept).collect(),
        }
    };
    let skipped = groups.len().saturating_sub(COHORTS);
    groups.into_iter().skip(skipped).map(cohort).collect()
}

/// Running contracts by renewals so far; the oldest together.
fn standings(terms: &[Term], months: u32, as_of: NaiveDate) -> Vec<Standing> {
    let oldest = terms.iter().map(|term| term.start).min().unwrap_or(as_of);
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    for term in terms.iter().filter(|term| term.end.is_none()) {
        *counts.entry(term.renewals.min(RENEWALS)).or_default() += 1;
    }
    let standing = |(renewals, customers)| {
        let next = before(as_of, months * (renewals + 1));
        Standing {
            renewals,
            customers,
            from: if renewals < RENEWALS { next.succ_opt().unwrap_or(next) } else { oldest },
            to: before(as_of, months * renewals),
        }
    };
    counts.into_iter().map(standing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn contract(start: &str, end: Option<&str>) -> Contract {
        let term = Term::of(day(start), end.map(day), 12, day("2026-11-21")).unwrap();
        Contract { term, values: vec![] }
    }

    fn definition() -> Definition {
        Definition { features: vec![], ..Definition::default() }
    }

    #[test]
    fn cohorts_and_standings_count_by_hand() {
        let contracts = [
            contract("2023-02-01", None),
            contract("2023-05-01", Some("2025-04-30")),
            contract("2024-10-01", None),
            contract("2024-12-01", None),
            contract("2025-06-01", Some("2026-05-31")),
        ];
        let found = Report::of(definition(), &contracts, 1, day("2026-11-21"));
        assert_eq!((found.customers, found.ended, found.left_out), (5, 2, 1));
        let kept = |cohort: &Cohort| cohort.kept.iter().map(|share| share.at).collect::<Vec<_>>();
        let [of_2023, of_2024, of_2025] = &found.cohorts[..] else { panic!("{:?}", found.cohorts) };
        assert_eq!((of_2023.from, of_2023.to, of_2023.customers), (day("2023-01-01"), day("2023-12-31"), 2));
        assert_eq!(kept(of_2023), [1.0, 0.5, 0.5]);
        // The youngest of 2024 has seen one renewal only.
        assert_eq!((kept(of_2024), of_2024.running), (vec![1.0], 2));
        assert_eq!(kept(of_2025), [0.0]);
        let standings: Vec<(u32, u64)> = found.standings.iter().map(|s| (s.renewals, s.customers)).collect();
        assert_eq!(standings, [(1, 1), (2, 1), (3, 1)]);
        // Five reached the first renewal and one left; of three one left at the second; one reached a third.
        let renewed: Vec<(f64, u64)> = found.renewed.iter().map(|share| (share.at, share.cases)).collect();
        assert_eq!(renewed, [(0.8, 5), (2.0 / 3.0, 3), (1.0, 1)]);
        for standing in &found.standings {
            let within = |one: &&Contract| {
                one.term.end.is_none() && (standing.from..=standing.to).contains(&one.term.start)
            };
            assert_eq!(contracts.iter().filter(within).count(), 1, "{standing:?}");
        }
        assert_eq!(found.curve.missing(), Some(Unfit::TooFewCustomers));
        assert_eq!(found.renewing.missing(), Some(Unfit::TooFewCustomers));
    }

    #[test]
    fn the_curve_falls_with_the_ends_and_the_model_follows_it() {
        // A third leave at the first renewal, of the others few.
        let contracts: Vec<Contract> = (0..90)
            .map(|i| {
                let start = format!("202{}-0{}-01", i % 3, 1 + i % 7);
                let end = format!("202{}-0{}-01", i % 3 + 1, 1 + i % 7);
                let later = format!("202{}-0{}-01", i % 3 + 3, 1 + i % 7);
                contract(
                    &start,
                    match i % 9 {
                        0..3 => Some(&end),
                        3 => Some(&later),
                        _ => None,
                    },
                )
            })
            .collect();
        let found = Report::of(definition(), &contracts, 0, day("2026-11-21"));
        let curve = found.curve.fitted().unwrap();
        assert_eq!((curve[0].months, curve[0].survival, curve[0].at_risk), (0, 1.0, 90));
        assert!((curve[11].survival - 1.0).abs() < 1e-12 && (curve[12].survival - 2.0 / 3.0).abs() < 1e-12);
        assert!(curve.windows(2).all(|pair| pair[0].survival >= pair[1].survival));
        assert!(curve.iter().all(|point| point.low <= point.survival && point.survival <= point.high));
        let model = found.renewing.fitted().unwrap();
        assert!((model.parameters.survival(1) - curve[12].survival).abs() < 0.05, "{model:?}");
        assert_eq!(found.median_months, None);
        assert_eq!(found.hazards.missing, Some(value::contractual::cox::CoxProblem::TooFewEnds));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn the_order_of_customers_changes_nothing(
            (given, shuffled) in prop::collection::vec((0_u32..60, prop::option::of(1_u32..40)), 1..70)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            let of = |given: Vec<(u32, Option<u32>)>| {
                let first = day("2021-01-15");
                let after = |months: u32| first + chrono::Months::new(months);
                let contract = |(start, length): (u32, Option<u32>)| {
                    let end = length.map(|months| after(start + months));
                    let term = Term::of(after(start), end, 12, day("2026-11-21"))?;
                    Some(Contract { term, values: vec![] })
                };
                let contracts: Vec<Contract> = given.into_iter().filter_map(contract).collect();
                Report::of(definition(), &contracts, 0, day("2026-11-21"))
            };
            prop_assert_eq!(of(given), of(shuffled));
        }
    }
}
