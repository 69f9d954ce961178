//! Records that refer to each other in every way there is, and where an id stands.

use crate::{pages::create, privacy::system};
use engine::{Dialect, Engine};
use meta::{Id, Value, Values};
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Every column in which the id stands, whatever its form.
pub async fn places(engine: &Engine, id: Id) -> Vec<String> {
    let sqlite = engine.dialect() == Dialect::Sqlite;
    let texts = async |sql: String| -> Vec<String> {
        let rows = engine.fetch_text(&sql).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap()).collect()
    };
    let tables = match sqlite {
        true => "SELECT name FROM sqlite_master WHERE type = 'table'".to_owned(),
        false => {
            "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()".to_owned()
        }
    };
    let mut found = vec![];
    for table in texts(tables).await {
        let columns = match sqlite {
            true => format!("SELECT name FROM pragma_table_info('{table}')"),
            false => format!(
                "SELECT CAST(column_name AS text) FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        for column in texts(columns).await {
            let holds = match sqlite {
                true => format!(
                    "instr(CAST(\"{column}\" AS TEXT), '{id}') > 0 OR instr(lower(hex(\"{column}\")), '{}') > 0",
                    id.simple()
                ),
                false => format!("position('{id}' in CAST(\"{column}\" AS text)) > 0"),
            };
            let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE {holds}");
            let Ok(rows) = engine.fetch_text(&sql).await else { continue };
            if rows[0].int(0).unwrap() > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    found
}

pub async fn account(engine: &Engine, name: &str, more: &[(&str, Value)]) -> Id {
    let mut values = vec![("name", name.into())];
    values.extend(more.iter().cloned());
    create(engine, "account", &values).await
}

pub async fn order(engine: &Engine, account: Id, product: Id, price: i64) -> Id {
    let order = create(engine, "order", &[("account", account.into())]).await;
    let line = [
        ("order", order.into()),
        ("product", product.into()),
        ("quantity", 1i64.into()),
        ("unit_price", price.into()),
    ];
    create(engine, "order_line", &line).await;
    order
}

/// A company whose records refer to each other in every way there is: for each field that references a customer, a contact or a
/// product there is a record that uses it.
pub async fn company(engine: &Engine, chance: &mut ChaCha8Rng) -> BTreeMap<&'static str, Vec<Id>> {
    let mut all: BTreeMap<&'static str, Vec<Id>> = BTreeMap::new();
    for number in 0..8i64 {
        let above = all.get("account").and_then(|all| all.choose(chance)).copied();
        let more = [
            ("parent_account", above.filter(|_| number % 3 == 0).into()),
            ("city", format!("City {number}").as_str().into()),
        ];
        let id = account(engine, &format!("Account {number}"), &more).await;
        all.entry("account").or_default().push(id);
        let product =
            create(engine, "product", &[("name", format!("Product {number}").as_str().into())]).await;
        all.entry("product").or_default().push(product);
    }
    for number in 0..30usize {
        let account = *all["account"].choose(chance).unwrap();
        let product = *all["product"].choose(chance).unwrap();
        let contact = create(
            engine,
            "contact",
            &[("name", format!("Contact {number}").as_str().into()), ("account", account.into())],
        )
        .await;
        all.entry("contact").or_default().push(contact);
        let order = order(engine, account, product, 100).await;
        all.entry("order").or_default().push(order);
        for entity in ["activity", "address", "consent"] {
            if let Some(id) = referring(engine, entity, account, contact).await {
                all.entry(entity).or_default().push(id);
            }
        }
    }
    // So do views and questions people keep.
    for account in all["account"].clone() {
        let filter = format!("account == '{account}'");
        let view =
            [("name", "Orders".into()), ("entity", "order".into()), ("filter", filter.as_str().into())];
        create(engine, "saved_view", &view).await;
        let asked = serde_json::json!({ "question": { "measures": ["sales"], "filter": filter } });
        create(engine, "question", &[("name", "Sales".into()), ("definition", Value::Json(asked))]).await;
    }
    // Deleted records refer as well.
    let gone: Vec<Id> = all["order"].iter().copied().take(3).collect();
    engine
        .write(&system(), move |tx| Box::pin(async move { tx.delete_many("order", &gone).await }))
        .await
        .unwrap();
    all
}

/// A record of the entity that references both, with whatever else it needs.
pub async fn referring(engine: &Engine, entity: &'static str, account: Id, contact: Id) -> Option<Id> {
    let declared = engine.entity(entity).unwrap().clone();
    let mut values = Values::new();
    for field in declared.fields.values().filter(|field| !field.computed) {
        let value: Value = match (field.target(), field.choices().first()) {
            (Some("account"), _) => account.into(),
            (Some("contact"), _) => contact.into(),
            (_, Some(choice)) if field.required => choice.value.as_str().into(),
            _ if field.required && field.kind.is_textual() => "x".into(),
            _ => continue,
        };
        values.insert(field.name.clone(), value);
    }
    let made =
        engine.write(&system(), move |tx| Box::pin(async move { tx.create(entity, values).await })).await;
    Some(made.unwrap_or_else(|error| panic!("{entity}: {error:?}")))
}
