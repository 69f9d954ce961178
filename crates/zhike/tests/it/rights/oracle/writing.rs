//! Changing and deleting, by the API and by pages.

use super::{
    company::{Company, Person},
    model::Known,
};
use engine::{Action, Actor};
use serde_json::json;

/// A long text that no list shows.
pub fn remarks(entity: &str) -> Option<&'static str> {
    match entity {
        "order_line" => None,
        "activity" => Some("body"),
        _ => Some("description"),
    }
}

pub async fn all(company: &Company) {
    for person in &company.people {
        for record in &company.firm.records {
            if let Some(field) = remarks(record.entity) {
                change(company, person, record, field).await;
            }
        }
        delete(company, person).await;
        change_many(company, person).await;
    }
}

async fn text_of(company: &Company, record: &Known, field: &str) -> String {
    let found = company.firm.engine.get(&Actor::system(), record.entity, record.id).await;
    found.unwrap().text(field).to_owned()
}

async fn change(company: &Company, person: &Person, record: &Known, field: &str) {
    let mark = format!("changed by {}", person.id);
    let road = format!("/api/v1/{}/{}", record.entity, record.id);
    let answer = person.program.json("PATCH", &road, &json!({ field: mark })).await;
    person.is_not_told(&road, &answer.body);
    let may = company.firm.may(person.id, record, Action::Update);
    match may {
        true => assert_eq!(answer.status, 200, "{road}: {}", answer.body),
        false => assert!([403, 404].contains(&answer.status), "{road}: {} {}", answer.status, answer.body),
    }
    assert_eq!(text_of(company, record, field).await == mark, may, "{}", record.name);
}

async fn delete(company: &Company, person: &Person) {
    // Customers and orders take others along; those are tried only where they must be refused.
    let leaves = ["contact", "address", "activity"];
    for record in &company.firm.records {
        let may = company.firm.may(person.id, record, Action::Delete);
        if may && !leaves.contains(&record.entity) {
            continue;
        }
        let (entity, id) = (record.entity, record.id);
        let road = format!("/api/v1/{entity}/{id}");
        let answer = person.program.json("DELETE", &road, &json!(null)).await;
        person.is_not_told(&road, &answer.body);
        if !may {
            assert!([403, 404].contains(&answer.status), "{road}: {} {}", answer.status, answer.body);
            if entity != "order_line" {
                let status = person.browser.post(&format!("/{entity}/{id}/delete"), &[]).await.status;
                assert!([403, 404].contains(&status), "/{entity}/{id}/delete: {status}");
            }
            continue;
        }
        assert!(answer.status < 300, "{road}: {} {}", answer.status, answer.body);
        company
            .firm
            .engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.restore(entity, id).await }))
            .await
            .unwrap();
    }
}

/// Chosen on a list with others, what one may not change stays as it is.
async fn change_many(company: &Company, person: &Person) {
    let engine = &company.firm.engine;
    let all: Vec<String> = company.of("account").map(|record| record.id.to_string()).collect();
    let closed = async |action| {
        let mut found = vec![];
        for account in company.of("account").filter(|record| !company.firm.may(person.id, record, action)) {
            found.push(engine.get(&Actor::system(), "account", account.id).await.unwrap());
        }
        found
    };
    let before = closed(Action::Update).await;
    let mut form: Vec<(&str, &str)> = all.iter().map(|id| ("ids", id.as_str())).collect();
    form.extend([("field", "source"), ("source", "chosen")]);
    let answer = person.browser.htmx("POST", "/account/bulk/update", &form).await;
    person.is_not_told("/account/bulk/update", &answer.body);
    assert_eq!(closed(Action::Update).await, before, "{}: {}", answer.status, answer.body);
    let before = closed(Action::Delete).await;
    let ids: Vec<String> = before.iter().map(|record| record.id.to_string()).collect();
    let form: Vec<(&str, &str)> = ids.iter().map(|id| ("ids", id.as_str())).collect();
    let answer = person.browser.htmx("POST", "/account/bulk/delete", &form).await;
    person.is_not_told("/account/bulk/delete", &answer.body);
    assert_eq!(closed(Action::Delete).await, before, "{}: {}", answer.status, answer.body);
}
