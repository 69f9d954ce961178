//! What the generated company lacks and a night works on: returns, what serving costs, answers, contracts, a campaign with its control
//! group, a period to compare with. Written once, by the engine itself, so that totals and rules are the product's own.

use super::day::{Goods, several};
use crate::data::Chance;
use engine::{Actor, Engine, Query};
use insight::mining::experiment::{ENTITY as EXPERIMENT, members};
use meta::{Decimal, Id, NaiveDate, Record, Value, Values};
use serde_json::json;

const SEED: u64 = 20_261_128;
/// One order of so many comes back.
const ORDERS_A_RETURN: usize = 20;
/// One customer of so many answered, and one of so many is under contract.
const CUSTOMERS_AN_ANSWER: usize = 20;
const CUSTOMERS_A_CONTRACT: usize = 40;
const BATCH: usize = 1_000;
const RATES: [(&str, &str, &str); 6] = [
    ("order", "amount", "20"),
    ("order_line", "amount", "3"),
    ("return", "amount", "60"),
    ("call", "amount_per_minute", "1.5"),
    ("payment", "share_of_sales", "0.006"),
    ("freight", "amount", "25"),
];
const REASONS: [&str; 4] = ["quality", "damaged", "late", "changed_mind"];

pub async fn complete(engine: &Engine, until: NaiveDate) -> anyhow::Result<()> {
    let system = Actor::system();
    let rates = Query::new("cost_rate").limit(1);
    if !engine.list(&system, &rates).await?.records.is_empty() {
        return Ok(());
    }
    eprintln!("Returns, answers, contracts, a campaign:");
    let mut chance = Chance::new(SEED, 1);
    returns(engine, &mut chance).await?;
    customers(engine, until, &mut chance).await?;
    campaign(engine, until).await?;
    let base = json!({ "from": before(until, 730), "to": before(until, 366) });
    engine
        .write(&system, move |tx| {
            Box::pin(async move { tx.change_setting("value.benefit_base", &base).await })
        })
        .await?;
    // Last: they tell that all of it is there.
    let rates = RATES.map(|(driver, field, rate)| {
        let rate: Decimal = rate.parse().unwrap_or_default();
        several([
            ("driver", driver.into()),
            ("valid_from", Value::Date(before(until, 2_000))),
            (field, Value::Decimal(rate)),
        ])
    });
    create(engine, "cost_rate", rates.to_vec()).await?;
    Ok(())
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(chrono::Days::new(days)).unwrap_or(day)
}

async fn create(engine: &Engine, entity: &'static str, records: Vec<Values>) -> engine::Result<Vec<Id>> {
    let system = Actor::system();
    let create =
        engine.write(&system, move |tx| Box::pin(async move { tx.create_many(entity, records).await }));
    create.await
}

/// Every record in turn, some at once.
async fn walk(
    engine: &Engine,
    entity: &str,
    fields: &[&str],
    mut each: impl AsyncFnMut(Vec<Record>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut query = Query::new(entity).sort("id").limit(BATCH).fields(fields);
    loop {
        let page = engine.list(&Actor::system(), &query).await?;
        each(page.records).await?;
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return Ok(()),
        }
    }
}

async fn returns(engine: &Engine, chance: &mut Chance) -> anyhow::Result<()> {
    let goods = Goods::read(engine).await?;
    let fields = ["ordered_at", "account"];
    walk(engine, "order", &fields, async |orders| {
        let back = orders.iter().step_by(ORDERS_A_RETURN);
        let heads = back.map(|order| {
            several([
                ("order", order.id.into()),
                ("account", order.get("account").clone()),
                ("returned_at", order.get("ordered_at").clone()),
                ("reason", chance.pick(&REASONS).into()),
            ])
        });
        let heads: Vec<Values> = heads.collect();
        Ok(goods.documents(engine, ("return", "return_line"), heads, 1, chance).await?)
    })
    .await
}

async fn customers(engine: &Engine, until: NaiveDate, chance: &mut Chance) -> anyhow::Result<()> {
    walk(engine, "account", &["name"], async |accounts| {
        let answers = accounts.iter().step_by(CUSTOMERS_AN_ANSWER).map(|account| {
            let expected = 5 + chance.below(6) as i64;
            several([
                ("account", account.id.into()),
                ("asked_on", Value::Date(before(until, chance.below(360) as u64))),
                ("expected", expected.into()),
                ("perceived", (expected - 3 + chance.below(5) as i64).min(10).into()),
                ("recommend", (chance.below(11) as i64).into()),
                ("repurchase", (chance.below(11) as i64).into()),
            ])
        });
        create(engine, insight::satisfaction::ENTITY, answers.collect()).await?;
        let contracts = accounts.iter().skip(1).step_by(CUSTOMERS_A_CONTRACT).map(|account| {
            let begun = chance.below(1_400) as u64;
            let ended = chance.happens(0.3).then(|| before(until, begun.saturating_sub(364)));
            let fields = several([
                ("contract_start_on", Value::Date(before(until, begun + 1))),
                ("contract_end_on", ended.map(Value::Date).unwrap_or_default()),
            ]);
            (account.id, fields)
        });
        let contracts: Vec<(Id, Values)> = contracts.collect();
        let system = Actor::system();
        let update = engine
            .write(&system, move |tx| Box::pin(async move { tx.update_many("account", contracts).await }));
        update.await?;
        Ok(())
    })
    .await
}

async fn campaign(engine: &Engine, until: NaiveDate) -> anyhow::Result<()> {
    let first = until.succ_opt().unwrap_or(until);
    let experiment = several([
        ("name", "老客户回访".into()),
        ("population", "importance in ['vip', 'key']".into()),
        ("start_on", Value::Date(first)),
        ("end_on", Value::Date(first + chrono::Days::new(28))),
        ("outcome", "sales".into()),
    ]);
    for id in create(engine, EXPERIMENT, vec![experiment]).await? {
        let experiment = engine.get(&Actor::system(), EXPERIMENT, id).await?;
        let drawn = members::draw(engine, &experiment).await?;
        eprintln!("{} customers of a campaign", drawn.customers);
    }
    Ok(())
}
