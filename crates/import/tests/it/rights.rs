//! The right to import reaches as far as its level says, whatever else somebody may do.

use crate::pages::{begun, modules, upload, work};
use engine::{Actor, Engine, Role};
use import::{Control, Kind, Options};
use meta::{Id, Lang, Record, Value, Values};
use testkit::{Answer, Client, PASSWORD, TestApp, on_both};

async fn create(engine: &Engine, entity: &'static str, values: &[(&str, Value)]) -> Id {
    let values: Values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let system = Actor::system();
    let made = engine.write(&system, move |tx| Box::pin(async move { tx.create(entity, values).await }));
    made.await.unwrap()
}

/// Somebody who reads and makes all accounts, changes them at `update` and imports them at `import`.
async fn rep(test: &TestApp, name: &str, update: &str, import: &str) -> (Id, Client) {
    let email = format!("{name}@example.com");
    let user = test.user(name, &email, Role::User).await;
    let role = create(&test.engine, "role", &[("name", name.into())]).await;
    for entity in ["account", "contact"] {
        let right = [
            ("role", role.into()),
            ("entity", entity.into()),
            ("read", "all".into()),
            ("create", "all".into()),
            ("update", update.into()),
            ("import", import.into()),
        ];
        create(&test.engine, "role_right", &right).await;
    }
    create(&test.engine, "user_role", &[("user", user.into()), ("role", role.into())]).await;
    let mut client = test.visitor();
    client.sign_in(&email, PASSWORD).await;
    (user, client)
}

async fn account(test: &TestApp, name: &str, owner: Id) -> Id {
    create(&test.engine, "account", &[("name", name.into()), ("owner", owner.into())]).await
}

async fn read(test: &TestApp, id: Id) -> Record {
    test.engine.get(&Actor::system(), "account", id).await.unwrap()
}

async fn found(test: &TestApp, name: &str) -> Vec<Record> {
    let query = engine::Query::new("account").filter(format!("name == '{name}'"));
    test.engine.list(&Actor::system(), &query).await.unwrap().records
}

async fn numbered(test: &TestApp, number: &str) -> Option<Id> {
    test.engine.by_external_id("account", "erp", number).await.unwrap()
}

async fn start(client: &Client, here: &str) -> Answer {
    client.post(here, &[("action", "start"), ("kind", "accounts"), ("source", "erp")]).await
}

#[test]
fn a_right_to_import_ones_own_changes_nobody_elses() {
    on_both(modules, async |test| {
        let (ann, client) = rep(&test, "Ann", "all", "own").await;
        let (bob, other) = rep(&test, "Bob", "all", "all").await;
        let (own, theirs) = (account(&test, "Own Ltd", ann).await, account(&test, "Theirs Ltd", bob).await);
        let file = "客户编号,客户名称,城市\nK1,Own Ltd,青岛\nK2,Theirs Ltd,青岛\nK3,New Ltd,青岛\n";
        // What is counted beforehand is what happens.
        let path = test.engine.data_dir().join("counted.csv");
        std::fs::write(&path, file).unwrap();
        let options = Options { source: "erp".into(), time_zone: Some("UTC".into()), ..Options::default() };
        let actor = test.engine.actor(ann, Lang::En).await.unwrap();
        let control = Control::none();
        let dry =
            import::dry_run(&test.engine, &actor, Kind::Accounts, &path, &options, &control).await.unwrap();
        assert_eq!((dry.progress.imported, dry.progress.errors, dry.problems[0].0), (2, 1, 3));

        let here = begun(&client, file).await;
        start(&client, &here).await.expect(303);
        work(&test).await;
        assert_eq!(read(&test, own).await.text("city"), "青岛");
        assert_eq!((read(&test, theirs).await.text("city"), read(&test, theirs).await.version), ("", 1));
        assert_eq!((numbered(&test, "K1").await, numbered(&test, "K2").await), (Some(own), None));
        let new = found(&test, "New Ltd").await;
        assert_eq!((new.len(), new[0].reference("owner")), (1, Some(ann)));
        let errors = client.get(&format!("{here}/errors")).await.expect(200).body;
        assert!(errors.contains("K2,Theirs Ltd") && !errors.contains("K1"), "{errors}");
        assert!(errors.contains("beyond your right"), "{errors}");

        // Nor does it make records for others, or give them away.
        let away = begun(&client, "客户名称,负责人\nMade Ltd,Bob\nOwn Ltd,Bob\n").await;
        start(&client, &away).await.expect(303);
        work(&test).await;
        assert!(found(&test, "Made Ltd").await.is_empty());
        assert_eq!(read(&test, own).await.reference("owner"), Some(ann));

        // Another's import is not there.
        for road in ["", "/progress", "/errors", "/count"] {
            other.get(&format!("{here}{road}")).await.expect(404);
        }
        for road in ["", "/cancel", "/discard", "/revert"] {
            other
                .post(&format!("{here}{road}"), &[("action", "start"), ("kind", "accounts")])
                .await
                .expect(404);
        }
        // Who imports all of them does.
        let all = begun(&other, file).await;
        start(&other, &all).await.expect(303);
        work(&test).await;
        assert_eq!(
            (read(&test, theirs).await.text("city"), numbered(&test, "K2").await),
            ("青岛", Some(theirs))
        );
    });
}

#[test]
fn a_file_gives_no_number_to_what_one_may_only_read() {
    on_both(modules, async |test| {
        let (ann, client) = rep(&test, "Ann", "own", "all").await;
        let (bob, _) = rep(&test, "Bob", "all", "all").await;
        let (own, theirs) = (account(&test, "Own Ltd", ann).await, account(&test, "Theirs Ltd", bob).await);
        let here = begun(&client, "客户编号,客户名称\nK1,Own Ltd\nK2,Theirs Ltd\n").await;
        start(&client, &here).await.expect(303);
        work(&test).await;
        assert_eq!((numbered(&test, "K1").await, numbered(&test, "K2").await), (Some(own), None));
        // The engine itself refuses it, whoever asks.
        let actor = test.engine.actor(ann, Lang::En).await.unwrap();
        let given = test.engine.write(&actor, move |tx| {
            let numbers = [("K2".to_owned(), theirs)];
            Box::pin(async move { tx.set_external_ids("account", "erp", &numbers).await })
        });
        assert!(matches!(given.await, Err(engine::Error::Forbidden(_))));
    });
}

#[test]
fn without_a_right_to_import_there_is_none() {
    on_both(modules, async |test| {
        let (ann, client) = rep(&test, "Ann", "all", "own").await;
        let here = begun(&client, "客户编号,客户名称\nK1,Own Ltd\n").await;
        let (_, none) = rep(&test, "Cid", "all", "none").await;
        upload(&none, "a.csv", "客户编号,客户名称\nK1,Own Ltd\n".as_bytes()).await.expect(403);
        // `import` is a reserved word of the condition language.
        let rights = engine::Query::new("role_right").filter("entity == 'account'");
        let rights = test.engine.list(&Actor::system(), &rights).await.unwrap().records;
        let right = rights.iter().find(|right| right.text("import") == "own").unwrap().id;
        let system = Actor::system();
        let taken = test.engine.write(&system, move |tx| {
            let values = Values::from([("import".to_owned(), "none".into())]);
            Box::pin(async move { tx.update("role_right", right, None, values).await })
        });
        taken.await.unwrap();
        // Not with a file that was uploaded before, either.
        start(&client, &here).await.expect(403);
        work(&test).await;
        assert!(found(&test, "Own Ltd").await.is_empty(), "{ann}");
    });
}
