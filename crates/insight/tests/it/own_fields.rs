//! Fields a company adds to entities of others are in the warehouse, in the catalog and among the dimensions like all others.

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

#[test]
fn fields_a_company_adds_are_kept_told_and_cut_by() {
    testkit::on_both(modules, async |app: TestApp| {
        let company = Company { engine: app.engine.clone(), clock: app.clock.clone(), app };
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
