//! Random writes about customers, products and campaigns themselves, beside those of `live_equals_refit::step`.

use crate::{company::values, live_equals_refit::World};
use engine::Tx;
use meta::{Id, Value, Values};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

const PROVINCES: [&str; 3] = ["山东", "浙江", "四川"];

fn made(kind: &str, world: &World, chance: &mut ChaCha8Rng) -> Values {
    let number = chance.random_range(0..10_000);
    let one_of = |kind: &str, chance: &mut ChaCha8Rng| -> Value {
        let known = world.live.get(kind).and_then(|known| known.choose(chance)).copied();
        known.filter(|_| chance.random_bool(0.8)).into()
    };
    match kind {
        "product_category" => values([("name", format!("Category {number}").into())]),
        "product" => values([
            ("name", format!("Product {number}").into()),
            ("code", format!("{}", chance.random::<u32>()).into()),
            ("category", one_of("product_category", chance)),
        ]),
        "contact" => values([
            ("name", format!("Contact {number}").into()),
            ("account", world.accounts.choose(chance).copied().into()),
        ]),
        _ => values([
            ("name", format!("Customer {number}").into()),
            ("province", PROVINCES.choose(chance).copied().filter(|_| chance.random_bool(0.7)).into()),
            ("relation", ["dealer", "consumer"].choose(chance).copied().into()),
        ]),
    }
}

/// One write: something new, changed, deleted, brought back, or a line's product.
pub async fn stir(tx: &mut Tx, world: &mut World, chance: &mut ChaCha8Rng) -> engine::Result<()> {
    let kind = ["product", "product_category", "contact", "account"].choose(chance).copied().unwrap();
    let known = match kind {
        "account" => world.accounts.choose(chance).copied(),
        _ => world.live.get(kind).and_then(|known| known.choose(chance)).copied(),
    };
    match (chance.random_range(0..6), known) {
        (0, Some(id)) => {
            let mut changed = made(kind, world, chance);
            changed.retain(|_, _| chance.random_bool(0.6));
            tx.update(kind, id, None, changed).await?;
        }
        (1, Some(id)) => {
            tx.delete(kind, id, None).await?;
            world.accounts.retain(|known| *known != id);
            world.live.entry(kind).or_default().retain(|known| *known != id);
            world.deleted.entry(kind).or_default().push(id);
        }
        (2, Some(_)) => {
            if let Some(id) = world.deleted.entry(kind).or_default().pop() {
                tx.restore(kind, id).await?;
                there(world, kind, id);
            }
        }
        (3, _) => {
            let lines = tx.list(&engine::Query::new("order_line").limit(50)).await?.records;
            let product = world.live.get("product").and_then(|known| known.choose(chance)).copied();
            if let Some(line) = lines.choose(chance) {
                tx.update("order_line", line.id, None, values([("product", product.into())])).await?;
            }
        }
        (4, _) => {
            // Who was drawn goes and comes back with the campaign.
            let campaigns = engine::Query::new("experiment").limit(5);
            let live = tx.list(&campaigns).await?.records;
            match live.choose(chance) {
                Some(campaign) => tx.delete("experiment", campaign.id, None).await?,
                None => {
                    for campaign in tx.list(&campaigns.deleted()).await?.records {
                        tx.restore("experiment", campaign.id).await?;
                    }
                }
            }
        }
        _ => {
            let id = tx.create(kind, made(kind, world, chance)).await?;
            there(world, kind, id);
        }
    }
    Ok(())
}

fn there(world: &mut World, kind: &'static str, id: Id) {
    if kind == "account" {
        world.accounts.push(id);
    } else {
        world.live.entry(kind).or_default().push(id);
    }
}
