//! Measures both periods and keeps the result.

use super::{
    brought::{self, Customers},
    chance::{Compared, Of, Sums, Told},
    independent::{difference, events},
    periods::Period,
    retention::{self, Cohort},
    waiting,
};
use crate::{
    facts::{At, ask, counting, day_before, whole},
    kept, satisfaction,
    settings::{Settings, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{
    Actor, Engine, Result, TryStreamExt, aside, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::{Id, Value};
use mining::effect::FEWEST_CUSTOMERS;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use value::{
    proportion::{Clusters, Estimate},
    satisfaction::{MOST, Nps, ratio_thousandths},
    service_cost::{DRIVERS, Rates},
};

pub const REPORT: &str = "benefit";
/// Before and after.
pub const PERIODS: usize = 2;
/// First buyers of a period are counted up to here.
const BUYERS_LIMIT: u64 = 10_000_000;
/// Salespeople without whom nothing can be said of their spread.
pub const FEWEST_REPS: u64 = 2;

/// What was counted in one period. Money in ten-thousandths.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub orders: u64,
    pub sales: i64,
    pub returned: i64,
    pub margin: i64,
    /// The sales whose margin is known.
    pub costed: i64,
    /// People who sold something.
    pub reps: u64,
    /// Cost to serve and selling cost by the rates of the time; `None` without rates at that time.
    pub cost: Option<i64>,
    pub buyers: u64,
    pub first_buyers: u64,
    /// Of the customers who bought in the period of the same length before, those who bought again.
    pub retention: Option<Estimate>,
    /// How many these are.
    pub bought_again: u64,
    pub contacts: u64,
    /// Its cases are customers.
    pub satisfaction: Option<Estimate>,
    pub nps: Option<Nps>,
    /// Contacts of customers, and those that were answered within two weeks.
    pub asked: u64,
    pub answered: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub base: Period,
    pub latest: Period,
    pub before: Measured,
    pub after: Measured,
    /// In the order of the page.
    pub figures: Vec<Compared>,
}

/// Nothing as long as no base period is chosen.
pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let Some(base) = Period::load(engine).await? else { return Ok(()) };
    let as_of = settings.as_of_day(engine.clock());
    let (report, cohorts) = measure(engine, settings, [base, base.latest(as_of)]).await?;
    // Put in order before the transaction: others wait to write as long as it lasts.
    let lists = aside(|| retention::lists(cohorts));
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                retention::KEPT.keep(tx, &lists).await?;
                kept::keep(tx, REPORT, as_of, &report).await
            })
        })
        .await
}

async fn measure(
    engine: &Engine,
    settings: &Settings,
    periods: [Period; PERIODS],
) -> Result<(Report, [Cohort; PERIODS])> {
    let rated = |period: &Period| has_rates(&settings.cost_rates, period).then_some(0);
    let mut found = periods.each_ref().map(|period| Measured { cost: rated(period), ..Measured::default() });
    let (customers, cohorts) = brought::read(engine, settings, &periods, &mut found).await?;
    let reps = reps(engine, settings, &periods).await?;
    let mut hours = [None; PERIODS];
    for (place, (period, found)) in periods.iter().zip(&mut found).enumerate() {
        found.reps = reps.cases[place];
        let waited = waiting::read(engine, settings, period).await?;
        (found.asked, found.answered, hours[place]) = (waited.asked, waited.answered, waited.hours);
        answers(engine, period, found).await?;
        let first = format!("first_order_on >= '{}' && first_order_on <= '{}'", period.from, period.to);
        let count = engine::Query::new("account").filter(first);
        found.first_buyers = engine.count(&Actor::system(), &count, BUYERS_LIMIT).await?.number;
    }
    let figures = figures(&found, &customers, &reps, hours);
    let ([base, latest], [before, after]) = (periods, found);
    Ok((Report { base, latest, before, after, figures }, cohorts))
}

/// Whether anything that is counted had a rate when the period began.
fn has_rates(rates: &Rates, period: &Period) -> bool {
    let day = day_number(period.from);
    DRIVERS.iter().any(|(_, driver)| rates.on(*driver, day).is_some())
}

fn figures(
    found: &[Measured; PERIODS],
    customers: &Customers,
    reps: &Sums,
    hours: [Option<Told>; PERIODS],
) -> Vec<Compared> {
    let of_customers = |key, sums: &Sums, of| sums.compare(key, of, FEWEST_CUSTOMERS);
    let independent = |key, both: [Option<Told>; PERIODS]| Compared::new(key, both, difference(both));
    // The intervals of so few are too narrow to tell a difference by them.
    let of_answers = |key, both: [Option<(Told, u64)>; PERIODS]| {
        let few = both.iter().flatten().any(|(_, customers)| *customers < FEWEST_CUSTOMERS);
        let told = both.map(|one| one.map(|(told, _)| told));
        let change = difference(told).map(|change| Told { range: change.range.filter(|_| !few), ..change });
        Compared::new(key, told, change)
    };
    let each = found.each_ref();
    let rated = each.map(|one| one.cost.is_some());
    let cost = of_customers("cost", &customers.cost, Of::Part);
    let cost = Compared {
        before: cost.before.filter(|_| rated[0]),
        after: cost.after.filter(|_| rated[1]),
        change: cost.change.filter(|_| rated == [true; PERIODS]),
        ..cost
    };
    let nps = |one: &Measured| {
        let told = |nps: Nps| Told { at: nps.score, range: Some([nps.low, nps.high]) };
        one.nps.map(|nps| (told(nps), nps.respondents))
    };
    vec![
        reps.compare("sales_per_rep", Of::Rate, FEWEST_REPS),
        of_customers("sales", &customers.sales, Of::Sum),
        of_customers("margin", &customers.margin, Of::Share),
        cost,
        of_customers("returns", &customers.returns, Of::Part),
        of_customers("buyers", &customers.buyers, Of::Sum),
        events("first_buyers", each.map(|one| one.first_buyers)),
        independent("retention", each.map(|one| one.retention.map(Told::from))),
        of_customers("contacts_per_order", &customers.contacts, Of::Rate),
        of_answers("satisfaction", each.map(|one| one.satisfaction.map(|mean| (mean.into(), mean.cases)))),
        of_answers("nps", each.map(nps)),
        independent("answer_hours", hours),
        // Opportunities that were won and lost are not recorded.
        independent("win_rate", [None; PERIODS]),
    ]
}

/// What each salesperson sold, and that he did.
async fn reps(engine: &Engine, settings: &Settings, periods: &[Period; PERIODS]) -> Result<Sums> {
    let mut reps: HashMap<i64, ([i64; PERIODS], [i64; PERIODS])> = HashMap::new();
    for (place, period) in periods.iter().enumerate() {
        let sql = format!(
            "SELECT owner_key, sum(net_base) FROM \"order\" WHERE owner_key IS NOT NULL AND {} AND {} GROUP BY owner_key",
            counting("status", &COUNTING_ORDERS),
            At::Instant("ordered_at").within(settings, day_before(period.from), period.to)
        );
        for row in ask(engine, &sql).await?.values() {
            let row = row?;
            let [Value::Int(owner), sold] = row.as_slice() else { continue };
            let (sales, sells) = reps.entry(*owner).or_default();
            (sales[place], sells[place]) = (whole(sold), 1);
        }
    }
    let mut sums = Sums::default();
    reps.into_values().for_each(|(sales, sells)| sums.add(sales, sells));
    Ok(sums)
}

/// Answers of each customer and their sum.
type Answered = HashMap<Id, (i64, i64)>;

async fn answers(engine: &Engine, period: &Period, found: &mut Measured) -> Result<()> {
    let select = Sql::select()
        .columns(["account", "expected", "perceived", "recommend"].map(name))
        .from(name(satisfaction::ENTITY))
        .and_where(Expr::col(name("asked_on")).gte(period.from))
        .and_where(Expr::col(name("asked_on")).lte(period.to))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .to_owned();
    let (mut ratios, mut points) = (Answered::new(), Answered::new());
    let add = |all: &mut Answered, account, more: i64| {
        let (answers, sum) = all.entry(account).or_default();
        *answers += 1;
        *sum += more;
    };
    let [mut promoters, mut passives, mut detractors] = [0, 0, 0];
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let small = |index: usize| -> Result<Option<u8>> {
            Ok(row.opt_int(index)?.and_then(|answer| u8::try_from(answer).ok()))
        };
        let account = row.id(0)?;
        if let Some(ratio) = small(2)?.zip(small(1)?).and_then(|(b, a)| ratio_thousandths(b, a)) {
            add(&mut ratios, account, ratio.into());
        }
        let (count, point) = match small(3)? {
            Some(9..) => (&mut promoters, 1),
            Some(7..=8) => (&mut passives, 0),
            Some(_) => (&mut detractors, -1),
            None => continue,
        };
        *count += 1;
        add(&mut points, account, point);
    }
    found.satisfaction =
        Clusters::of(ratios.into_values()).mean(1_000.0).map(|mean| mean.within(0.0, f64::from(MOST)));
    let points = Clusters::of(points.into_values());
    found.nps = Nps::of_counts(promoters, passives, detractors).map(|nps| nps.of_respondents(&points));
    Ok(())
}
