//! Fields and entities a company declares itself: there from the next opening on, like declared ones; refused where they cannot be.

use crate::shop::{Shop, customer, module, on_both, reopen, values};
use engine::{Action, Actor, Engine, Error, Level, Query, RoleRights, Withheld};
use meta::{Id, Kind, Value, Values};

const FIELD: &str = "custom_field";

fn field(entity: &str, english: &str, kind: &str) -> Values {
    values([("entity", entity.into()), ("english_label", english.into()), ("kind", kind.into())])
}

fn with<const N: usize>(mut one: Values, more: [(&str, Value); N]) -> Values {
    one.extend(values(more));
    one
}

async fn again(shop: &Shop) -> Shop {
    let engine = reopen(&shop.database, &shop.folder, vec![module()]).await.unwrap();
    Shop { engine, actor: Actor::system(), folder: shop.folder.clone(), database: shop.database.clone() }
}

async fn delete(engine: &Engine, id: Id) {
    let system = Actor::system();
    engine.write(&system, move |tx| Box::pin(async move { tx.delete(FIELD, id, None).await })).await.unwrap();
}

async fn restore(engine: &Engine, id: Id) {
    let system = Actor::system();
    let restored = engine.write(&system, move |tx| Box::pin(async move { tx.restore(FIELD, id).await }));
    restored.await.unwrap();
}

#[test]
fn fields_of_ones_own_are_fields_like_all_others() {
    on_both(|shop: Shop| async move {
        let old = shop.customer("before", []).await;
        let size = with(
            field("customer", "Shoe size", "choice"),
            [("choices", "s | Small | 小\nl | Large | 大".into()), ("chinese_label", "鞋码".into())],
        );
        shop.create(FIELD, size).await.unwrap();
        let height = with(field("customer", "Height (m)", "decimal"), [("decimals", 3.into())]);
        shop.create(FIELD, height).await.unwrap();
        shop.create(FIELD, with(field("customer", "VIN", "text"), [("unique", true.into())])).await.unwrap();
        shop.create(FIELD, with(field("customer", "Notes", "long_text"), [("searched", true.into())]))
            .await
            .unwrap();
        assert!(shop.engine.is_outdated().await.unwrap());
        assert!(
            shop.engine.entity("customer").unwrap().get("x_vin").is_none(),
            "not before the next opening"
        );

        let shop = again(&shop).await;
        assert!(!shop.engine.is_outdated().await.unwrap());
        let declared = shop.engine.entity("customer").unwrap().clone();
        let size = declared.get("x_shoe_size").unwrap();
        assert_eq!((&*size.label.en, &*size.label.zh, size.choices().len()), ("Shoe size", "鞋码", 2));
        assert_eq!(
            declared.get("x_height_m").unwrap().label.zh,
            "Height (m)",
            "one language stands for both"
        );
        assert_eq!(declared.fields.len(), customer().fields.len() + 4);

        let given = [
            ("x_shoe_size", "l".into()),
            ("x_height_m", Value::Decimal("1.755".parse().unwrap())),
            ("x_vin", "V-1".into()),
            ("x_notes", "likes persimmons".into()),
        ];
        let new = shop.customer("after", given).await;
        let read = shop.engine.get(&shop.actor, "customer", new).await.unwrap();
        assert_eq!(read.text("x_shoe_size"), "l");
        assert_eq!(read.get("x_height_m").as_decimal(), Some("1.755".parse().unwrap()));
        assert_eq!(shop.engine.get(&shop.actor, "customer", old).await.unwrap().get("x_vin"), &Value::Null);
        let filtered = Query::new("customer").filter("x_shoe_size == 'l'").sort("-x_height_m");
        assert_eq!(shop.names(filtered).await.unwrap(), ["after"]);
        assert_eq!(shop.names(Query::new("customer").search("persimmons")).await.unwrap(), ["after"]);
        let wrong =
            shop.create("customer", values([("name", "x".into()), ("x_shoe_size", "xl".into())])).await;
        assert!(matches!(wrong, Err(Error::Invalid(problems)) if problems[0].field == "x_shoe_size"));
        // What records hold stays a choice: a form would lose it.
        let size = Query::new(FIELD).filter("name == 'x_shoe_size'");
        let size = shop.engine.list(&shop.actor, &size).await.unwrap().records[0].id;
        let fewer = shop.update(FIELD, size, None, values([("choices", "s | Small | 小".into())])).await;
        assert!(matches!(fewer, Err(Error::Invalid(problems)) if problems[0].field == "choices"));
        shop.update(FIELD, size, None, values([("choices", "l | Large | 大\nm".into())])).await.unwrap();
        let twice = shop.create("customer", values([("name", "x".into()), ("x_vin", "V-1".into())])).await;
        assert!(matches!(twice, Err(Error::Invalid(problems)) if problems[0].field == "x_vin"));
    });
}

#[test]
fn a_deleted_field_keeps_its_data_until_it_is_restored() {
    on_both(|shop: Shop| async move {
        let id = shop.create(FIELD, field("customer", "Vin", "text")).await.unwrap();
        let shop = again(&shop).await;
        let customer = shop.customer("a", [("x_vin", "V-1".into())]).await;
        delete(&shop.engine, id).await;
        let shop = again(&shop).await;
        assert!(shop.engine.entity("customer").unwrap().get("x_vin").is_none());
        let other = shop.create(FIELD, field("customer", "VIN", "integer")).await;
        let Err(Error::Invalid(problems)) = other else { panic!("another kind under the same name") };
        assert_eq!(problems[0].field, "name");
        restore(&shop.engine, id).await;
        let shop = again(&shop).await;
        assert_eq!(shop.engine.get(&shop.actor, "customer", customer).await.unwrap().text("x_vin"), "V-1");
    });
}

#[test]
fn what_cannot_be_declared_is_refused_with_the_reason() {
    on_both(|shop: Shop| async move {
        let id = shop.create(FIELD, field("customer", "Vin", "text")).await.unwrap();
        let choice = field("customer", "Size", "choice");
        let wrong = [
            (field("customer", "Vin", "text"), "name"),
            (field("customer", "  ", "text"), "chinese_label"),
            (with(field("customer", "", "text"), [("chinese_label", "车架号".into())]), "name"),
            (with(field("customer", "A", "text"), [("name", "Größe".into())]), "name"),
            (field("nowhere", "A", "text"), "entity"),
            (field("custom_field", "A", "text"), "entity"),
            (field("user", "A", "text"), "entity"),
            (choice.clone(), "choices"),
            (with(choice.clone(), [("choices", "a\na".into())]), "choices"),
            (field("customer", "A", "reference"), "target"),
            (with(field("customer", "A", "decimal"), [("decimals", 9.into())]), "decimals"),
            (with(field("customer", "A", "bool"), [("unique", true.into())]), "unique"),
            (with(field("customer", "A", "date"), [("searched", true.into())]), "searched"),
            (field("customer", "Dealer key", "text"), "name"),
            (with(field("customer", "A", "integer"), [("bands", "10, 1".into())]), "bands"),
        ];
        for (given, on) in wrong {
            let Err(Error::Invalid(problems)) = shop.create(FIELD, given.clone()).await else {
                panic!("{given:?} was taken");
            };
            assert_eq!(problems[0].field, on, "{given:?}");
        }
        for fixed in [("kind", "integer"), ("entity", "sale"), ("name", "x_other")] {
            let changed = shop.update(FIELD, id, None, values([(fixed.0, fixed.1.into())])).await;
            let Err(Error::Invalid(problems)) = changed else { panic!("{fixed:?} was changed") };
            assert_eq!(problems[0].field, fixed.0);
        }
        let words = values([("english_label", "Vehicle number".into()), ("indexed", false.into())]);
        shop.update(FIELD, id, None, words).await.unwrap();
        let shop = again(&shop).await;
        let vin = shop.engine.entity("customer").unwrap().get("x_vin").unwrap().clone();
        assert_eq!((&*vin.label.en, vin.indexed), ("Vehicle number", false));
    });
}

#[test]
fn entities_of_ones_own_have_records_and_stand_in_references() {
    on_both(|shop: Shop| async move {
        let vehicle = values([
            ("chinese_label", "车辆".into()),
            ("english_label", "Vehicle".into()),
            ("english_plural", "Vehicles".into()),
        ]);
        shop.create("custom_entity", vehicle).await.unwrap();
        let shop = again(&shop).await;
        let keeper = with(field("x_vehicle", "Keeper", "reference"), [("target", "customer".into())]);
        shop.create(FIELD, keeper).await.unwrap();
        let back = with(field("customer", "First car", "reference"), [("target", "x_vehicle".into())]);
        shop.create(FIELD, back).await.unwrap();
        let shop = again(&shop).await;
        let vehicle = shop.engine.entity("x_vehicle").unwrap().clone();
        assert_eq!((&*vehicle.plural.en, &*vehicle.plural.zh), ("Vehicles", "车辆"));
        assert_eq!(vehicle.get("x_keeper").unwrap().kind, Kind::Reference { entity: "customer".into() });
        let owner = shop.customer("a", []).await;
        let car = values([("name", "鲁B12345".into()), ("x_keeper", owner.into())]);
        let car = shop.create("x_vehicle", car).await.unwrap();
        shop.update("customer", owner, None, values([("x_first_car", car.into())])).await.unwrap();
        let of = Query::new("x_vehicle").belongs_to("x_keeper", owner);
        assert_eq!(shop.names(of).await.unwrap(), ["鲁B12345"]);
        assert_eq!(shop.names(Query::new("x_vehicle").search("B123")).await.unwrap(), ["鲁B12345"]);
        let modules = shop.engine.registry().modules();
        assert!(modules.iter().any(|module| module.entities == ["x_vehicle"]));
    });
}

#[test]
fn what_cannot_be_taken_up_is_left_out_and_the_program_starts() {
    on_both(|shop: Shop| async move {
        shop.create(FIELD, field("customer", "Good", "text")).await.unwrap();
        let vin = with(field("customer", "VIN", "text"), [("unique", true.into())]);
        let vin = shop.create(FIELD, vin).await.unwrap();
        let shop = again(&shop).await;
        shop.customer("a", [("x_vin", "V-1".into()), ("x_good", "kept".into())]).await;
        delete(&shop.engine, vin).await;
        let shop = again(&shop).await;
        // Behind the back of every rule the same number a second time.
        let second = shop.customer("b", []).await;
        crate::shop::sql(&shop, "UPDATE customer SET x_vin = 'V-1'").await;
        restore(&shop.engine, vin).await;
        let shop = again(&shop).await;
        let declared = shop.engine.entity("customer").unwrap();
        assert!(declared.get("x_vin").is_none() && declared.get("x_good").is_some());
        assert!(!shop.engine.is_outdated().await.unwrap(), "or it would be opened again and again");
        crate::shop::sql(&shop, "UPDATE customer SET x_vin = NULL WHERE name = 'b'").await;
        let shop = again(&shop).await;
        let read = shop.engine.get(&shop.actor, "customer", second).await.unwrap();
        assert_eq!(read.get("x_vin"), &Value::Null);
        assert!(shop.engine.entity("customer").unwrap().get("x_vin").is_some());
    });
}

#[test]
fn a_field_that_is_searched_from_its_beginning_costs_no_search_anew_and_one_that_comes_back_does() {
    on_both(|shop: Shop| async move {
        shop.customer("before", []).await;
        let nick = with(field("customer", "Nick", "text"), [("searched", true.into())]);
        let nick = shop.create(FIELD, nick).await.unwrap();
        let shop = again(&shop).await;
        shop.customer("after", [("x_nick", "Bluebird".into())]).await;
        let found =
            async |shop: &Shop, word: &str| shop.names(Query::new("customer").search(word)).await.unwrap();
        assert_eq!(found(&shop, "bluebird").await, ["after"]);
        assert_eq!(found(&shop, "before").await, ["before"]);
        delete(&shop.engine, nick).await;
        let shop = again(&shop).await;
        assert_eq!(found(&shop, "bluebird").await, [""; 0], "nobody can see any more why");
        restore(&shop.engine, nick).await;
        let shop = again(&shop).await;
        assert_eq!(found(&shop, "bluebird").await, ["after"]);
        assert!(shop.engine.examine().await.unwrap().iter().all(|verdict| verdict.wrong == 0));
    });
}

#[test]
fn what_a_role_hides_of_a_deleted_field_is_hidden_when_the_field_comes_back() {
    on_both(|shop: Shop| async move {
        let salary = shop.create(FIELD, field("customer", "Salary", "integer")).await.unwrap();
        let shop = again(&shop).await;
        let role = shop.create("role", values([("name", "Sales".into())])).await.unwrap();
        let mut rights = RoleRights::default();
        rights.set("customer", Action::Read, Level::All);
        let mut hiding = rights.clone();
        let place = ("customer".to_owned(), "x_salary".to_owned());
        hiding.fields.insert(place.clone(), Withheld::Hidden);
        let keep = async |engine: &Engine, rights: &RoleRights| {
            let (system, rights) = (Actor::system(), rights.clone());
            let kept = engine
                .write(&system, move |tx| Box::pin(async move { tx.set_role_rights(role, &rights).await }));
            kept.await.unwrap();
        };
        keep(&shop.engine, &hiding).await;
        delete(&shop.engine, salary).await;
        let shop = again(&shop).await;
        // As the page of the role writes it, which knows nothing of the field any more.
        keep(&shop.engine, &rights).await;
        restore(&shop.engine, salary).await;
        let shop = again(&shop).await;
        let read = shop.engine.role_rights(&Actor::system(), role).await.unwrap();
        assert_eq!(read.fields.get(&place), Some(&Withheld::Hidden));
    });
}
