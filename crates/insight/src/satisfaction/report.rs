//! Everybody's answers together, by month, quarter and group of customers: asked of the warehouse after each fit, and kept.
//!
//! Of every cut the sums of whole numbers are asked (thousandths of C; hundredths of a point of loyalty), from which mean and
//! interval follow exactly. A customer answers about several dimensions and more than once; what he says hangs together, so that
//! intervals are of customers ([`Clusters`]) and not of answers. Loyalty by answers is of a customer: the mean of what he feels (recommending, buying again) and
//! thinks (staying if dearer, first choice), each 0 to 100, over his answers of the time; so nobody counts twice because he was
//! asked more. Unlike the loyalty index it has no part of behaviour, which is known as it is and not as it was.

use super::entity::{ATTITUDES, DIMENSIONS};
use crate::{
    facts::ask,
    kept,
    settings::{Settings, date_of, day_number},
    statistics::RECENT_DAYS,
};
use chrono::{Datelike, Months};
use engine::{Actor, Engine, Result};
use meta::{Kind, NaiveDate, Value};
use serde::{Deserialize, Serialize};
use value::{
    proportion::{Clusters, Estimate, mean_of_sums},
    satisfaction::Nps,
};

pub const REPORT: &str = "satisfaction";
/// Months of the trend; a third of it quarters.
const MONTHS: u32 = 24;
/// Groups of one cut; those with most answers and customers stay.
const GROUPS_LIMIT: usize = 30;
/// Fields of the customer by which he is one of a group, as far as this installation has them.
pub const CUTS: [&str; 9] = [
    "relation",
    "importance",
    "customer_group",
    "stage",
    "value_quadrant",
    "kind",
    "province",
    "industry",
    "source",
];

/// What was answered within a time or by a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    pub answers: u64,
    /// Mean of the answers; its cases are customers.
    pub satisfaction: Option<Estimate>,
    pub nps: Option<Nps>,
    /// Loyalty by answers, 0 to 100; its cases are customers.
    pub attitude: Option<Estimate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    pub from_on: NaiveDate,
    pub until_on: NaiveDate,
    /// It was not over on the as-of day.
    pub is_open: bool,
    pub heard: Heard,
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
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Answers of the last 52 weeks, and customers who gave them.
    pub answers: u64,
    pub customers: u64,
    pub satisfaction: Option<Estimate>,
    /// By dimension, in the order they are declared.
    pub dimensions: Vec<(String, Option<Estimate>)>,
    pub nps: Option<Nps>,
    /// Loyalty index of everybody who has one.
    pub loyalty: Option<Estimate>,
    pub attitude: Option<Estimate>,
    /// By field of the customer.
    pub cuts: Vec<(String, Vec<GroupShown>)>,
    /// The oldest first.
    pub months: Vec<Period>,
    pub quarters: Vec<Period>,
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

/// What [`Heard`] is made of, after the group.
fn sums() -> String {
    let clusters = |of: &str| {
        format!(
            "count(CASE WHEN {of}_n > 0 THEN 1 END), sum({of}_n), sum({of}_s), sum({of}_n * {of}_n), sum({of}_s * {of}_s), \
             sum({of}_n * {of}_s)"
        )
    };
    format!(
        "sum(answers), {}, sum(promoters), sum(passives), sum(detractors), {}, count(x), sum(x), sum(x * x)",
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

fn whole(row: &[Value], at: usize) -> i64 {
    row.get(at).and_then(Value::as_int).unwrap_or(0)
}

fn number(row: &[Value], at: usize) -> u64 {
    u64::try_from(whole(row, at)).unwrap_or(0)
}

/// Mean of whole numbers whose count, sum and sum of squares begin at a place.
fn estimate(row: &[Value], at: usize, unit: f64) -> Option<Estimate> {
    mean_of_sums(number(row, at), whole(row, at + 1), whole(row, at + 2), unit)
}

/// Of whom the six columns from a place on tell.
fn clusters(row: &[Value], at: usize) -> Clusters {
    Clusters {
        respondents: number(row, at),
        cases: whole(row, at + 1),
        sum: whole(row, at + 2),
        cases_squared: whole(row, at + 3),
        sums_squared: whole(row, at + 4),
        products: whole(row, at + 5),
    }
}

impl Heard {
    /// From the columns of [`sums`], after the group.
    fn of(row: &[Value]) -> Heard {
        let nps = Nps::of_counts(number(row, 8), number(row, 9), number(row, 10));
        Heard {
            answers: number(row, 1),
            satisfaction: clusters(row, 2).mean(1_000.0),
            nps: nps.map(|nps| nps.of_respondents(&clusters(row, 11))),
            attitude: estimate(row, 17, 100.0),
        }
    }
}

/// Where an answer stands, and whether it is within the days.
struct Ground {
    from: String,
    condition: String,
}

impl Ground {
    /// Answers after one day, up to another, of customers that are not deleted.
    fn of(after: NaiveDate, until: NaiveDate) -> Ground {
        Ground {
            from: "surveys f LEFT SEMI JOIN account s ON s.\"key\" = f.account_key".to_owned(),
            condition: format!("f.\"day\" > DATE '{after}' AND f.\"day\" <= DATE '{until}'"),
        }
    }

    /// By each value of an expression: it, and what was heard.
    async fn by(&self, engine: &Engine, group: &str) -> Result<Vec<(Value, Heard)>> {
        let Ground { from, condition } = self;
        let of_customers = format!(
            "SELECT {group} AS g, f.account_key, {} FROM {from} WHERE {condition} GROUP BY 1, 2",
            of_customer()
        );
        let sql = format!("SELECT g, {} FROM ({of_customers}) GROUP BY 1", sums());
        let mut found = vec![];
        for row in ask(engine, &sql).await?.values() {
            let row = row?;
            found.push((row.first().cloned().unwrap_or_default(), Heard::of(&row)));
        }
        Ok(found)
    }
}

pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let as_of = settings.as_of_day(engine.clock());
    let recent = Ground::of(date_of(day_number(as_of) - RECENT_DAYS), as_of);
    let whole = recent.by(engine, "1").await?.pop().map(|(_, heard)| heard).unwrap_or_default();
    let by_dimension = recent.by(engine, "f.dimension").await?;
    let dimension = |(dimension, ..): &(&str, &str, &str, &str)| {
        let heard = by_dimension.iter().find(|(value, _)| value.as_text() == Some(*dimension));
        ((*dimension).to_owned(), heard.and_then(|(_, heard)| heard.satisfaction))
    };
    let sql = format!("SELECT count(DISTINCT f.account_key) FROM {} WHERE {}", recent.from, recent.condition);
    let customers = ask(engine, &sql).await?.values().next().transpose()?.unwrap_or_default();
    let mut report = Report {
        answers: whole.answers,
        customers: number(&customers, 0),
        satisfaction: whole.satisfaction,
        dimensions: DIMENSIONS.iter().map(dimension).collect(),
        nps: whole.nps,
        attitude: whole.attitude,
        loyalty: loyalty_by(engine, "1").await?.pop().and_then(|(_, _, loyalty)| loyalty),
        months: periods(engine, as_of, 1).await?,
        quarters: periods(engine, as_of, 3).await?,
        cuts: vec![],
    };
    for field in CUTS {
        if let Some(groups) = groups(engine, field, &recent).await? {
            report.cuts.push((field.to_owned(), groups));
        }
    }
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await
}

/// Months or quarters up to that of the as-of day.
async fn periods(engine: &Engine, as_of: NaiveDate, months: u32) -> Result<Vec<Period>> {
    let part = if months == 3 { "quarter" } else { "month" };
    let month0 = as_of.month0() / months * months;
    let Some(last) = NaiveDate::from_ymd_opt(as_of.year(), month0 + 1, 1) else { return Ok(vec![]) };
    let Some(first) = last.checked_sub_months(Months::new(MONTHS - months)) else { return Ok(vec![]) };
    let ground = Ground::of(first.pred_opt().unwrap_or(first), as_of);
    let heard = ground.by(engine, &format!("CAST(date_trunc('{part}', f.\"day\") AS DATE)")).await?;
    let mut found = vec![];
    let mut from_on = first;
    while let (true, Some(next)) = (from_on <= as_of, from_on.checked_add_months(Months::new(months))) {
        let until_on = next.pred_opt().unwrap_or(next);
        let of_period = heard.iter().find(|(from, _)| *from == Value::Date(from_on));
        let heard = of_period.map(|(_, heard)| heard.clone()).unwrap_or_default();
        found.push(Period { from_on, until_on: until_on.min(as_of), is_open: until_on > as_of, heard });
        from_on = next;
    }
    Ok(found)
}

/// By each value of a column of the customer `a` (or of his figures `c`): customers with a loyalty index, and its mean.
async fn loyalty_by(engine: &Engine, group: &str) -> Result<Vec<(Value, u64, Option<Estimate>)>> {
    let sql = format!(
        "SELECT {group}, count(c.loyalty_index), sum(c.loyalty_index), sum(c.loyalty_index * c.loyalty_index) \
         FROM account a JOIN account_figures c ON c.\"key\" = a.\"key\" WHERE c.loyalty_index IS NOT NULL GROUP BY 1"
    );
    let mut found = vec![];
    for row in ask(engine, &sql).await?.values() {
        let row = row?;
        found.push((row.first().cloned().unwrap_or_default(), number(&row, 1), estimate(&row, 1, 1.0)));
    }
    Ok(found)
}

/// `None` for a field this installation does not have.
async fn groups(engine: &Engine, field: &str, recent: &Ground) -> Result<Option<Vec<GroupShown>>> {
    let account = engine.entity("account")?;
    let Some(known) = account.get(field) else { return Ok(None) };
    let column = match (known.apart, &known.kind) {
        (_, Kind::Reference { .. }) => return Ok(None),
        (Some(_), _) => format!("c.\"{field}\""),
        (None, _) => format!("a.\"{field}\""),
    };
    let ground = Ground {
        from: "surveys f JOIN account a ON a.\"key\" = f.account_key JOIN account_figures c ON c.\"key\" = a.\"key\""
            .to_owned(),
        condition: recent.condition.clone(),
    };
    let name = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    };
    let mut found: Vec<GroupShown> = vec![];
    for (value, indexed, loyalty) in loyalty_by(engine, &column).await? {
        found.push(GroupShown { value: name(&value), indexed, loyalty, ..GroupShown::default() });
    }
    for (value, heard) in ground.by(engine, &column).await? {
        let value = name(&value);
        match found.iter_mut().find(|group| group.value == value) {
            Some(group) => group.heard = heard,
            None => found.push(GroupShown { value, heard, ..GroupShown::default() }),
        }
    }
    found.sort_by(|one, other| {
        let size = |group: &GroupShown| (group.heard.answers, group.indexed);
        size(other).cmp(&size(one)).then_with(|| one.value.cmp(&other.value))
    });
    found.truncate(GROUPS_LIMIT);
    Ok(Some(found))
}
