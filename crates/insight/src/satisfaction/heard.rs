//! What is heard of a group of customers, as sums asked of the warehouse.
//!
//! Of every cut the sums of whole numbers are asked (thousandths of C; hundredths of a point of loyalty), from which mean and
//! interval follow exactly. A customer answers about several dimensions and more than once; what he says hangs together, so that
//! intervals are of customers ([`Clusters`]) and not of answers. Loyalty by answers is of a customer: the mean of what he feels
//! (recommending, buying again) and thinks (staying if dearer, first choice), each 0 to 100, over his answers of the time; so nobody
//! counts twice because he was asked more. Unlike the loyalty index it has no part of behaviour, which is known as it is and not as it was.

use super::entity::ATTITUDES;
use crate::{
    facts::ask,
    settings::{date_of, day_number},
    statistics::RECENT_DAYS,
};
use engine::{Engine, Result};
use meta::{NaiveDate, Value};
use serde::{Deserialize, Serialize};
use value::{
    proportion::{Clusters, Estimate, mean_of_sums},
    satisfaction::{MOST, Nps},
};

/// What was answered within a time or by a group. Means have customers as their cases, and an interval from two of them on; what one
/// alone said is a mean without.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    #[serde(default)]
    pub customers: u64,
    pub answers: u64,
    pub satisfaction: Option<Estimate>,
    #[serde(default)]
    pub satisfaction_of_one: Option<f64>,
    pub nps: Option<Nps>,
    /// Loyalty by answers, 0 to 100.
    pub attitude: Option<Estimate>,
    #[serde(default)]
    pub attitude_of_one: Option<f64>,
}

/// One group of customers, in the last 52 weeks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupShown {
    /// Of the field; none where it is empty.
    pub value: Option<String>,
    pub heard: Heard,
    /// Customers with a loyalty index, and its mean, 0 to 100.
    pub indexed: u64,
    pub loyalty: Option<Estimate>,
    #[serde(default)]
    pub loyalty_of_one: Option<f64>,
}

/// Thousandths of C, as `value::satisfaction::ratio_thousandths` rounds them.
const RATIO: &str = "CASE WHEN f.expected > 0 THEN (f.perceived * 1000 + f.expected / 2) / f.expected END";
/// Of a group and a customer: answers, those on C and their sum, promoters, passives, detractors, answers on recommending and points
/// for them, loyalty.
fn of_customer() -> String {
    format!(
        "count(coalesce(f.expected, {}, CAST(f.share_of_wallet AS BIGINT))) AS answers, count({RATIO}) AS c_n, sum({RATIO}) AS c_s, \
         count(CASE WHEN f.recommend >= 9 THEN 1 END) AS promoters, \
         count(CASE WHEN f.recommend BETWEEN 7 AND 8 THEN 1 END) AS passives, \
         count(CASE WHEN f.recommend <= 6 THEN 1 END) AS detractors, count(f.recommend) AS r_n, \
         sum(CASE WHEN f.recommend >= 9 THEN 1 WHEN f.recommend <= 6 THEN -1 WHEN f.recommend IS NOT NULL THEN 0 END) AS r_s, \
         {} AS x",
        ATTITUDES.map(|field| format!("f.{field}")).join(", "),
        attitude()
    )
}

/// How many numbers [`Heard`] is made of.
pub(super) const HEARD: usize = 20;

/// They, after the group.
fn sums() -> String {
    let clusters = |of: &str| {
        format!(
            "count(CASE WHEN {of}_n > 0 THEN 1 END), sum({of}_n), sum({of}_s), sum({of}_n * {of}_n), sum({of}_s * {of}_s), \
             sum({of}_n * {of}_s)"
        )
    };
    format!(
        "count(*), sum(answers), {}, sum(promoters), sum(passives), sum(detractors), {}, count(x), sum(x), sum(x * x)",
        clusters("c"),
        clusters("r")
    )
}

/// A customer's loyalty by answers in hundredths of a point, of the answers grouped; empty where he was asked nothing of it.
fn attitude() -> String {
    // Answers are whole numbers from 0 to 10: of n of them with sum s the mean is 10 s / n points.
    let part = |one: &str, other: &str| {
        format!(
            "1000 * (coalesce(sum(f.{one}), 0) + coalesce(sum(f.{other}), 0)) / nullif(count(f.{one}) + count(f.{other}), 0)"
        )
    };
    let (feels, thinks) = (part("recommend", "repurchase"), part("price_tolerance", "first_choice"));
    format!(
        "CASE WHEN {feels} IS NULL THEN {thinks} WHEN {thinks} IS NULL THEN {feels} ELSE ({feels} + {thinks}) / 2 END"
    )
}

fn number(whole: i64) -> u64 {
    u64::try_from(whole).unwrap_or(0)
}

/// Mean loyalty, 0 to 100, from the count, sum and sum of squares of whole numbers; `unit` of them are a point.
pub(super) fn mean_loyalty([cases, sum, squares]: [i64; 3], unit: f64) -> Option<Estimate> {
    mean_of_sums(number(cases), sum, squares, unit).map(|mean| mean.within(0.0, 100.0))
}

/// Mean of the numbers of a single customer.
fn of_one(customers: i64, cases: i64, sum: i64, unit: f64) -> Option<f64> {
    (customers == 1 && cases > 0).then(|| sum as f64 / cases as f64 / unit)
}

fn clusters([respondents, cases, sum, cases_squared, sums_squared, products]: [i64; 6]) -> Clusters {
    Clusters { respondents: number(respondents), cases, sum, cases_squared, sums_squared, products }
}

/// Sums over the customers of a group, from which follows what is shown of it: whole numbers, so that those of two groups together
/// are theirs added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    heard: [i64; HEARD],
    /// Customers with a loyalty index, sum and sum of squares.
    loyalty: [i64; 3],
}

impl Sums {
    pub(super) fn heard(heard: [i64; HEARD]) -> Sums {
        Sums { heard, ..Sums::default() }
    }

    pub(super) fn loyalty(loyalty: [i64; 3]) -> Sums {
        Sums { loyalty, ..Sums::default() }
    }

    pub fn add(&mut self, other: &Sums) {
        self.heard.iter_mut().zip(other.heard).for_each(|(sum, more)| *sum += more);
        self.loyalty.iter_mut().zip(other.loyalty).for_each(|(sum, more)| *sum += more);
    }

    /// Of the group of this value.
    pub fn shown(&self, value: Option<String>) -> GroupShown {
        let [indexed, sum, _] = self.loyalty;
        GroupShown {
            value,
            heard: Heard::of(&self.heard),
            indexed: number(indexed),
            loyalty: mean_loyalty(self.loyalty, 1.0),
            loyalty_of_one: of_one(indexed, indexed, sum, 1.0),
        }
    }
}

impl Heard {
    /// From the numbers of [`sums`].
    fn of(sums: &[i64; HEARD]) -> Heard {
        let [
            customers,
            answers,
            c @ ..,
            promoters,
            passives,
            detractors,
            r1,
            r2,
            r3,
            r4,
            r5,
            r6,
            attitudes,
            attitude,
            squares,
        ] = *sums;
        let nps = Nps::of_counts(number(promoters), number(passives), number(detractors));
        Heard {
            customers: number(customers),
            answers: number(answers),
            satisfaction: clusters(c).mean(1_000.0).map(|mean| mean.within(0.0, f64::from(MOST))),
            satisfaction_of_one: of_one(c[0], c[1], c[2], 1_000.0),
            nps: nps.map(|nps| nps.of_respondents(&clusters([r1, r2, r3, r4, r5, r6]))),
            attitude: mean_loyalty([attitudes, attitude, squares], 100.0),
            attitude_of_one: of_one(attitudes, attitudes, attitude, 100.0),
        }
    }
}

/// The first columns of each row, and the whole numbers after them.
async fn rows<const N: usize>(engine: &Engine, sql: &str) -> Result<Vec<(Vec<Value>, [i64; N])>> {
    let mut found = vec![];
    for row in ask(engine, sql).await?.values() {
        let mut group = row?;
        let numbers = group.split_off(group.len().saturating_sub(N));
        let mut sums = [0; N];
        sums.iter_mut().zip(&numbers).for_each(|(sum, number)| *sum = number.as_int().unwrap_or(0));
        found.push((group, sums));
    }
    Ok(found)
}

/// `1, 2, …`: the first columns.
fn first_columns(count: usize) -> String {
    (1..=count).map(|at| at.to_string()).collect::<Vec<_>>().join(", ")
}

/// Where an answer stands, and whether it is within the days.
pub(super) struct Ground {
    pub(super) from: String,
    pub(super) condition: String,
}

impl Ground {
    /// Answers after one day, up to another, of customers that are not deleted.
    pub(super) fn of(after: NaiveDate, until: NaiveDate) -> Ground {
        Ground {
            from: "surveys f JOIN account a ON a.\"key\" = f.account_key".to_owned(),
            condition: format!("f.\"day\" > DATE '{after}' AND f.\"day\" <= DATE '{until}'"),
        }
    }

    /// Answers of the last 52 weeks.
    pub(super) fn recent(as_of: NaiveDate) -> Ground {
        Ground::of(date_of(day_number(as_of) - RECENT_DAYS), as_of)
    }

    /// By each value of expressions: they, and the sums of what was heard.
    pub(super) async fn by(
        &self,
        engine: &Engine,
        group: &[&str],
    ) -> Result<Vec<(Vec<Value>, [i64; HEARD])>> {
        let Ground { from, condition } = self;
        let names: Vec<String> = (0..group.len()).map(|at| format!("g{at}")).collect();
        let named: Vec<String> =
            group.iter().zip(&names).map(|(one, name)| format!("{one} AS {name}")).collect();
        let of_customers = format!(
            "SELECT {}, f.account_key, {} FROM {from} WHERE {condition} GROUP BY {}",
            named.join(", "),
            of_customer(),
            first_columns(group.len() + 1)
        );
        let sql = format!(
            "SELECT {}, {} FROM ({of_customers}) GROUP BY {}",
            names.join(", "),
            sums(),
            first_columns(group.len())
        );
        rows(engine, &sql).await
    }

    /// The same by one expression.
    pub(super) async fn heard_by(&self, engine: &Engine, group: &str) -> Result<Vec<(Value, Heard)>> {
        let found = self.by(engine, &[group]).await?.into_iter();
        Ok(found.map(|(group, sums)| (one(group), Heard::of(&sums))).collect())
    }
}

/// Of a group by one expression, its value.
pub(super) fn one(group: Vec<Value>) -> Value {
    group.into_iter().next().unwrap_or_default()
}

/// By each value of columns of the customer `a` (or of his figures `c`): customers with a loyalty index, its sum and sum of squares.
pub(super) async fn loyalty_by(engine: &Engine, group: &[&str]) -> Result<Vec<(Vec<Value>, [i64; 3])>> {
    let sql = format!(
        "SELECT {}, count(c.loyalty_index), sum(c.loyalty_index), sum(c.loyalty_index * c.loyalty_index) \
         FROM account a JOIN account_figures c ON c.\"key\" = a.\"key\" WHERE c.loyalty_index IS NOT NULL GROUP BY {}",
        group.join(", "),
        first_columns(group.len())
    );
    rows(engine, &sql).await
}
