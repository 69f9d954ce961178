//! Made-up supply contracts: wholesalers, dealers and hotels sign for a quarter, which is renewed while they go on buying.

use super::{
    chance::Chance,
    company::{Company, Plan},
    customers::Customer,
    orders::Purchase,
    segment::Segment,
};
use chrono::{Duration, Months};
use engine::{Actor, Engine};
use insight::contract::Definition;
use meta::Value;

/// Streams of chance of their own, so that the rest of the world stays as it is.
const STREAM: u64 = 200_000;
const MONTHS: u32 = 3;
/// Who has been silent for longer has ended his contract.
const SILENT_DAYS: i64 = 150;

/// Contracts are renewed quarterly, and customers compared by what the demo knows of them.
pub async fn define(engine: &Engine) -> anyhow::Result<()> {
    let features = ["relation", "province", "industry", "size_employees", "risk"].map(str::to_owned).to_vec();
    let definition = Definition { months: MONTHS, features, ..Definition::default() };
    let written =
        engine.write(&Actor::system(), move |tx| Box::pin(async move { definition.save(tx).await })).await;
    Ok(written?)
}

/// To the customer that was added last.
pub fn add(company: &mut Company, plan: &Plan, customer: &Customer, purchases: &[Purchase], stream: u64) {
    let mut chance = Chance::new(plan.seed, STREAM + stream);
    let signs = match customer.segment {
        Segment::Wholesale => 0.75,
        Segment::Dealer => 0.9,
        Segment::Hotel => 0.85,
        Segment::Export | Segment::Consumer => 0.0,
    };
    let (Some(first), Some(last)) = (purchases.first(), purchases.last()) else { return };
    if !chance.happens(signs) {
        return;
    }
    let start = first.at.date_naive() + Duration::days(chance.below(14) as i64);
    if start >= plan.to.date_naive() {
        return;
    }
    let mut fields = vec![("contract_start_on".to_owned(), Value::Date(start))];
    if (plan.to - last.at).num_days() > SILENT_DAYS {
        let renewals = (1..).map(|n| start + Months::new(MONTHS * n));
        let end = renewals.into_iter().find(|day| *day > last.at.date_naive());
        fields.extend(end.map(|day| ("contract_end_on".to_owned(), Value::Date(day - Duration::days(1)))));
    }
    let accounts = company.records.get_mut("account");
    if let Some(record) = accounts.and_then(|accounts| accounts.iter_mut().rfind(|one| one.id == customer.id))
    {
        record.values.extend(fields);
    }
}
