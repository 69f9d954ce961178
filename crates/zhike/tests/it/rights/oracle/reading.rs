//! Lists, records, files, search and timelines, by pages and by the API.

use super::company::{CITIES, Company, ENTITIES, Ids, Person, SECRETS, word};
use super::model::Known;
use engine::Action;
use meta::Id;
use serde_json::Value as Json;

pub async fn all(company: &Company, person: &Person) {
    for entity in ENTITIES {
        lists(company, person, entity).await;
        for record in company.of(entity) {
            one(company, person, record).await;
        }
    }
    for record in company.of("account") {
        around(company, person, record).await;
    }
    search(company, person).await;
    through_references(company, person).await;
}

fn id_of(json: &Json) -> Id {
    json["id"].as_str().unwrap().parse().unwrap()
}

fn ids(data: &Json) -> Ids {
    data.as_array().unwrap().iter().map(id_of).collect()
}

async fn lists(company: &Company, person: &Person, entity: &str) {
    let expected = company.ids(person, entity, Action::Read);
    let has_pages = entity != "order_line";
    let list = person.api(&format!("/api/v1/{entity}?limit=1000&count=true&sort=-id")).await;
    if list.status == 403 {
        assert!(expected.is_empty(), "{entity} is refused, but {} may see {expected:?}", person.id);
        person.api(&format!("/api/v1/{entity}/export")).await.expect(403);
        for road in ["", "/export", "/fields", "?q=account"].iter().filter(|_| has_pages) {
            person.page(&format!("/{entity}{road}")).await.expect(403);
        }
        person.page(&format!("/lookup/{entity}")).await.expect(403);
        return;
    }
    let list = list.expect(200).json();
    assert_eq!(ids(&list["data"]), expected, "the list of {entity}");
    assert_eq!(list["count"]["number"], expected.len(), "the count of {entity}");
    assert_eq!(page_by_page(person, entity).await, expected, "the pages of {entity}");
    for record in list["data"].as_array().unwrap() {
        fields(company, person, entity, record);
    }
    files(company, person, entity).await;
    if has_pages {
        let page = person.page(&format!("/{entity}")).await.expect(200).body;
        assert_eq!(company.named(entity, &page), expected, "the page of {entity}");
        let picks = person.page(&format!("/lookup/{entity}")).await.expect(200).json();
        let picks: Ids = picks
            .as_array()
            .unwrap()
            .iter()
            .map(|pick| pick["value"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(picks, expected, "the picker of {entity}");
    }
    if entity == "order" {
        let board = person.page("/order/board").await.expect(200).body;
        assert_eq!(company.named(entity, &board), expected, "the board");
    }
}

async fn page_by_page(person: &Person, entity: &str) -> Ids {
    let (mut found, mut after) = (Ids::new(), String::new());
    loop {
        let page = person.api(&format!("/api/v1/{entity}?limit=3{after}")).await.expect(200).json();
        found.extend(ids(&page["data"]));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", web::encode(next)),
            None => return found,
        }
    }
}

async fn files(company: &Company, person: &Person, entity: &str) {
    let exported = company.ids(person, entity, Action::Export);
    for format in ["ndjson", "csv"] {
        let file = person.api(&format!("/api/v1/{entity}/export?format={format}&fields=id")).await;
        match file.status {
            403 => assert!(exported.is_empty(), "the file of {entity} is refused"),
            _ => assert_eq!(company.named(entity, &file.expect(200).body), exported, "{format} of {entity}"),
        }
        person.api(&format!("/api/v1/{entity}/export?format={format}")).await;
    }
    if entity == "order_line" {
        return;
    }
    let file = person.page(&format!("/{entity}/export")).await;
    match file.status {
        403 => assert!(exported.is_empty(), "the table of {entity} is refused"),
        _ => {
            let text = file.expect(200).body;
            let rows = company.of(entity).filter(|record| text.contains(&record.name));
            assert_eq!(rows.map(|record| record.id).collect::<Ids>(), exported, "the table of {entity}");
        }
    }
}

/// Hidden fields are not there, masked ones are masked, all others are as they are kept.
fn fields(company: &Company, person: &Person, entity: &str, shown: &Json) {
    if entity == "order_line" {
        let withheld = company.firm.withheld(person.id, "order_line", "cost");
        assert_eq!(shown.get("cost").is_some(), withheld != Some("hidden"), "{withheld:?} cost: {shown}");
    }
    if entity != "account" {
        return;
    }
    let known = company.firm.record(id_of(shown));
    for field in SECRETS {
        let real = word(known, field);
        match (company.firm.withheld(person.id, "account", field), shown.get(field)) {
            (Some("hidden"), told) => assert_eq!(told, None, "{field} is hidden"),
            (Some("masked"), Some(Json::String(told))) => {
                assert!(told.contains("**") && !told.contains(&real), "{field}: {told}");
            }
            (_, Some(told)) => assert!(told.to_string().contains(&real), "{field}: {told}"),
            (withheld, None) => panic!("{field} is {withheld:?} and not there"),
        }
    }
}

async fn one(company: &Company, person: &Person, record: &Known) {
    let (entity, id) = (record.entity, record.id);
    let seen = company.firm.may(person.id, record, Action::Read);
    let found = |road: &str, status: u16| match seen {
        true => assert_eq!(status, 200, "{road} of {}", record.name),
        false => assert!([403, 404].contains(&status), "{road} of {}: {status}", record.name),
    };
    let road = format!("/api/v1/{entity}/{id}");
    let answer = person.api(&road).await;
    found(&road, answer.status);
    if seen {
        let told = answer.json();
        fields(company, person, entity, &told);
        if entity == "order" {
            let lines = company.ids(person, "order_line", Action::Read);
            let own = company.of("order_line").filter(|line| line.up == Some(id)).map(|line| line.id);
            let own: Ids = own.filter(|line| lines.contains(line)).collect();
            let lines = told.get("lines").map(ids).unwrap_or_default();
            assert_eq!(lines, own, "the lines of {}", record.name);
        }
    }
    found("history", person.api(&format!("{road}/history")).await.status);
    let access = person.api(&format!("{road}/access")).await.status;
    assert!([403, 404].contains(&access), "who sees a record is told to administrators: {access}");
    if entity != "order_line" {
        let road = format!("/{entity}/{id}");
        found(&road, person.page(&road).await.status);
        let edit = person.page(&format!("{road}/edit")).await.status;
        let may = company.firm.may(person.id, record, Action::Update);
        assert!(may && edit == 200 || !may && [403, 404].contains(&edit), "{road}/edit: {edit}, {may}");
    }
}

/// What is shown around a customer.
async fn around(company: &Company, person: &Person, account: &Known) {
    let seen = company.firm.may(person.id, account, Action::Read);
    let road = format!("/account/{}", account.id);
    let mine = |entity: &'static str| {
        let all = company.ids(person, entity, Action::Read);
        let own = company.of(entity).filter(|record| record.up == Some(account.id)).map(|record| record.id);
        own.filter(|id| seen && all.contains(id)).collect::<Ids>()
    };
    let answer = person.api(&format!("/api/v1{road}/timeline?limit=1000")).await;
    let timeline = match answer.status {
        200 => answer.json()["data"].as_array().unwrap().iter().map(|item| id_of(&item["record"])).collect(),
        _ => Ids::new(),
    };
    assert_eq!(answer.status == 200, seen, "the timeline of {}", account.name);
    assert_eq!(timeline, &mine("order") | &mine("activity"), "the timeline of {}", account.name);
    for part in ["timeline", "history", "panels"] {
        let status = person.page(&format!("{road}/{part}")).await.status;
        assert_eq!(status == 200, seen, "{part} of {}: {status}", account.name);
    }
    for entity in ["contact", "address", "order"] {
        let answer = person.page(&format!("{road}/related/{entity}.account")).await;
        let related = if answer.status == 200 { company.named(entity, &answer.body) } else { Ids::new() };
        assert_eq!(related, mine(entity), "{entity} of {}", account.name);
    }
}

async fn search(company: &Company, person: &Person) {
    for record in company.firm.records.iter().filter(|record| record.entity != "order_line") {
        let (seen, id) = (company.firm.may(person.id, record, Action::Read), record.id);
        let hits = person.api(&format!("/api/v1/search?q={}", record.name)).await.expect(200).json();
        assert_eq!(ids(&hits["data"]).contains(&id), seen, "search for {}", record.name);
        let page = person.page(&format!("/search?q={}", record.name)).await.expect(200).body;
        assert_eq!(page.contains(&id.to_string()), seen, "the palette asked for {}", record.name);
        if record.entity != "account" {
            continue;
        }
        let number = word(record, "phone");
        let seen = seen && !company.keeps_back(person, "phone");
        let hits = person.api(&format!("/api/v1/search?q={number}")).await.expect(200).json();
        assert_eq!(ids(&hits["data"]).contains(&id), seen, "search for {number}");
        let list = person.page(&format!("/account?q={number}")).await;
        assert_eq!(list.body.contains(&id.to_string()), seen, "the list asked for {number}");
    }
}

/// What stands in a customer one cannot see cannot be found out by his orders.
async fn through_references(company: &Company, person: &Person) {
    let customers = company.ids(person, "account", Action::Read);
    let orders = company.ids(person, "order", Action::Read);
    for city in CITIES {
        let filter = web::encode(&format!("account.city == '{city}'"));
        let answer = person.api(&format!("/api/v1/order?limit=1000&filter={filter}")).await;
        let asked = format!("orders of {city}");
        if answer.status == 403 {
            assert!(orders.is_empty(), "{asked}");
            continue;
        }
        if company.keeps_back(person, "city") {
            answer.expect(422);
            continue;
        }
        let at = |order: &&Known| {
            let seen = order.up.filter(|account| customers.contains(account));
            orders.contains(&order.id)
                && seen.is_some_and(|account| company.firm.record(account).city == city)
        };
        let expected: Ids = company.of("order").filter(at).map(|order| order.id).collect();
        assert_eq!(ids(&answer.expect(200).json()["data"]), expected, "{asked}");
    }
}
