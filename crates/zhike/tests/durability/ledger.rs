//! What the program acknowledged, and what it may or may not have done when it died.

use crate::client::{Became, Client, Request};
use std::collections::BTreeMap;

/// What stands in the database under a mark once the write is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// So many accounts whose `source` is the mark.
    Accounts(usize),
    /// An order whose number is the mark, with so many lines.
    Order(usize),
    /// A field the company declares itself for an entity, whose name is the mark.
    Field(&'static str),
    /// A record of an entity that has the mark in such a field.
    Filled(&'static str, String),
}

/// A request, the mark and what it creates, the account and the city it sets.
type Attempt = (Request, Option<(String, Expected)>, Option<(String, String)>);

#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub acknowledged: BTreeMap<String, Expected>,
    /// The last city acknowledged for an account.
    pub cities: BTreeMap<String, String>,
    /// Sent, and nobody knows what became of them.
    pub unknown: Vec<Attempt>,
    /// Sent, and nothing was saved, as the program said.
    pub refused: Vec<Attempt>,
    /// Writes acknowledged.
    pub count: usize,
}

impl Ledger {
    /// Whether the write was done.
    pub fn note(
        &mut self,
        became: Became,
        request: Request,
        creates: Option<(String, Expected)>,
        city: Option<(String, String)>,
    ) -> bool {
        match became {
            Became::Done => {
                self.acknowledged.extend(creates);
                self.cities.extend(city);
                self.count += 1;
                return true;
            }
            Became::Refused => self.refused.push((request, creates, city)),
            Became::Unknown => self.unknown.push((request, creates, city)),
        }
        false
    }

    pub fn has_field_nobody_filled(&self) -> bool {
        let filled = |name: &String| {
            let fills = |one: &Expected| matches!(one, Expected::Filled(_, field) if field == name);
            self.acknowledged.values().any(fills)
        };
        let is_field = |one: &Expected| matches!(one, Expected::Field(_));
        self.acknowledged.iter().any(|(mark, one)| is_field(one) && !filled(mark))
    }

    pub fn merge(&mut self, other: Ledger) {
        self.acknowledged.extend(other.acknowledged);
        self.cities.extend(other.cities);
        self.unknown.extend(other.unknown);
        self.refused.extend(other.refused);
        self.count += other.count;
    }
}

/// How much of what `mark` stands for is there; panics on a half.
pub async fn found(client: &Client, mark: &str, expected: &Expected) -> bool {
    match expected {
        Expected::Accounts(count) => {
            let found = client.list("account", &format!("source == '{mark}'")).await.len();
            assert!(found == 0 || found == *count, "{mark}: {found} of {count} accounts");
            found == *count
        }
        Expected::Order(lines) => {
            let orders = client.list("order", &format!("number == '{mark}'")).await;
            assert!(orders.len() < 2, "{mark} is there twice");
            let Some(order) = orders.first() else { return false };
            let whole = client.get(&format!("order/{}", order["id"].as_str().unwrap())).await;
            assert_eq!(whole["lines"].as_array().unwrap().len(), *lines, "{mark} has lost lines: {whole}");
            assert_eq!(whole["total"].as_str(), Some(format!("{}", lines * 6).as_str()), "{whole}");
            true
        }
        Expected::Field(entity) => {
            let declared = once(client, "custom_field", "name", mark).await;
            if declared {
                client.knows(entity, mark).await;
            }
            declared
        }
        Expected::Filled(entity, field) => {
            client.knows(entity, field).await;
            once(client, entity, field, mark).await
        }
    }
}

async fn once(client: &Client, entity: &str, field: &str, mark: &str) -> bool {
    let found = client.list(entity, &format!("{field} == '{mark}'")).await.len();
    assert!(found < 2, "{mark} is there {found} times");
    found == 1
}

/// Repeats what was not acknowledged: it is done exactly once in the end, and what was refused had not been. `earlier` is what earlier
/// rounds acknowledged.
pub async fn settle(client: &Client, earlier: &Ledger, ledger: &mut Ledger) -> usize {
    let repeated = ledger.unknown.len() + ledger.refused.len();
    let unknown = std::mem::take(&mut ledger.unknown).into_iter().map(|attempt| (attempt, true));
    let refused = std::mem::take(&mut ledger.refused).into_iter().map(|attempt| (attempt, false));
    for ((request, creates, city), may_be_there) in unknown.chain(refused) {
        if let Some((mark, expected)) = &creates {
            let there = found(client, mark, expected).await;
            assert!(may_be_there || !there, "{mark} is there, and the program said that nothing was saved");
        }
        if let Some((account, city)) = &city {
            let now = client.get(&format!("account/{account}")).await;
            let now = now["city"].as_str().unwrap_or_default();
            let before =
                ledger.cities.get(account).or(earlier.cities.get(account)).map_or("0", String::as_str);
            assert!(
                now == before || may_be_there && now == city,
                "account {account}: {now}, and not {before} ({city} may be: {may_be_there})"
            );
        }
        let (status, answer) = client.send(&request).await.expect("an answer to a repeated request");
        assert!((200..300).contains(&status), "{request:?}: {status} {answer}");
        if let Some((mark, expected)) = creates {
            assert!(found(client, &mark, &expected).await, "{mark} is not there after it was repeated");
            ledger.acknowledged.insert(mark, expected);
        }
        if let Some((account, city)) = city {
            ledger.cities.insert(account, city);
        }
        ledger.count += 1;
    }
    repeated
}

/// How many acknowledged writes are lost.
pub async fn lost(client: &Client, ledger: &Ledger) -> Vec<String> {
    let mut lost = vec![];
    for (mark, expected) in &ledger.acknowledged {
        if !found(client, mark, expected).await {
            lost.push(mark.clone());
        }
    }
    for (account, city) in &ledger.cities {
        let now = client.get(&format!("account/{account}")).await;
        if now["city"].as_str() != Some(city) {
            lost.push(format!("account {account} in {city}, not {}", now["city"]));
        }
    }
    lost
}
