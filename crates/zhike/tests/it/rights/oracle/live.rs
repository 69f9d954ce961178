//! Live pages: who may open a stream, and who is told of what others write.

use super::{
    company::{Company, Ids, Person},
    staff::{Dice, named, update},
    writing::remarks,
};
use engine::Action;
use std::time::Duration;
use testkit::Events;
use tokio::time::sleep;

const PATIENCE: Duration = Duration::from_secs(5);
/// After an administrator was told, everybody else is, too.
const MOMENT: Duration = Duration::from_millis(300);
/// For what has come already.
const NOW: Duration = Duration::from_millis(20);
const WRITES: usize = 3;

pub async fn all(company: &Company, seed: u64) {
    let mut dice = Dice::new(seed);
    for person in &company.people {
        for record in company.firm.records.iter().filter(|record| record.entity != "order_line") {
            let road = format!("/events/{}/{}", record.entity, record.id);
            let open = person.browser.events(&road).await;
            let seen = company.firm.may(person.id, record, Action::Read);
            match open {
                Ok(_) => assert!(seen, "{road} is open"),
                Err(status) => assert!(!seen && [403, 404].contains(&status), "{road}: {status}"),
            }
        }
    }
    for entity in ["account", "contact", "order"] {
        news(company, entity, &mut dice).await;
    }
}

async fn news(company: &Company, entity: &'static str, dice: &mut Dice) {
    let road = format!("/events/{entity}");
    let mut admin = company.admin.events(&road).await.unwrap();
    let mut listeners: Vec<(&Person, Ids, Events)> = vec![];
    for person in &company.people {
        let seen = company.ids(person, entity, Action::Read);
        match person.browser.events(&road).await {
            Ok(events) => listeners.push((person, seen, events)),
            Err(status) => assert!(seen.is_empty() && status == 403, "{road}: {status}"),
        }
    }
    let ids: Vec<_> = company.of(entity).map(|record| record.id).collect();
    let field = remarks(entity).unwrap();
    for number in 0..WRITES {
        let id = dice.one(&ids);
        update(&company.firm.engine, entity, id, named([(field, format!("news {number}").into())])).await;
        assert_eq!(admin.next(PATIENCE).await.as_deref(), Some("changed"), "{road}");
        for (person, _, events) in listeners.iter_mut().filter(|(_, seen, _)| seen.contains(&id)) {
            let told = events.next(PATIENCE).await;
            assert_eq!(told.as_deref(), Some("changed"), "{road}: {} is not told of {id}", person.id);
        }
        sleep(MOMENT).await;
        for (person, _, events) in listeners.iter_mut().filter(|(_, seen, _)| !seen.contains(&id)) {
            let told = events.next(NOW).await;
            assert_eq!(told, None, "{road}: {} is told of {id}", person.id);
        }
    }
}
