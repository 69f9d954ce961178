//! Figures: SQL, questions and the letters of a scheduled report are made of what their reader may see.

use super::company::{Company, ENTITIES, Ids, Person, email, price};
use crate::{
    explore::with_mail,
    rights::asking::{readable, refresh},
};
use chrono::TimeDelta;
use engine::{Action, Actor, Query};
use serde_json::json;
use testkit::{MailServer, TestApp};

pub async fn all(test: &TestApp, company: &Company) {
    refresh(&test.engine).await;
    for person in &company.people {
        sql(company, person).await;
        questions(company, person).await;
    }
    letters(test, company).await;
}

/// Orders of whose lines he may do it as well.
fn sold(company: &Company, person: &Person, action: Action) -> Ids {
    let lines = company.firm.sees(person.id, "order_line").into_iter();
    let lines = lines.filter(|line| company.firm.may(person.id, line, action));
    let orders: Ids = lines.filter_map(|line| line.up).collect();
    &orders & &company.ids(person, "order", action)
}

/// A file holds what he may see and export.
async fn sql(company: &Company, person: &Person) {
    let all = async |sql: &str| {
        let form = [("sql", sql), ("format", "csv")];
        let answer = person.browser.post("/analysis/sql/export", &form).await;
        assert!([200, 403, 422].contains(&answer.status), "{sql}: {} {}", answer.status, answer.body);
        person.is_not_told(sql, &answer.body);
        if answer.status == 200 { answer.body } else { String::new() }
    };
    for entity in ENTITIES {
        let found = company.named(entity, &all(&format!("SELECT id FROM \"{entity}\"")).await);
        assert_eq!(found, company.ids(person, entity, Action::Export), "SQL over {entity}");
        all(&format!("SELECT * FROM \"{entity}\"")).await;
    }
    let found = company.named("order", &all("SELECT \"order\" FROM sales").await);
    assert_eq!(found, sold(company, person, Action::Export), "SQL over sales");
}

/// The sum of sales names exactly the orders it is made of.
async fn questions(company: &Company, person: &Person) {
    let orders = sold(company, person, Action::Read);
    let worth: i64 = company.of("order").filter(|order| orders.contains(&order.id)).map(price).sum();
    for cut in ["channel", "account", "account.city", "account.owner"] {
        let question = json!({ "measures": ["sales"], "cuts": [{ "dimension": cut }] });
        let token = [("x-csrf-token", person.browser.csrf.as_str())];
        let answer = person.browser.json_with("POST", "/api/v1/analysis/question", &token, &question).await;
        person.is_not_told(cut, &answer.body);
        if answer.status != 200 {
            assert!([403, 422].contains(&answer.status), "{cut}: {} {}", answer.status, answer.body);
            assert!(cut != "channel" || orders.is_empty(), "sales are refused: {}", answer.body);
            continue;
        }
        let total = answer.json()["total"][0]["value"].as_str().unwrap_or("0").to_owned();
        assert_eq!(total, worth.to_string(), "sales by {cut}");
    }
}

/// One report to everybody: each letter names the customers that its reader may see and export.
async fn letters(test: &TestApp, company: &Company) {
    let admin = &company.admin;
    let asked = [("m", "sales"), ("r", "account"), ("name", "By customer"), ("with", "me")];
    let kept = admin.post("/analysis/questions", &asked).await.expect(303);
    let question = kept.header("location").split("saved=").nth(1).unwrap().to_owned();
    let readers: Vec<String> = company.people.iter().map(|person| person.id.to_string()).collect();
    let mut form = vec![
        ("name", "To everybody"),
        ("question", question.as_str()),
        ("rhythm", "daily"),
        ("hour", "8"),
        ("active", "1"),
    ];
    form.extend(readers.iter().map(|reader| ("recipient", reader.as_str())));
    admin.post("/analysis/schedules", &form).await.expect(303);
    let query = Query::new("scheduled_report");
    let reports = test.engine.list(&Actor::system(), &query).await.unwrap().records;
    assert_eq!(reports.len(), 1);
    admin.post(&format!("/analysis/schedules/{}/now", reports[0].id), &[]).await.expect(303);
    let server = MailServer::start();
    test.clock.set(test.clock.now() + TimeDelta::seconds(1));
    let sent = analysis::send_due(&with_mail(test, &server.url)).await.unwrap();
    let mut told = vec![];
    for number in 0..sent {
        let letter = server.letter(number).await;
        let at = (0..company.people.len()).find(|at| letter.to == email(*at)).unwrap();
        let person = &company.people[at];
        let files: String = letter.files.iter().map(|(_, bytes)| readable(bytes)).collect();
        let whole = format!("{} {} {files}", letter.text, letter.html.unwrap_or_default());
        person.is_not_told("the letter", &whole);
        let orders = sold(company, person, Action::Read);
        let buyers =
            company.of("order").filter(|order| orders.contains(&order.id)).filter_map(|order| order.up);
        for buyer in buyers {
            let buyer = company.firm.record(buyer);
            // Who may export it may see it.
            let taken = company.firm.may(person.id, buyer, Action::Export);
            assert_eq!(whole.contains(&buyer.name), taken, "{} in the letter: {}", buyer.name, letter.text);
        }
        told.push(at);
    }
    // The last one has no role and sees everything.
    assert!(told.contains(&(company.people.len() - 1)), "{told:?}");
}
