//! A job does what the one who started it may do: each imports lines for every customer there is.

use super::company::{Company, Person};
use super::model::Known;
use axum::{body::Body, http::Method};
use engine::{Action, Actor, Query};
use std::collections::BTreeSet;
use testkit::TestApp;

pub async fn all(test: &TestApp, company: &Company) {
    let mut runs: Vec<(usize, String)> = vec![];
    for (at, person) in company.people.iter().enumerate() {
        let may = |record: &&Known, action| company.firm.may(person.id, record, action);
        let (open, closed): (Vec<&Known>, Vec<&Known>) = company
            .of("account")
            .partition(|account| may(account, Action::Update) && may(account, Action::Import));
        // A few of those that only the right to import closes: each costs a run.
        let (beyond, not_to_import): (Vec<&Known>, Vec<&Known>) =
            closed.into_iter().partition(|account| !may(account, Action::Update));
        let closed = beyond.into_iter().chain(not_to_import.into_iter().take(3));
        let mark = format!("imported by user {at}");
        if let Some(run) = import(test, company, person, &open, &mark).await {
            runs.push((at, run));
            let done = marked(company, &mark).await;
            assert_eq!(
                done,
                open.iter().map(|account| account.name.as_str()).collect::<BTreeSet<&str>>(),
                "{at} may change these"
            );
        } else {
            assert!(open.is_empty(), "the import of {at} is refused");
        }
        // One by one, so that one refusal does not hide another.
        for account in closed {
            let mark = format!("taken by user {at}");
            let run = import(test, company, person, &[account], &mark).await;
            runs.extend(run.map(|run| (at, run)));
            assert_eq!(
                marked(company, &mark).await,
                BTreeSet::new(),
                "{} is not {at}'s to change",
                account.name
            );
        }
    }
    for (owner, run) in runs {
        for (at, person) in company.people.iter().enumerate().filter(|(at, _)| *at != owner) {
            // Whoever has no role sees the imports of all.
            if !company.firm.roles_of.contains_key(&person.id) {
                continue;
            }
            for part in ["", "/errors", "/progress"] {
                let status = person.page(&format!("{run}{part}")).await.status;
                assert!([403, 404].contains(&status), "{run}{part} of {owner} is open to {at}: {status}");
            }
        }
    }
}

/// Which of the company's customers have these remarks.
async fn marked<'c>(company: &'c Company, mark: &str) -> BTreeSet<&'c str> {
    let system = Actor::system();
    let mut found = BTreeSet::new();
    for account in company.of("account") {
        let record = company.firm.engine.get(&system, "account", account.id).await.unwrap();
        if record.text("description") == mark {
            found.insert(account.name.as_str());
        }
    }
    found
}

/// Where the import is, unless it was refused.
async fn import(
    test: &TestApp,
    company: &Company,
    person: &Person,
    accounts: &[&Known],
    mark: &str,
) -> Option<String> {
    if accounts.is_empty() {
        return None;
    }
    let browser = &person.browser;
    let mut file = "customer name,notes\n".to_owned();
    file.extend(accounts.iter().map(|account| format!("{},{mark}\n", account.name)));
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n";
    let body = format!("{head}{file}\r\n--b--\r\n");
    let headers =
        [("content-type", "multipart/form-data; boundary=b"), ("x-csrf-token", browser.csrf.as_str())];
    let answer = browser.send(Method::POST, "/import", &headers, Body::from(body)).await;
    if answer.status == 403 {
        return None;
    }
    let run = answer.expect(303).header("location").to_owned();
    let start = [("action", "start"), ("kind", "accounts"), ("column-0", "name"), ("column-1", "notes")];
    // Chosen once as this kind, the columns are this kind's.
    browser.post(&run, &[("action", "preview"), ("kind", "accounts")]).await.expect(303);
    let answer = browser.post(&run, &start).await;
    if answer.status == 403 {
        return None;
    }
    answer.expect(303);
    while test.engine.run_due_jobs().await.unwrap() > 0 {}
    for part in ["", "/errors", "/progress"] {
        let answer = browser.get(&format!("{run}{part}")).await;
        person.is_not_told(&file, &answer.body);
    }
    // What was made for names he cannot see is his; the company of the model has no such customers.
    let all = Query::new("account").limit(1_000);
    for record in test.engine.list(&Actor::system(), &all).await.unwrap().records {
        if !company.of("account").any(|account| account.id == record.id) {
            test.engine
                .write(&Actor::system(), move |tx| {
                    Box::pin(async move { tx.delete("account", record.id, None).await })
                })
                .await
                .unwrap();
        }
    }
    Some(run)
}
