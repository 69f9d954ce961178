//! Loops over all registered entities, so that a new one has pages that work from its first day.

use super::modules;
use engine::{Actor, Dialect, Engine};
use meta::{Entity, Id, Kind, Lang, Value, Values};
use testkit::on_both;

/// A value that is valid for a required field.
fn sample(entity: &Entity, field: &meta::Field, references: &[(String, Id)]) -> Value {
    match &field.kind {
        Kind::Integer => Value::Int(3),
        Kind::Decimal { .. } | Kind::Money | Kind::Percent => Value::Decimal("0.5".parse().unwrap()),
        Kind::Bool => Value::Bool(true),
        Kind::Date => Value::Date("2026-01-05".parse().unwrap()),
        Kind::Instant => Value::Instant("2026-01-05T08:00:00Z".parse().unwrap()),
        Kind::Choice(choices) => choices[0].value.as_str().into(),
        Kind::Email => "a@example.com".into(),
        Kind::Phone => "+8613800008000".into(),
        Kind::Url => "https://example.com".into(),
        Kind::Json => Value::Json(serde_json::json!(["name"])),
        _ if field.name == "currency" => "CNY".into(),
        Kind::Reference { entity: target } => {
            references.iter().find(|(name, _)| name == target).map_or(Value::Null, |(_, id)| Value::Id(*id))
        }
        _ => format!("<script>{} {}</script>", entity.name, field.name).as_str().into(),
    }
}

/// A record of every entity with every field filled.
async fn one_of_each(engine: &Engine) -> Vec<(String, Id)> {
    let mut made: Vec<(String, Id)> = vec![];
    // What refers to nothing comes first; lines after their parents.
    let mut entities: Vec<_> =
        engine.registry().entities().filter(|entity| !entity.internal).cloned().collect();
    entities.sort_by_key(|entity| {
        let required = entity.fields.values().filter(|field| field.required && field.target().is_some());
        (entity.parent.is_some(), required.count())
    });
    for entity in entities {
        let fields = entity.fields.values().filter(|field| !field.figure && field.numbered.is_none());
        let values: Values = fields
            .map(|field| (field.name.clone(), sample(&entity, field, &made)))
            .filter(|(_, value)| !value.is_null())
            .collect();
        made.push((entity.name.clone(), create_without_refused(engine, &entity, values).await));
    }
    made
}

/// Rules may forbid some fields beside others: those are left out.
async fn create_without_refused(engine: &Engine, entity: &Entity, mut values: Values) -> Id {
    loop {
        let (name, some) = (entity.name.clone(), values.clone());
        let made = engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.create(&name, some).await }))
            .await;
        match made {
            Ok(id) => return id,
            Err(engine::Error::Invalid(problems))
                if problems.iter().all(|p| values.contains_key(&p.field)) =>
            {
                problems.iter().for_each(|problem| drop(values.remove(&problem.field)));
            }
            Err(error) => panic!("{}: {error}", entity.name),
        }
    }
}

#[test]
fn every_entity_has_a_list_a_form_and_a_record_page_in_both_languages() {
    on_both(modules, async |test| {
        let made = one_of_each(&test.engine).await;
        for (lang, email) in [(Lang::En, "en@example.com"), (Lang::Zh, "zh@example.com")] {
            web::auth::create_user(
                &test.engine,
                "Ada",
                email,
                testkit::PASSWORD,
                engine::Role::Administrator,
                lang,
            )
            .await
            .unwrap();
            let mut client = test.visitor();
            client.sign_in(email, testkit::PASSWORD).await;
            for (name, id) in &made {
                let entity = test.engine.entity(name).unwrap();
                let status = if entity.parent.is_some() { 404 } else { 200 };
                let list = client.get(&format!("/{name}")).await.expect(status);
                client.get(&format!("/{name}/new")).await.expect(status);
                client.get(&format!("/{name}/{id}/edit")).await.expect(status);
                let elsewhere = ["import_run", "role"].contains(&name.as_str());
                let status = if elsewhere { 303 } else { status };
                let page = client.get(&format!("/{name}/{id}")).await.expect(status);
                if entity.parent.is_some() {
                    continue;
                }
                assert!(list.body.contains(entity.plural.get(lang)), "{name}");
                for body in [&list.body, &page.body] {
                    assert!(!body.contains("<script>"), "{name} is not escaped");
                    // The viewer of the API's description is four times all the rest: its own page alone loads it.
                    assert!(!body.contains("/assets/api-docs"), "{name}");
                }
                // Of the parts only their status is looked at: each database answers in one language.
                if (lang == Lang::En) == (test.engine.dialect() == Dialect::Sqlite) {
                    every_part(&client, entity, *id).await;
                }
            }
        }
    });
}

/// Every tab, every field's input, every fragment of a record's page.
async fn every_part(client: &testkit::Client, entity: &Entity, id: Id) {
    let own = format!("/{}/{id}", entity.name);
    let page = client.get(&own).await.body;
    for part in page.split(&format!("{own}/related/")).skip(1) {
        let tab = part.split(['"', '&']).next().unwrap();
        client.fragment(&format!("{own}/related/{tab}")).await.expect(200);
    }
    client.fragment(&format!("{own}/history")).await.expect(200);
    client.fragment(&format!("{own}/timeline")).await.expect(200);
    client.get(&format!("/lookup/{}", entity.name)).await.expect(200);
    client.get(&format!("/{}/export", entity.name)).await.expect(200);
    client.get(&format!("/{}/fields", entity.name)).await.expect(200);
    let board = if entity.board.is_some() { 200 } else { 404 };
    client.get(&format!("/{}/board", entity.name)).await.expect(board);
    for field in entity.fields.values() {
        let status = if field.computed || field.kind == Kind::Json { 422 } else { 200 };
        client.fragment(&format!("{own}/field/{}", field.name)).await.expect(status);
    }
    let every = entity.fields.keys().cloned().collect::<Vec<_>>().join(",");
    client.get(&format!("/{}?columns={every},created_at,created_by,nonsense", entity.name)).await.expect(200);
    for field in entity.fields.values().filter(|field| field.indexed) {
        client.get(&format!("/{}?sort=-{}", entity.name, field.name)).await.expect(200);
    }
}
