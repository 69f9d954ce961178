//! Everybody's answers together, computed after each fit and kept.

use super::{ENTITY, entity::DIMENSIONS};
use crate::{
    kept,
    settings::{Settings, date_of, day_number},
    statistics::RECENT_DAYS,
};
use engine::{
    Actor, Engine, Query, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql},
};
use meta::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::{
    proportion::{Estimate, mean},
    satisfaction::{Nps, ratio_thousandths},
};

pub const REPORT: &str = "satisfaction";
const PERIOD_DAYS: i32 = 13 * 7;
const PERIODS: usize = 8;
const PAGE: usize = 1_000;

/// C and NPS of 13 weeks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    pub from_on: NaiveDate,
    pub satisfaction: Option<Estimate>,
    pub nps: Option<Nps>,
}

/// One group of customers, by relation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupShown {
    pub satisfaction: Option<Estimate>,
    pub nps: Option<Nps>,
    /// Loyalty index of those who have one, 0 to 100.
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
    pub groups: BTreeMap<String, GroupShown>,
    /// The oldest first.
    pub periods: Vec<Period>,
}

/// Ratios and recommendations.
#[derive(Default)]
struct Heard {
    ratios: Vec<f64>,
    recommend: Vec<u8>,
}

impl Heard {
    fn add(&mut self, ratio: Option<f64>, recommend: Option<u8>) {
        self.ratios.extend(ratio);
        self.recommend.extend(recommend);
    }
}

pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let as_of = settings.as_of_day(engine.clock());
    let today = day_number(as_of);
    let since = date_of(today - PERIOD_DAYS * PERIODS as i32);
    let answer = |column: &str| (name(ENTITY), name(column));
    let account = |column: &str| (name("account"), name(column));
    let select = Sql::select()
        .columns(["account", "asked_on", "dimension", "expected", "perceived", "recommend"].map(answer))
        .column(account("relation"))
        .from(name(ENTITY))
        .join(JoinType::InnerJoin, name("account"), Expr::col(account("id")).equals(answer("account")))
        .and_where(Expr::col(answer("deleted_at")).is_null())
        .and_where(Expr::col(account("deleted_at")).is_null())
        .and_where(Expr::col(answer("asked_on")).gt(since))
        .and_where(Expr::col(answer("asked_on")).lte(as_of))
        .to_owned();
    let (mut all, mut customers) = (Heard::default(), std::collections::BTreeSet::new());
    let mut dimensions: BTreeMap<String, Heard> = BTreeMap::new();
    let mut groups: BTreeMap<String, Heard> = BTreeMap::new();
    let mut periods: Vec<Heard> = (0..PERIODS).map(|_| Heard::default()).collect();
    let mut report = Report::default();
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let small = |index: usize| -> Result<Option<u8>> {
            Ok(row.opt_int(index)?.and_then(|answer| u8::try_from(answer).ok()))
        };
        let (expected, perceived) = (small(3)?, small(4)?);
        let ratio = perceived.zip(expected).and_then(|(b, a)| ratio_thousandths(b, a));
        let (ratio, recommend) = (ratio.map(|ratio| f64::from(ratio) / 1_000.0), small(5)?);
        let age = today - day_number(row.date(1)?);
        let back = usize::try_from(age / PERIOD_DAYS).unwrap_or(0).min(PERIODS - 1);
        periods[PERIODS - 1 - back].add(ratio, recommend);
        if age >= RECENT_DAYS {
            continue;
        }
        report.answers += 1;
        customers.insert(row.id(0)?);
        all.add(ratio, recommend);
        dimensions.entry(row.opt_text(2)?.unwrap_or_default()).or_default().add(ratio, None);
        groups.entry(row.opt_text(6)?.unwrap_or_default()).or_default().add(ratio, recommend);
    }
    drop(rows);
    report.customers = customers.len() as u64;
    report.satisfaction = mean(&all.ratios);
    report.nps = Nps::of(&all.recommend);
    report.dimensions = DIMENSIONS
        .iter()
        .map(|(dimension, ..)| {
            let heard = dimensions.get(*dimension);
            ((*dimension).to_owned(), heard.and_then(|heard| mean(&heard.ratios)))
        })
        .collect();
    report.groups = loyalty_of_groups(engine).await?;
    for (relation, heard) in groups {
        let group = report.groups.entry(relation).or_default();
        group.satisfaction = mean(&heard.ratios);
        group.nps = Nps::of(&heard.recommend);
    }
    report.periods = periods
        .iter()
        .enumerate()
        .map(|(index, heard)| Period {
            from_on: date_of(today - PERIOD_DAYS * (PERIODS - index) as i32 + 1),
            satisfaction: mean(&heard.ratios),
            nps: Nps::of(&heard.recommend),
        })
        .collect();
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await
}

async fn loyalty_of_groups(engine: &Engine) -> Result<BTreeMap<String, GroupShown>> {
    let mut indices: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut query = Query::new("account")
        .filter("loyalty_index != null")
        .sort("id")
        .limit(PAGE)
        .fields(&["relation", "loyalty_index"]);
    loop {
        let page = engine.list(&Actor::system(), &query).await?;
        for record in &page.records {
            if let Some(index) = record.get("loyalty_index").as_int() {
                indices.entry(record.text("relation").to_owned()).or_default().push(index as f64);
            }
        }
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => break,
        }
    }
    let group = |(relation, indices): (String, Vec<f64>)| {
        (relation, GroupShown { loyalty: mean(&indices), ..GroupShown::default() })
    };
    Ok(indices.into_iter().map(group).collect())
}
