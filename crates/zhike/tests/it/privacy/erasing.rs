//! One person comes in by every way there is and goes by one.

use super::{database::places, is_sound, modules, system};
use crate::pages::create;
use engine::{Engine, Query};
use import::Kind as ImportKind;
use meta::{Id, Kind, Value, Values};
use serde_json::json;
use testkit::{Client, TestApp, on_both};

/// Stands in every personal field.
const WORD: &str = "quetzalzorn";
/// Of telephones; stands in no other number.
const DIGITS: &str = "3977553311";

const BORN_ON: &str = "1977-03-04";

fn text(field: &str) -> Value {
    format!("{WORD} {field}").as_str().into()
}

/// A value with the word for every personal field that can hold one.
fn personal(engine: &Engine, entity: &str) -> Values {
    let entity = engine.entity(entity).unwrap();
    let value = |field: &meta::Field| match &field.kind {
        Kind::Email => Some(Value::from(format!("{WORD}@example.com").as_str())),
        Kind::Phone => Some(format!("+861{DIGITS}").as_str().into()),
        Kind::Url => Some(format!("https://{WORD}.example.com").as_str().into()),
        Kind::Text { .. } | Kind::LongText => Some(text(&field.name)),
        Kind::Date => Some(Value::Date(BORN_ON.parse().unwrap())),
        Kind::Money => Some(Value::Int(123_457)),
        Kind::Choice(choices) => Some(choices[0].value.as_str().into()),
        _ => None,
    };
    entity.personal_fields().filter_map(|field| Some((field.name.clone(), value(field)?))).collect()
}

async fn with_personal(engine: &Engine, entity: &'static str, more: &[(&str, Value)]) -> Id {
    let mut values: Vec<(String, Value)> =
        personal(engine, entity).into_iter().map(|(field, value)| (field.into(), value)).collect();
    values.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let values: Vec<(&str, Value)> =
        values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    create(engine, entity, &values).await
}

async fn program(test: &TestApp) -> Client {
    test.api().await.with("idempotency-key", "one")
}

/// The person through the API, changed in the form, in one cell and in bulk.
async fn by_hand(test: &TestApp, program: &Client, browser: &Client) -> String {
    let mut body = json!({ "kind": "person", "external_ids": { "shop": [format!("{WORD}-77")] } });
    for (field, value) in personal(&test.engine, "account") {
        body[field.as_str()] = value.to_json();
    }
    let made = program.json("POST", "/api/v1/account", &body).await.expect(201).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let page = format!("/account/{id}");
    let version = made["version"].to_string();
    let form = [("name", WORD), ("kind", "person"), ("version", &version), ("habits", "Quetzalzorn form")];
    browser.post(&format!("{page}/edit"), &form).await.expect(303);
    browser
        .htmx("PATCH", &format!("{page}/field/occupation"), &[("occupation", "quetzalzorn cell")])
        .await
        .expect(200);
    browser.htmx("PATCH", &format!("{page}/field/birth_on"), &[("birth_on", "1977-03-05")]).await.expect(200);
    let bulk = [("ids", id.as_str()), ("field", "hobbies"), ("hobbies", "quetzalzorn bulk")];
    browser.htmx("POST", "/account/bulk/update", &bulk).await.expect(204);
    let bulk = [("ids", id.as_str()), ("field", "hobbies"), ("hobbies", "chess")];
    browser.htmx("POST", "/account/bulk/update", &bulk).await.expect(204);
    id
}

/// Through files: one that changes him and has a bad row about him, and one that still waits.
async fn by_files(test: &TestApp) {
    let folder = test.engine.data_dir().join("outside");
    std::fs::create_dir_all(&folder).unwrap();
    let rows = format!(
        "number,name,kind,email,city\n{WORD}-77,{WORD} file,person,{WORD}2@example.com,Ulm\n,{WORD} bad,person,no {WORD} mail,Ulm\n"
    );
    let path = folder.join("people.csv");
    std::fs::write(&path, &rows).unwrap();
    let options = import::Options { source: "shop".into(), ..import::Options::default() };
    let control = import::Control::none();
    let done = import::import_file(
        &test.engine,
        &system(),
        ImportKind::Accounts,
        &path,
        "people.csv",
        &options,
        &control,
    )
    .await
    .unwrap();
    assert_eq!((done.progress.rows, done.progress.errors), (2, 1), "{:?}", done.progress);
    assert!(done.error_path.is_some());
    std::fs::remove_dir_all(&folder).unwrap();
    let uploads = test.engine.data_dir().join("uploads");
    std::fs::create_dir_all(&uploads).unwrap();
    let waiting = uploads.join(test.clock.new_id().to_string());
    std::fs::write(&waiting, rows).unwrap();
    let name = format!("{WORD}.csv");
    import::create(&test.engine, &system(), ImportKind::Accounts, &waiting, &name, &options).await.unwrap();
}

/// Everything about him in other records, with some of it in the trash, and what quotes him.
async fn about(test: &TestApp, browser: &Client, account: Id) -> Vec<Id> {
    let engine = &test.engine;
    let of = ("account", Value::Id(account));
    let contact = with_personal(engine, "contact", std::slice::from_ref(&of)).await;
    let address = with_personal(engine, "address", std::slice::from_ref(&of)).await;
    let activity = with_personal(engine, "activity", &[of.clone(), ("contact", contact.into())]).await;
    let order = with_personal(engine, "order", &[of.clone(), ("contact", contact.into())]).await;
    let line = [("order", order.into()), ("description", "apples".into()), ("unit_price", Value::Int(7))];
    create(engine, "order_line", &line).await;
    with_personal(engine, "return", &[of.clone(), ("order", order.into())]).await;
    engine
        .write(&system(), move |tx| {
            Box::pin(async move {
                tx.set_external_ids("contact", "phone book", &[(format!("{WORD}-c"), contact)]).await?;
                let many = (0..3).map(|index| {
                    let subject = format!("{WORD} {index}");
                    Values::from([
                        ("subject".to_owned(), subject.into()),
                        ("contact".to_owned(), contact.into()),
                    ])
                });
                tx.create_many("activity", many.collect()).await?;
                tx.delete("address", address, None).await?;
                tx.delete("contact", contact, None).await
            })
        })
        .await
        .unwrap();
    let filter = format!("name == '{WORD}' && phone != null");
    // What is looked for must not be kept by whatever notes who looked.
    browser.get(&format!("/account?q={WORD}")).await.expect(200);
    browser.get(&format!("/account?filter={}", web::encode(&filter))).await.expect(200);
    let view = [("name", "Mine"), ("entity", "account"), ("filter", filter.as_str())];
    browser.post("/views", &view).await;
    create(
        engine,
        "saved_view",
        &[("name", "Old".into()), ("entity", "account".into()), ("filter", filter.into())],
    )
    .await;
    let asked =
        json!({ "question": { "measures": ["sales"], "filter": format!("account.name == '{WORD}'") } });
    let name = format!("What {WORD} bought");
    create(engine, "question", &[("name", name.into()), ("definition", Value::Json(asked))]).await;
    create(engine, "dashboard", &[("name", "Mine".into()), ("description", WORD.into())]).await;
    vec![contact, address, activity, order]
}

#[test]
fn nothing_of_an_erased_person_is_left_in_any_column_or_file() {
    on_both(modules, async |test| {
        let browser = test.administrator().await;
        let program = program(&test).await;
        let id = by_hand(&test, &program, &browser).await;
        by_files(&test).await;
        let account: Id = id.parse().unwrap();
        about(&test, &browser, account).await;
        test.engine.run_due_jobs().await.unwrap();
        for word in [WORD, DIGITS, BORN_ON] {
            assert!(places(&test.engine, word).await.len() >= 3, "the search finds what is there");
        }

        // Somebody looked for the person, which the audit tells; its chain is closed over what is erased below.
        program.get(&format!("/api/v1/account?q={}", web::encode(WORD))).await.expect(200);
        test.engine.write_notes().await.unwrap();
        assert!(places(&test.engine, WORD).await.iter().any(|place| place.contains("audit_")));
        test.engine.seal_audit().await.unwrap();
        program.get(&format!("/api/v1/account?q={}", web::encode(WORD))).await.expect(200);

        // The index in one piece, as it is after an earlier erasure.
        test.engine.scrub().await.unwrap();
        let address = format!("/api/v1/account/{id}/erasure");
        let look = program.get(&address).await.expect(200).json();
        assert!(!places(&test.engine, WORD).await.is_empty(), "a look changes nothing");
        let done = program
            .json("POST", &address, &json!({ "reason": "letter of 3 March" }))
            .await
            .expect(200)
            .json();
        assert_eq!(look, done, "what was foretold happened");
        assert!(
            done["records"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["entity"] == "contact" && one["deleted"] == 1)
        );
        test.engine.run_due_jobs().await.unwrap();
        for word in [WORD, DIGITS, BORN_ON] {
            assert_eq!(places(&test.engine, word).await, [""; 0], "{done:#}");
        }

        // What the books need is still there, and nothing comes back.
        let orders = test
            .engine
            .list(&system(), &Query::new("order").filter(format!("account == '{id}'")))
            .await
            .unwrap();
        assert_eq!(orders.records[0].get("total").as_decimal(), Some(7.into()));
        let record = test.engine.get(&system(), "account", account).await.unwrap();
        assert_eq!(record.text("name"), done["pseudonym"].as_str().unwrap());
        let filled = |field: &&meta::Field| !record.get(&field.name).is_null() && field.name != "name";
        let entity = test.engine.entity("account").unwrap();
        assert_eq!(entity.personal_fields().filter(filled).count(), 0);
        let history = program.get(&format!("/api/v1/account/{id}/history")).await.expect(200).json();
        assert_eq!(history["data"][0]["kind"], "erase");
        let page = browser.get(&format!("/account/{id}/history")).await.expect(200).body;
        assert!(page.contains("erased"), "{page}");
        let requests = test.engine.list(&system(), &Query::new("privacy_request")).await.unwrap().records;
        assert_eq!((requests[0].text("kind"), requests[0].text("reason")), ("erasure", "letter of 3 March"));
        is_sound(&test.engine).await;
        let verified = test.engine.verify_audit(None).await.unwrap();
        assert_eq!(verified.broken, None, "an erasure is told to the chain");
        assert!(verified.redacted.values().sum::<u64>() > 3, "{verified:?}");
    });
}

#[test]
fn every_entity_with_personal_fields_is_reached_from_a_person() {
    on_both(modules, async |test| {
        let registry = test.engine.registry();
        let persons = |name: &str| registry.entity(name).unwrap().persons != meta::Persons::None;
        for entity in registry.entities().filter(|entity| entity.personal_fields().next().is_some()) {
            let refers = entity.fields.values().filter_map(meta::Field::target).any(|target| {
                target != "user" && (persons(target) || entity.parent_entity() == Some(target))
            });
            assert!(persons(&entity.name) || refers, "personal fields of {} reach no person", entity.name);
        }
    });
}

#[test]
fn only_administrators_erase_and_only_people() {
    on_both(modules, async |test| {
        let (boss, clerk) =
            (test.api().await, test.api_of("Cleo", "cleo@example.com", engine::Role::User).await);
        let person =
            create(&test.engine, "account", &[("name", "Ann".into()), ("kind", "person".into())]).await;
        let company = create(&test.engine, "account", &[("name", "Acme".into())]).await;
        let erasure = |id: Id| format!("/api/v1/account/{id}/erasure");
        clerk.get(&erasure(person)).await.expect(403);
        clerk.json("POST", &erasure(person), &json!({})).await.expect(403);
        clerk.json("POST", &format!("/api/v1/account/{person}/person-data"), &json!({})).await.expect(403);
        boss.json("POST", &erasure(company), &json!({})).await.expect(422);
        boss.json("POST", &erasure(person), &json!({ "reson": "x" })).await.expect(422);
        boss.get(&format!("/api/v1/order/{person}/erasure")).await.expect(404);
        boss.json("POST", &erasure(person), &json!({})).await.expect(200);
        assert!(test.engine.erased_at(person).await.unwrap().is_some());
    });
}

#[test]
fn a_user_who_left_is_erased_with_what_let_him_in() {
    on_both(modules, async |test| {
        let boss = test.api().await;
        let mut zed = test.visitor();
        let name = format!("{WORD} Zed");
        let email = format!("{WORD}@example.com");
        let user = test.user(&name, &email, engine::Role::User).await;
        zed.sign_in(&email, testkit::PASSWORD).await;
        let erasure = format!("/api/v1/user/{user}/erasure");
        let data = format!("/api/v1/user/{user}/person-data");
        let told = boss.json("POST", &data, &json!({})).await.expect(200).json();
        assert_eq!(told["sign_in"]["sign_in_log"][0]["outcome"], "success", "{told:#}");
        assert!(told["sign_in"]["session"][0]["seen_at"].is_string());
        boss.json("POST", &erasure, &json!({})).await.expect(422);
        boss.json("PATCH", &format!("/api/v1/user/{user}"), &json!({ "active": false })).await.expect(200);
        boss.json("POST", &erasure, &json!({})).await.expect(200);
        test.engine.run_due_jobs().await.unwrap();
        assert_eq!(places(&test.engine, WORD).await, [""; 0]);
        assert_eq!(zed.get("/profile").await.status, 303);
        is_sound(&test.engine).await;
    });
}
