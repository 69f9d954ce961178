//! The property the whole module rests on: whatever is written, in whatever order, figures that followed the log are the
//! figures a full computation gives with the same model.
//! Long because the random world of writes, which other tests borrow, stands with what holds of it.

use crate::company::{Company, at, decimal, on_databases, values};
use engine::{Actor, Query, Tx};
use insight::{live, refit, store};
use meta::{Decimal, Id, Record, Value, Values};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeSet, HashMap};

/// What exists so far; deleted records are kept apart so that they can come back.
#[derive(Clone, Default)]
pub struct World {
    pub accounts: Vec<Id>,
    pub live: HashMap<&'static str, Vec<Id>>,
    pub deleted: HashMap<&'static str, Vec<Id>>,
}

fn some_day(chance: &mut ChaCha8Rng) -> String {
    let start: chrono::NaiveDate = "2025-06-01".parse().unwrap();
    // The last ones lie after the as-of day.
    (start + chrono::Duration::days(chance.random_range(0..560))).to_string()
}

fn some_amount(chance: &mut ChaCha8Rng) -> Value {
    let amount = if chance.random_ratio(1, 12) { 0 } else { chance.random_range(1..90_000) };
    decimal(&Decimal::new(amount, 2).to_string())
}

fn head(entity: &str, world: &World, chance: &mut ChaCha8Rng) -> Values {
    let account = world.accounts.choose(chance).copied().filter(|_| !chance.random_ratio(1, 8));
    let (moment, states): (&str, &[&str]) = match entity {
        "order" => ("ordered_at", &["draft", "confirmed", "shipped", "completed", "cancelled"]),
        _ => ("returned_at", &["requested", "received", "refunded", "rejected"]),
    };
    let status = states.choose(chance).copied().unwrap();
    values([("account", account.into()), (moment, at(&some_day(chance))), ("status", status.into())])
}

fn line(chance: &mut ChaCha8Rng) -> Values {
    let cost = if chance.random_ratio(1, 3) { Value::Null } else { some_amount(chance) };
    values([("description", "goods".into()), ("unit_price", some_amount(chance)), ("unit_cost", cost)])
}

fn contact(world: &World, chance: &mut ChaCha8Rng) -> Values {
    let kind = ["call", "visit", "note", "task"].choose(chance).copied().unwrap();
    values([
        ("subject", "About the order".into()),
        ("kind", kind.into()),
        ("account", world.accounts.choose(chance).copied().filter(|_| !chance.random_ratio(1, 8)).into()),
        ("happened_at", at(&some_day(chance))),
        ("duration_minutes", Value::Int(chance.random_range(0..90))),
        ("done", chance.random_bool(0.8).into()),
    ])
}

fn answer(world: &World, chance: &mut ChaCha8Rng) -> Values {
    let day: chrono::NaiveDate = some_day(chance).parse().unwrap();
    let ten = |chance: &mut ChaCha8Rng| Value::Int(chance.random_range(1..11));
    values([
        ("account", world.accounts.choose(chance).copied().into()),
        ("asked_on", day.into()),
        ("expected", ten(chance)),
        ("perceived", ten(chance)),
        ("recommend", ten(chance)),
        ("price_tolerance", if chance.random_bool(0.5) { ten(chance) } else { Value::Null }),
    ])
}

/// One random contact with a customer or answer of him, new, changed, deleted or brought back.
async fn talk(tx: &mut Tx, world: &mut World, chance: &mut ChaCha8Rng) -> engine::Result<()> {
    let kind = if chance.random_ratio(1, 3) { "survey_answer" } else { "activity" };
    let made = if kind == "activity" { contact } else { answer };
    let known = world.live.get(kind).and_then(|known| known.choose(chance)).copied();
    match (chance.random_range(0..6), known) {
        (0, Some(id)) => {
            let mut changed = made(world, chance);
            changed.retain(|_, _| chance.random_bool(0.5));
            tx.update(kind, id, None, changed).await?;
        }
        (1, Some(id)) => {
            tx.delete(kind, id, None).await?;
            world.live.entry(kind).or_default().retain(|known| *known != id);
            world.deleted.entry(kind).or_default().push(id);
        }
        (2, Some(_)) => {
            if let Some(id) = world.deleted.entry(kind).or_default().pop() {
                tx.restore(kind, id).await?;
                world.live.entry(kind).or_default().push(id);
            }
        }
        _ => {
            let id = tx.create(kind, made(world, chance)).await?;
            world.live.entry(kind).or_default().push(id);
        }
    }
    Ok(())
}

/// One random write of any kind that may move somebody's figures.
/// A transaction of up to `most` steps; one that a rule refuses leaves nothing.
pub async fn some_steps(company: &Company, world: &mut World, chance: &mut ChaCha8Rng, most: usize) {
    let (mut own, mut own_chance) = (world.clone(), ChaCha8Rng::seed_from_u64(chance.random()));
    let system = Actor::system();
    let written = company.engine.write(&system, move |tx| {
        Box::pin(async move {
            for _ in 0..own_chance.random_range(1..=most) {
                step(tx, &mut own, &mut own_chance).await?;
            }
            Ok(own)
        })
    });
    match written.await {
        Ok(after) => *world = after,
        Err(engine::Error::Invalid(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

pub async fn step(tx: &mut Tx, world: &mut World, chance: &mut ChaCha8Rng) -> engine::Result<()> {
    let (entity, line_entity) =
        if chance.random_ratio(2, 3) { ("order", "order_line") } else { ("return", "return_line") };
    if chance.random_ratio(1, 5) {
        return talk(tx, world, chance).await;
    }
    let known = world.live.get(entity).and_then(|known| known.choose(chance)).copied();
    match (chance.random_range(0..12), known) {
        (0, _) => {
            let name = format!("Customer {}", world.accounts.len());
            world.accounts.push(tx.create("account", values([("name", name.into())])).await?);
        }
        (1, _) => {
            // Many at once log compactly.
            let heads: Vec<Values> = (0..4).map(|_| head(entity, world, chance)).collect();
            let ids = tx.create_many(entity, heads).await?;
            let lines = ids.iter().map(|id| {
                let mut line = line(chance);
                line.insert(entity.to_owned(), (*id).into());
                line
            });
            let lines: Vec<Values> = lines.collect();
            tx.create_many(line_entity, lines).await?;
            world.live.entry(entity).or_default().extend(ids);
        }
        (2..=4, _) | (_, None) => {
            let id = tx.create(entity, head(entity, world, chance)).await?;
            let mut line = line(chance);
            line.insert(entity.to_owned(), id.into());
            tx.create(line_entity, line).await?;
            world.live.entry(entity).or_default().push(id);
        }
        (5 | 6, Some(id)) => {
            let mut changed = head(entity, world, chance);
            changed.retain(|_, _| chance.random_bool(0.5));
            tx.update(entity, id, None, changed).await?;
        }
        (7, Some(id)) => {
            let query = Query::new(line_entity).filter(format!("{entity} == '{id}'"));
            if let Some(first) = tx.list(&query).await?.records.first() {
                tx.update(line_entity, first.id, None, values([("unit_price", some_amount(chance))])).await?;
            }
        }
        (8, Some(id)) => {
            let query = Query::new(line_entity).filter(format!("{entity} == '{id}'"));
            if let Some(first) = tx.list(&query).await?.records.first() {
                tx.delete(line_entity, first.id, None).await?;
            }
        }
        (9, Some(id)) => {
            tx.delete(entity, id, None).await?;
            world.live.entry(entity).or_default().retain(|known| *known != id);
            world.deleted.entry(entity).or_default().push(id);
        }
        (10, Some(_)) => {
            if let Some(id) = world.deleted.entry(entity).or_default().pop() {
                tx.restore(entity, id).await?;
                world.live.entry(entity).or_default().push(id);
            }
        }
        (_, Some(_)) => {
            let account = world.accounts.choose(chance).copied().unwrap();
            let chosen: Value =
                ["vip", "ordinary"].choose(chance).filter(|_| chance.random_bool(0.6)).copied().into();
            tx.update("account", account, None, values([("importance_override", chosen)])).await?;
        }
    }
    Ok(())
}

/// Orders, gross and net sales per customer, computed from the records alone.
async fn counted_by_hand(
    company: &Company,
) -> HashMap<Id, (i64, Decimal, Decimal, BTreeSet<chrono::NaiveDate>)> {
    let mut found: HashMap<Id, (i64, Decimal, Decimal, BTreeSet<chrono::NaiveDate>)> = HashMap::new();
    let today = company.clock.today();
    for record in all(company, "order").await {
        let day = record.get("ordered_at").as_date().unwrap();
        let counts = ["confirmed", "shipped", "completed"].contains(&record.text("status")) && day <= today;
        let amount = record.get("net_base").as_decimal().unwrap_or_default();
        if let (Some(account), true) = (record.reference("account"), counts && amount > Decimal::ZERO) {
            let known = found.entry(account).or_default();
            known.0 += 1;
            known.1 += amount;
            known.2 += amount;
            known.3.insert(day);
        }
    }
    for record in all(company, "return").await {
        let counts = ["received", "refunded"].contains(&record.text("status"))
            && record.get("returned_at").as_date().unwrap() <= today;
        if let (Some(account), true) = (record.reference("account"), counts) {
            found.entry(account).or_default().2 -= record.get("net_base").as_decimal().unwrap_or_default();
        }
    }
    found
}

async fn are_counted_by_hand(company: &Company, records: &[Record], context: &str) {
    let by_hand = counted_by_hand(company).await;
    for record in records {
        let (orders, gross, net, days) = by_hand.get(&record.id).cloned().unwrap_or_default();
        let told = |field: &str| record.get(field).as_decimal().unwrap();
        let context = format!("{context}, {}", record.text("name"));
        assert_eq!(record.get("orders"), &Value::Int(orders), "{context}");
        assert_eq!((told("gross_sales"), told("net_sales")), (gross, net), "{context}");
        assert_eq!(record.get("last_order_on").as_date(), days.last().copied(), "{context}");
        assert_eq!(record.get("first_order_on").as_date(), days.first().copied(), "{context}");
    }
}

async fn all(company: &Company, entity: &str) -> Vec<Record> {
    let page = company.engine.list(&Actor::system(), &Query::new(entity).limit(1_000)).await.unwrap();
    assert!(page.next.is_none(), "more than one page");
    page.records
}

#[test]
fn figures_that_followed_the_log_are_those_of_a_full_computation() {
    on_databases(async |company| {
        let mut world = World { accounts: company.regulars().await, ..World::default() };
        company.cost_rates().await;
        let model = refit::refit(&company.engine, None).await.unwrap();
        assert!(model.fitted.model.bg_nbd.fitted().is_some());
        for seed in 0..6 {
            let mut chance = ChaCha8Rng::seed_from_u64(seed);
            for _ in 0..8 {
                let (mut own, mut own_chance) = (world.clone(), chance.clone());
                let written = company
                    .engine
                    .write(&Actor::system(), move |tx| {
                        Box::pin(async move {
                            for _ in 0..own_chance.random_range(1..5) {
                                step(tx, &mut own, &mut own_chance).await?;
                            }
                            Ok((own, own_chance))
                        })
                    })
                    .await;
                match written {
                    Ok(after) => (world, chance) = after,
                    // A rule of orders refused it: nothing of this transaction may be seen.
                    Err(engine::Error::Invalid(_)) => chance = ChaCha8Rng::seed_from_u64(chance.random()),
                    Err(error) => panic!("seed {seed}: {error}"),
                }
                if chance.random_bool(0.4) {
                    company.settle().await;
                }
            }
            company.settle().await;
            let followed = company.everybody().await;
            are_counted_by_hand(&company, &followed, &format!("seed {seed}")).await;
            let computed = computed(&company).await;
            assert_eq!(followed, computed, "seed {seed}");
            // Following the same entries again changes nothing either.
            follow_from_the_beginning(&company).await;
            company.settle().await;
            assert_eq!(computed, company.everybody().await, "seed {seed}");
        }
        let before = company.everybody().await;
        refit::refit(&company.engine, None).await.unwrap();
        refit::refit(&company.engine, None).await.unwrap();
        let figures = |records: &[Record]| -> Vec<Value> {
            records.iter().map(|record| record.get("net_sales").clone()).collect()
        };
        assert_eq!(figures(&before), figures(&company.everybody().await));
        // Everybody's figures rest on all entries: none of them is followed once more, as after a great import.
        follow_from_the_beginning(&company).await;
        let last = company.engine.last_change().await.unwrap();
        while live::seen(&company.engine).await.unwrap() < last {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        refit::refit(&company.engine, None).await.unwrap();
        assert!(last > 0 && company.engine.position(live::READER).await.unwrap() >= last);
        assert_eq!(figures(&before), figures(&company.everybody().await));
    });
}

async fn follow_from_the_beginning(company: &Company) {
    let system = Actor::system();
    let back = company.engine.write(&system, |tx| Box::pin(tx.set_position(live::READER, 0)));
    back.await.unwrap();
}

/// A world of writes, one transaction each; refused ones leave nothing.
async fn write_some(company: &Company, world: &mut World, chance: &mut ChaCha8Rng, count: usize) {
    for _ in 0..count {
        let (mut own, mut own_chance) = (world.clone(), ChaCha8Rng::seed_from_u64(chance.random()));
        let written = company
            .engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    step(tx, &mut own, &mut own_chance).await?;
                    Ok(own)
                })
            })
            .await;
        match written {
            Ok(after) => *world = after,
            Err(engine::Error::Invalid(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Everybody scored again with the newest model, a few at a time, from what the records say now.
async fn computed(company: &Company) -> Vec<Record> {
    let accounts: Vec<Id> = company.everybody().await.iter().map(|record| record.id).collect();
    let system = Actor::system();
    for batch in accounts.chunks(7).map(<[Id]>::to_vec) {
        let rescore = company
            .engine
            .write(&system, move |tx| Box::pin(async move { store::rescore(tx, &batch).await }));
        rescore.await.unwrap();
    }
    company.everybody().await
}

#[test]
fn what_is_written_during_a_refit_is_in_the_figures_after_it() {
    on_databases(async |company| {
        let mut world = World { accounts: company.regulars().await, ..World::default() };
        company.cost_rates().await;
        company.settle().await;
        let first = refit::refit(&company.engine, None).await.unwrap();
        for seed in 10..14 {
            let mut chance = ChaCha8Rng::seed_from_u64(seed);
            write_some(&company, &mut world, &mut chance, 5).await;
            if seed % 2 == 0 {
                company.settle().await;
            }
            let everybody = refit::read(&company.engine, None).await.unwrap();
            // The reader of the log gives these to the customers at once, by the model before; the refit read nothing of them.
            write_some(&company, &mut world, &mut chance, 12).await;
            if seed < 13 {
                company.settle().await;
            }
            let model = refit::complete(&company.engine, everybody, None).await.unwrap();
            assert!(model.id > first.id);
            let found = company.everybody().await;
            assert_eq!(found, computed(&company).await, "seed {seed}");
            // Who changed meanwhile is not in the fit, and counts towards the next.
            assert!(store::changed_since_fit(&company.engine).await.unwrap() > 0);
            refit::refit(&company.engine, None).await.unwrap();
            assert_eq!(store::changed_since_fit(&company.engine).await.unwrap(), 0);
        }
    });
}

/// A refit that dies with its process, some as soon as they have written over figures, the others at random moments.
#[test]
fn a_refit_that_dies_on_its_way_leaves_nobody_behind() {
    on_databases(async |company| {
        let mut world = World { accounts: company.regulars().await, ..World::default() };
        company.cost_rates().await;
        company.settle().await;
        let mut died = 0;
        for seed in 30..42 {
            let mut chance = ChaCha8Rng::seed_from_u64(seed);
            let everybody = refit::read(&company.engine, None).await.unwrap();
            write_some(&company, &mut world, &mut chance, 8).await;
            // The reader of the log has been there when the refit writes what it read before.
            company.settle().await;
            let counter = engine::overwritten(live::READER);
            let before = company.engine.position(&counter).await.unwrap();
            let over = async {
                while company.engine.position(&counter).await.unwrap() == before {
                    tokio::task::yield_now().await;
                }
            };
            let some_time = std::time::Duration::from_micros(chance.random_range(0..60_000));
            tokio::select! {
                biased;
                () = over, if seed < 36 => died += 1,
                () = tokio::time::sleep(some_time), if seed >= 36 => {}
                done = refit::complete(&company.engine, everybody, None) => drop(done.unwrap()),
            }
            company.settle().await;
            are_counted_by_hand(&company, &company.everybody().await, &format!("seed {seed}")).await;
        }
        assert!(died > 0, "no refit died right after it wrote");
        refit::refit(&company.engine, None).await.unwrap();
        assert_eq!(company.everybody().await, computed(&company).await);
    });
}

#[test]
fn refits_writes_and_the_reader_of_the_log_may_run_at_once() {
    on_databases(async |company| {
        let mut world = World { accounts: company.regulars().await, ..World::default() };
        company.cost_rates().await;
        let mut chance = ChaCha8Rng::seed_from_u64(21);
        let writes = write_some(&company, &mut world, &mut chance, 60);
        let follow = async {
            for _ in 0..40 {
                live::follow(&company.engine).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let refits = async {
            for _ in 0..3 {
                refit::refit(&company.engine, None).await.unwrap();
            }
        };
        let other = async {
            refit::refit(&company.engine, None).await.unwrap();
        };
        tokio::join!(writes, follow, refits, other);
        company.settle().await;
        let found = company.everybody().await;
        assert_eq!(found, computed(&company).await);
    });
}
