//! A regular customer's next purchase is due: one prompt for all products that are, until he has bought.

use super::{raise::Raised, rule::Rule, signal::Signal};
use crate::{cycle::Due, settings::date_of};
use engine::{Actor, Engine, Result};
use meta::Id;
use std::collections::BTreeMap;

const PAGE: usize = 500;
/// Products named in one prompt.
const PRODUCTS: usize = 5;

pub async fn find(engine: &Engine, due: &[Due]) -> Result<Vec<Raised>> {
    let mut by_account: BTreeMap<Id, Vec<&Due>> = BTreeMap::new();
    for one in due {
        by_account.entry(one.account).or_default().push(one);
    }
    let accounts: Vec<Id> = by_account.keys().copied().collect();
    let mut found = vec![];
    for batch in accounts.chunks(PAGE) {
        let products: Vec<(&str, Id)> = batch
            .iter()
            .flat_map(|account| &by_account[account])
            .map(|one| ("product", one.product))
            .collect();
        let titles = engine.titles(&Actor::system(), &products).await?;
        for record in engine.get_many(&Actor::system(), "account", batch).await? {
            let Some(dues) = by_account.get_mut(&record.id) else { continue };
            dues.sort_by_key(|one| (one.cycle.next.day, one.product));
            let last = dues.iter().map(|one| one.cycle.last_day).max();
            let signal = |one: &&Due| Signal::Due {
                product: titles.get(&one.product).cloned().unwrap_or_default(),
                every_days: one.cycle.typical_days,
                last_on: date_of(one.cycle.last_day),
                next_on: date_of(one.cycle.next.day),
                from_on: date_of(one.cycle.next.from_day),
                to_on: date_of(one.cycle.next.to_day),
            };
            found.push(Raised {
                rule: Rule::ReorderDue,
                name: record.text("name").to_owned(),
                account: Some(record.id),
                customers: None,
                owner: record.reference("owner"),
                since: last.map(date_of),
                signals: dues.iter().take(PRODUCTS).map(signal).collect(),
                weeks: vec![],
            });
        }
    }
    Ok(found)
}
