//! Fields a company adds to entities of others, by a module or while the program runs, are in the warehouse, in the catalog and
//! among the dimensions like all others.

use crate::{
    company::{Company, at, decimal, values},
    warehouse::{SMALL, ask, refresh},
};
use engine::{Actor, Module};
use meta::{Decimal, Value, boolean, choice, decimal as number, integer};
use std::collections::BTreeMap;
use testkit::{Modules, TestApp};
use warehouse::semantic::{self, Cut, Question};

const SIZES: [(&str, &str, &str, &str); 2] =
    [("small", "Small", "小", "grey"), ("large", "Large", "大", "blue")];

fn modules() -> Modules {
    let shop = Module::new("shop")
        .labels("Shop", "门店")
        .extend(
            "account",
            vec![
                choice("shoe_size", &SIZES).label("Shoe size", "鞋码"),
                integer("children").label("Children", "子女数"),
                number("head_cm", 1).label("Head size", "头围"),
            ],
        )
        .extend("order", vec![boolean("is_gift").label("Gift", "礼品")]);
    Modules {
        engine: vec![customers::module(), sales::module(), insight::module(), warehouse::module(), shop],
        web: insight::web_modules(),
    }
}

fn company(app: TestApp) -> Company {
    Company { engine: app.engine.clone(), clock: app.clock.clone(), app }
}

#[test]
fn fields_a_company_adds_are_kept_told_and_cut_by() {
    testkit::on_both(modules, async |app: TestApp| {
        let company = company(app);
        let customer = async |name: &str, size: Option<&str>| {
            let fields = values([
                ("name", name.into()),
                ("shoe_size", size.map(Value::from).unwrap_or_default()),
                ("children", 2.into()),
                ("head_cm", decimal("57.5")),
            ]);
            company.create("account", fields).await
        };
        let (large, none) = (customer("Large", Some("large")).await, customer("None", None).await);
        for (account, gift, amount) in [(large, true, "30"), (large, false, "5"), (none, true, "2")] {
            let head = values([
                ("account", account.into()),
                ("ordered_at", at("2026-01-05")),
                ("is_gift", gift.into()),
            ]);
            let line = values([("description", "goods".into()), ("unit_price", decimal(amount))]);
            company.document("order", "order_line", head, line).await;
        }
        refresh(&company, SMALL).await;

        let kept =
            ask(&company, "SELECT children, head_cm, shoe_size FROM account ORDER BY shoe_size NULLS LAST")
                .await;
        assert_eq!(kept[0], [2.into(), decimal("57.5"), "large".into()]);
        assert_eq!(kept[1][2], Value::Null);

        let catalog = warehouse::catalog(&company.engine, &Actor::system()).await.unwrap();
        let accounts = catalog.tables.iter().find(|table| table.name == "account").unwrap();
        let told = accounts.columns.iter().find(|column| column.name == "shoe_size").unwrap();
        assert_eq!((told.label.en.as_str(), told.label.zh.as_str()), ("Shoe size", "鞋码"));

        let sold = async |dimension: &str| {
            let question = Question {
                measures: vec!["sales".into()],
                cuts: vec![Cut::new(dimension, None)],
                ..Question::default()
            };
            let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
            let row = |row: semantic::Line| {
                (row.members[0].value.to_string(), row.cells[0].value.unwrap_or_default())
            };
            answer.rows.into_iter().map(row).collect::<BTreeMap<String, Decimal>>()
        };
        let expected = |sums: [(&str, i64); 2]| -> BTreeMap<String, Decimal> {
            sums.into_iter().map(|(value, sum)| (value.to_owned(), Decimal::from(sum))).collect()
        };
        assert_eq!(sold("account.shoe_size").await, expected([("\"large\"", 35), ("null", 2)]));
        assert_eq!(sold("is_gift").await, expected([("true", 32), ("false", 5)]));

        // What changes later is followed.
        company.update("account", none, values([("shoe_size", "small".into())])).await;
        refresh(&company, SMALL).await;
        assert_eq!(sold("account.shoe_size").await, expected([("\"large\"", 35), ("\"small\"", 2)]));
    });
}

fn plain() -> Modules {
    Modules {
        engine: vec![customers::module(), sales::module(), insight::module(), warehouse::module()],
        web: insight::web_modules(),
    }
}

#[test]
fn a_field_declared_while_the_program_runs_is_analysed_from_the_next_refresh_on() {
    testkit::on_both(plain, async |app: TestApp| {
        let first = company(app);
        let old = first.create("account", values([("name", "Old".into())])).await;
        refresh(&first, SMALL).await;
        let club = values([
            ("entity", "account".into()),
            ("chinese_label", "俱乐部".into()),
            ("english_label", "Club".into()),
            ("kind", "choice".into()),
            ("choices", "gold | Gold | 金卡\nnone | None | 无".into()),
        ]);
        first.create("custom_field", club).await;
        let children = values([
            ("entity", "account".into()),
            ("english_label", "Children".into()),
            ("kind", "integer".into()),
            ("bands", "1, 3".into()),
        ]);
        first.create("custom_field", children).await;
        let vehicle = values([("chinese_label", "车辆".into()), ("english_label", "Vehicle".into())]);
        first.create("custom_entity", vehicle).await;

        let company = self::company(first.app.again(plain()).await);
        company.update("account", old, values([("x_club", "gold".into()), ("x_children", 2.into())])).await;
        let new =
            company.create("account", values([("name", "New".into()), ("x_club", "none".into())])).await;
        company.create("x_vehicle", values([("name", "鲁B12345".into())])).await;
        for (account, amount) in [(old, "30"), (new, "2")] {
            let head = values([("account", account.into()), ("ordered_at", at("2026-01-05"))]);
            let line = values([("description", "goods".into()), ("unit_price", decimal(amount))]);
            company.document("order", "order_line", head, line).await;
        }
        refresh(&company, SMALL).await;
        let kept = ask(&company, "SELECT name, x_club FROM account ORDER BY name").await;
        assert_eq!(kept, [["New".into(), "none".into()], ["Old".into(), Value::from("gold")]]);
        let own = ask(&company, "SELECT name FROM x_vehicle").await;
        assert_eq!(own, [[Value::from("鲁B12345")]]);
        let question = Question {
            measures: vec!["sales".into()],
            cuts: vec![Cut::new("account.x_club", None)],
            ..Question::default()
        };
        let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
        let row = |row: &semantic::Line| (row.members[0].label.clone(), row.cells[0].value);
        let told: Vec<_> = answer.rows.iter().map(row).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0].1, Some(Decimal::from(30)));
        let question = Question { cuts: vec![Cut::new("account.x_children", None)], ..question };
        let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
        assert_eq!(answer.rows[0].members[0].label.en, "1–2");
    });
}

#[test]
fn numbers_of_ones_own_are_summed_and_averaged_those_of_whole_orders_once_each() {
    testkit::on_both(plain, async |app: TestApp| {
        let first = company(app);
        for (entity, name, kind) in [("order", "Boxes", "integer"), ("order_line", "Weight", "decimal")] {
            let field =
                values([("entity", entity.into()), ("english_label", name.into()), ("kind", kind.into())]);
            first.create("custom_field", field).await;
        }
        let company = self::company(first.app.again(plain()).await);
        let account = company.create("account", values([("name", "A".into())])).await;
        let other = company.create("account", values([("name", "B".into())])).await;
        for (account, boxes, weights) in
            [(account, Some(3), vec!["1.5", "2.25"]), (account, Some(5), vec!["4"]), (other, None, vec!["8"])]
        {
            let boxes = boxes.map(Value::from).unwrap_or_default();
            let head =
                values([("account", account.into()), ("ordered_at", at("2026-01-05")), ("x_boxes", boxes)]);
            let lines = weights.into_iter().map(|weight| {
                values([
                    ("description", "goods".into()),
                    ("unit_price", decimal("1")),
                    ("x_weight", decimal(weight)),
                ])
            });
            company.document_of("order", "order_line", head, lines.collect()).await;
        }
        refresh(&company, SMALL).await;
        let ask = async |measure: &str, dimension: &str| {
            let question = Question {
                measures: vec![measure.into()],
                cuts: vec![Cut::new(dimension, None)],
                ..Question::default()
            };
            let answer = semantic::ask(&company.engine, &Actor::system(), &question).await?;
            let row = |row: &semantic::Line| (row.members[0].label.en.clone(), row.cells[0].value);
            Ok::<_, engine::Error>(answer.rows.iter().map(row).collect::<BTreeMap<_, _>>())
        };
        let expected = |values: [Option<&str>; 2]| {
            let [a, b] = values.map(|value| value.map(|value| value.parse::<Decimal>().unwrap()));
            BTreeMap::from([("A".to_owned(), a), ("B".to_owned(), b)])
        };
        assert_eq!(ask("sales_x_weight", "account").await.unwrap(), expected([Some("7.75"), Some("8")]));
        assert_eq!(
            ask("sales_x_boxes", "account").await.unwrap(),
            expected([Some("8"), None]),
            "once an order"
        );
        assert_eq!(ask("sales_x_boxes_mean", "account").await.unwrap(), expected([Some("4"), None]));
        let refused = ask("sales_x_boxes", "product").await.unwrap_err().to_string();
        assert!(refused.contains("sales_x_boxes is told once a document"), "{refused}");
    });
}

/// A program of the company with these fields declared.
async fn declared(app: TestApp, fields: &[[(&'static str, Value); 5]]) -> Company {
    let first = company(app);
    for field in fields {
        first.create("custom_field", values(field.clone())).await;
    }
    company(first.app.again(plain()).await)
}

fn field(entity: &str, name: &str, kind: &str, target: &str, personal: bool) -> [(&'static str, Value); 5] {
    [
        ("entity", entity.into()),
        ("english_label", name.into()),
        ("kind", kind.into()),
        ("target", if target.is_empty() { Value::Null } else { target.into() }),
        ("personal", personal.into()),
    ]
}

#[test]
fn an_erasure_reaches_personal_fields_of_ones_own_and_nobody_else() {
    testkit::on_both(plain, async |app: TestApp| {
        let fields = [
            field("account", "Passport", "text", "", true),
            field("contact", "Recommended by", "reference", "account", false),
        ];
        let company = declared(app, &fields).await;
        let person = |name: &str| values([("name", name.into()), ("kind", "person".into())]);
        let (anna, ben) =
            (company.create("account", person("Anna")).await, company.create("account", person("Ben")).await);
        company.update("account", anna, values([("x_passport", "P-1".into())])).await;
        company.update("account", anna, values([("x_passport", "P-2".into())])).await;
        let carla = company
            .create(
                "contact",
                values([
                    ("name", "Carla".into()),
                    ("account", ben.into()),
                    ("x_recommended_by", anna.into()),
                ]),
            )
            .await;
        let system = Actor::system();
        let named = engine::Query::new("custom_field").filter("name == 'x_passport'");
        let passport = company.engine.list(&system, &named).await.unwrap().records[0].id;
        let deleted = company.engine.write(&system, move |tx| {
            Box::pin(async move { tx.delete("custom_field", passport, None).await })
        });
        deleted.await.unwrap();
        let company = self::company(company.app.again(plain()).await);
        company.engine.erase(&system, "account", anna, "asked").await.unwrap();
        let restored = company
            .engine
            .write(&system, move |tx| Box::pin(async move { tx.restore("custom_field", passport).await }));
        restored.await.unwrap();
        let company = self::company(company.app.again(plain()).await);
        let account = company.account(anna).await;
        assert_eq!(account.get("x_passport"), &Value::Null, "{account:?}");
        let log = company.engine.history(&system, "account", anna, 100).await.unwrap();
        assert!(!format!("{log:?}").contains("P-1"), "{log:?}");
        let contact = company.engine.get(&system, "contact", carla).await.unwrap();
        assert_eq!(contact.text("name"), "Carla", "she was only recommended by her");
    });
}

#[test]
fn personal_fields_of_ones_own_entities_need_somebody_they_are_about() {
    testkit::on_both(plain, async |app: TestApp| {
        let first = company(app);
        first.create("custom_entity", values([("english_label", "Vehicle".into())])).await;
        let company = self::company(first.app.again(plain()).await);
        let declare = async |given: [(&'static str, Value); 5]| {
            let system = Actor::system();
            let written = company.engine.write(&system, move |tx| {
                Box::pin(async move { tx.create("custom_field", values(given)).await })
            });
            written.await
        };
        let plate = field("x_vehicle", "Plate", "text", "", true);
        let Err(engine::Error::Invalid(problems)) = declare(plate.clone()).await else { panic!("nobody's") };
        assert_eq!(problems[0].field, "personal");
        let keeper = declare(field("x_vehicle", "Keeper", "reference", "account", false)).await.unwrap();
        declare(plate).await.unwrap();
        let system = Actor::system();
        let away = company
            .engine
            .write(&system, move |tx| Box::pin(async move { tx.delete("custom_field", keeper, None).await }));
        assert!(away.await.is_err(), "nothing would lead to the plate any more");
        let Err(engine::Error::Invalid(problems)) =
            declare(field("product", "Designer", "text", "", true)).await
        else {
            panic!("no erasure comes to products")
        };
        assert_eq!(problems[0].field, "personal");

        let company = self::company(company.app.again(plain()).await);
        let keeper =
            company.create("account", values([("name", "Anna".into()), ("kind", "person".into())])).await;
        let vehicle =
            values([("name", "Van".into()), ("x_keeper", keeper.into()), ("x_plate", "QD-1".into())]);
        let vehicle = company.create("x_vehicle", vehicle).await;
        company.engine.erase(&Actor::system(), "account", keeper, "asked").await.unwrap();
        let vehicle = company.engine.get(&Actor::system(), "x_vehicle", vehicle).await.unwrap();
        assert_eq!((vehicle.get("x_plate"), vehicle.text("name")), (&Value::Null, "Van"));
    });
}
