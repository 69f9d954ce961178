//! Reading.

use super::{
    company::CITIES,
    model::{Firm, Known},
};
use crate::shop::on_both;
use engine::{Action, Actor, Query};
use meta::{Id, Lang, Record, Value};
use std::collections::BTreeSet;

const SEEDS: std::ops::Range<u64> = 0..8;
const ENTITIES: [&str; 4] = ["client", "deal", "deal_line", "price"];

type Ids = BTreeSet<Id>;

fn ids<'r>(records: impl IntoIterator<Item = &'r Record>) -> Ids {
    records.into_iter().map(|record| record.id).collect()
}

fn known<'k>(records: impl IntoIterator<Item = &'k Known>) -> Ids {
    records.into_iter().map(|record| record.id).collect()
}

/// All pages of a list.
async fn all(firm: &Firm, actor: &Actor, query: Query) -> Vec<Record> {
    let (mut query, mut records) = (query.limit(7), vec![]);
    loop {
        let page = firm.engine.list(actor, &query).await.unwrap();
        records.extend(page.records);
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return records,
        }
    }
}

#[test]
fn every_road_leads_to_what_the_model_allows_and_nothing_else() {
    for seed in SEEDS {
        on_both(|shop| async move {
            let firm = Firm::at_random(&shop, seed).await;
            for user in firm.people.keys().copied() {
                let actor = firm.engine.actor(user, Lang::En).await.unwrap();
                for entity in ENTITIES {
                    look(&firm, &actor, user, entity, seed).await;
                }
                look_through(&firm, &actor, user).await;
                search(&firm, &actor, user).await;
                look_at_fields(&firm, &actor, user).await;
            }
        });
    }
}

async fn look(firm: &Firm, actor: &Actor, user: Id, entity: &'static str, seed: u64) {
    let (engine, expected) = (&firm.engine, known(firm.sees(user, entity)));
    let all_ids: Vec<Id> =
        firm.records.iter().filter(|record| record.entity == entity).map(|record| record.id).collect();
    let readable = engine::allow(actor, engine.entity(entity).unwrap(), Action::Read).is_ok();
    if !readable {
        assert!(expected.is_empty(), "seed {seed}: {entity} is refused, but {user} may see {expected:?}");
        assert!(engine.get_many(actor, entity, &all_ids).await.is_err());
        assert!(engine.list(actor, &Query::new(entity)).await.is_err());
        assert!(engine.count(actor, &Query::new(entity), 100).await.is_err());
        return;
    }
    let got = engine.get_many(actor, entity, &all_ids).await.unwrap();
    assert_eq!(ids(&got), expected, "seed {seed}: get_many of {entity}");
    for sort in ["", "id", "-id", "name", "-created_at"] {
        let sortable = entity != "deal_line" || ["", "id", "-id"].contains(&sort);
        if sortable {
            let listed = all(firm, actor, Query::new(entity).sort(sort)).await;
            assert_eq!(
                (listed.len(), ids(&listed)),
                (expected.len(), expected.clone()),
                "{entity} by {sort}"
            );
        }
    }
    let count = engine.count(actor, &Query::new(entity), 1_000).await.unwrap();
    assert_eq!((count.number as usize, count.capped), (expected.len(), false), "count of {entity}");
    let named: Vec<(&str, Id)> = all_ids.iter().map(|id| (entity, *id)).collect();
    let titles = engine.titles(actor, &named).await.unwrap();
    assert_eq!(titles.keys().copied().collect::<Ids>(), expected, "titles of {entity}");
    for id in &all_ids {
        let history = engine.history(actor, entity, *id, 10).await;
        assert_eq!(history.is_ok(), actor.limits().is_none() || expected.contains(id), "history of {entity}");
        assert_eq!(engine.get(actor, entity, *id).await.is_ok(), expected.contains(id));
    }
    let exported = firm
        .records
        .iter()
        .filter(|record| record.entity == entity && firm.may(user, record, Action::Export));
    if engine::allow(actor, engine.entity(entity).unwrap(), Action::Export).is_ok() {
        let found = all(firm, actor, Query::new(entity).exporting()).await;
        assert_eq!(ids(&found), known(exported), "export of {entity}");
    } else {
        assert_eq!(exported.count(), 0);
    }
}

/// What stands in a record that cannot be seen cannot be found out by what points to it.
async fn look_through(firm: &Firm, actor: &Actor, user: Id) {
    let deal = firm.engine.entity("deal").unwrap();
    if engine::allow(actor, deal, Action::Read).is_err() {
        return;
    }
    let seen = known(firm.sees(user, "client"));
    let client = |deal: &Known| deal.up.filter(|up| seen.contains(up)).map(|up| firm.record(up).city);
    if !["hidden", "masked"].contains(&firm.withheld(user, "client", "city").unwrap_or_default()) {
        for city in CITIES {
            let is = |deal: &&&Known| client(deal) == Some(city);
            let deals = firm.sees(user, "deal");
            let found = all(firm, actor, Query::new("deal").filter(format!("client.city == '{city}'"))).await;
            assert_eq!(ids(&found), known(deals.iter().filter(is).copied()), "client.city == {city}");
            for filter in [format!("client.city != '{city}'"), format!("!(client.city == '{city}')")] {
                let found = all(firm, actor, Query::new("deal").filter(filter.clone())).await;
                let expected = deals.iter().filter(|deal| !is(deal)).copied();
                assert_eq!(ids(&found), known(expected), "{filter}");
            }
        }
    }
    for record in firm.records.iter().filter(|record| record.entity == "client") {
        let timeline = firm.engine.timeline(actor, "client", record.id, None, 50, |_| vec![]).await;
        let timeline = timeline.map(|items| ids(items.iter().map(|item| &item.record))).unwrap_or_default();
        let deals = firm.sees(user, "deal").into_iter().filter(|deal| deal.up == Some(record.id));
        let expected =
            if actor.limits().is_none() || seen.contains(&record.id) { known(deals) } else { Ids::new() };
        assert_eq!(timeline, expected, "timeline of {}", record.name);
    }
}

async fn search(firm: &Firm, actor: &Actor, user: Id) {
    let mut expected: Vec<&Known> = firm.sees(user, "client");
    expected.extend(firm.sees(user, "deal"));
    for word in ["client", "deal", "client07", "deal1"] {
        let hits = firm.engine.search(actor, word, None, 100).await.unwrap();
        let fits = expected.iter().filter(|record| record.name.starts_with(word)).copied();
        assert_eq!(hits.iter().map(|hit| hit.id).collect::<Ids>(), known(fits), "search for {word}");
    }
    let seen = !matches!(firm.withheld(user, "client", "phone"), Some("hidden" | "masked"));
    for record in firm.records.iter().filter(|record| record.entity == "client") {
        let found = seen && firm.may(user, record, Action::Read);
        let number = record.phone.trim_start_matches("+86");
        let hits = firm.engine.search(actor, number, None, 100).await.unwrap();
        assert_eq!(hits.iter().any(|hit| hit.id == record.id), found, "search for {number}");
        let query = Query::new("client").search(number);
        if let Ok(page) = firm.engine.list(actor, &query).await {
            assert_eq!(
                page.records.iter().any(|hit| hit.id == record.id),
                found,
                "list searched for {number}"
            );
            assert_eq!(firm.engine.count(actor, &query, 10).await.unwrap().number, u64::from(found));
        }
    }
}

/// Hidden fields are nowhere; masked ones are masked everywhere; neither filters nor sorts.
async fn look_at_fields(firm: &Firm, actor: &Actor, user: Id) {
    let client = firm.engine.entity("client").unwrap();
    if engine::allow(actor, client, Action::Read).is_err() {
        return;
    }
    let records = all(firm, actor, Query::new("client")).await;
    for field in ["phone", "income", "city"] {
        let withheld = firm.withheld(user, "client", field);
        assert_eq!(actor.view(client).get(field).is_some(), withheld != Some("hidden"));
        for record in &records {
            let known = firm.record(record.id);
            let real = match field {
                "phone" => known.phone.as_str().into(),
                "city" => known.city.into(),
                _ => Value::Int(known.income),
            };
            let read = firm.engine.get(actor, "client", record.id).await.unwrap();
            for record in [record, &read] {
                match withheld {
                    Some("hidden") => assert!(!record.values.contains_key(field)),
                    Some("masked") => {
                        let shown = record.text(field);
                        assert!(shown.contains("**") && *record.get(field) != real, "{field}: {shown}");
                    }
                    _ => assert_eq!(*record.get(field), real),
                }
            }
        }
        let filter = if field == "income" { "income == 3" } else { &format!("{field}.startsWith('x')") };
        let open = !matches!(withheld, Some("hidden" | "masked"));
        let queries = [Query::new("client").filter(filter), Query::new("client").sort(field)];
        for query in queries {
            assert_eq!(firm.engine.list(actor, &query).await.is_ok(), open, "{field} is {withheld:?}");
            assert_eq!(firm.engine.count(actor, &query, 10).await.is_ok(), open);
        }
        let through = Query::new("deal").filter(format!("client.{filter}"));
        if engine::allow(actor, firm.engine.entity("deal").unwrap(), Action::Read).is_ok() {
            assert_eq!(firm.engine.list(actor, &through).await.is_ok(), open, "through a reference: {field}");
        }
    }
}
