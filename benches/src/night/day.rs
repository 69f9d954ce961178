//! A day's business between two nights: orders, returns, what is known of customers.

use crate::data::Chance;
use engine::{Actor, Engine, Query};
use meta::{Decimal, Id, Value, Values};

const SEED: u64 = 20_261_129;
const ORDERS: usize = 3_000;
const RETURNS: usize = 150;
const LINES: usize = 3;
const CHANGES: usize = 200;
const BATCH: usize = 500;

pub fn several<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Products to sell.
pub struct Goods(Vec<Id>);

impl Goods {
    pub async fn read(engine: &Engine) -> engine::Result<Goods> {
        let products = Query::new("product").sort("id").limit(1_000).fields(&["name"]);
        let products = engine.list(&Actor::system(), &products).await?.records;
        Ok(Goods(products.into_iter().map(|product| product.id).collect()))
    }

    /// Creates documents with so many lines each.
    pub async fn documents(
        &self,
        engine: &Engine,
        (entity, line): (&'static str, &'static str),
        heads: Vec<Values>,
        lines: usize,
        chance: &mut Chance,
    ) -> engine::Result<()> {
        let goods: Vec<Values> = (0..heads.len() * lines)
            .map(|_| {
                let price = Decimal::new(1_000 + chance.below(40_000) as i64, 2);
                several([
                    ("product", chance.pick(&self.0).into()),
                    ("quantity", Value::Decimal(Decimal::from(1 + chance.below(3)))),
                    ("unit_price", Value::Decimal(price)),
                    ("unit_cost", Value::Decimal((price * Decimal::new(6, 1)).round_dp(2))),
                ])
            })
            .collect();
        let system = Actor::system();
        let create = engine.write(&system, move |tx| {
            Box::pin(async move {
                let documents = tx.create_many(entity, heads).await?;
                let mut goods = goods;
                for (at, goods) in goods.iter_mut().enumerate() {
                    goods.insert(entity.to_owned(), documents[at / lines].into());
                }
                tx.create_many(line, goods).await.map(drop)
            })
        });
        create.await
    }
}

pub async fn pass(engine: &Engine) -> anyhow::Result<()> {
    let mut chance = Chance::new(SEED, 2);
    let goods = Goods::read(engine).await?;
    let accounts = Query::new("account").sort("id").limit(1_000).fields(&["name"]);
    let accounts = engine.list(&Actor::system(), &accounts).await?.records;
    let mut of = |count: usize| -> Vec<Values> {
        let one =
            |chance: &mut Chance| several([("account", accounts[chance.below(accounts.len())].id.into())]);
        (0..count).map(|_| one(&mut chance)).collect()
    };
    let (orders, returns) = (of(ORDERS), of(RETURNS));
    for some in orders.chunks(BATCH) {
        goods.documents(engine, ("order", "order_line"), some.to_vec(), LINES, &mut chance).await?;
    }
    goods.documents(engine, ("return", "return_line"), returns, 1, &mut chance).await?;
    let cities = ["上海", "杭州", "青岛"];
    let changes: Vec<(Id, Values)> = accounts
        .iter()
        .take(CHANGES)
        .map(|account| (account.id, several([("city", chance.pick(&cities).into())])))
        .collect();
    let system = Actor::system();
    let update =
        engine.write(&system, move |tx| Box::pin(async move { tx.update_many("account", changes).await }));
    update.await?;
    Ok(())
}
