//! Records that stand in a tree: figures by what is at its top, and right below it.

use crate::{
    company::{Company, at, decimal, on_databases, values},
    questions::{hide, rep},
    warehouse::{SMALL, refresh},
};
use engine::Actor;
use meta::{Decimal, Id, Lang};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use warehouse::semantic::{self, Cut, Question, Sort, Within};

/// An order of one line, and a return of some of it.
async fn sell(company: &Company, product: Option<Id>, account: Option<Id>, price: &str, back: &str) {
    let line = |price: &str| {
        values([("product", product.into()), ("description", "goods".into()), ("unit_price", decimal(price))])
    };
    let head = values([("account", account.into()), ("ordered_at", at("2026-03-01"))]);
    let order = company.document("order", "order_line", head, line(price)).await;
    let head = values([("order", order.into()), ("returned_at", at("2026-03-02"))]);
    company.document("return", "return_line", head, line(back)).await;
}

async fn named(company: &Company, entity: &'static str, name: &str, above: (&str, Option<Id>)) -> Id {
    let mut fields = values([("name", name.into())]);
    fields.insert(above.0.to_owned(), above.1.into());
    company.create(entity, fields).await
}

async fn by(company: &Company, question: Question) -> BTreeMap<String, Decimal> {
    let answer = semantic::ask(&company.engine, &Actor::system(), &question).await;
    let answer = answer.unwrap_or_else(|error| panic!("{question:?}: {error}"));
    let rows = answer.rows.iter().map(|row| (row.members[0].label.en.clone(), row.cells[0].value.unwrap()));
    rows.collect()
}

fn net_sales(dimension: &str) -> Question {
    Question {
        measures: vec!["net_sales".into()],
        cuts: vec![Cut::new(dimension, None)],
        ..Question::default()
    }
}

fn expected<const N: usize>(rows: [(&str, i64); N]) -> BTreeMap<String, Decimal> {
    rows.into_iter().map(|(name, value)| (name.to_owned(), Decimal::from(value))).collect()
}

#[test]
fn sales_of_a_top_category_are_those_of_everything_below_it() {
    on_databases(async |company| {
        let parent = "parent_category";
        let food = named(&company, "product_category", "Food", (parent, None)).await;
        let fruit = named(&company, "product_category", "Fruit", (parent, Some(food))).await;
        let apples = named(&company, "product_category", "Apples", (parent, Some(fruit))).await;
        let tools = named(&company, "product_category", "Tools", (parent, None)).await;
        for (number, (category, price)) in
            [(Some(food), "100"), (Some(fruit), "30"), (Some(apples), "20"), (Some(tools), "7"), (None, "5")]
                .into_iter()
                .enumerate()
        {
            let code = format!("P{number}");
            let fields =
                [("name", code.clone().into()), ("code", code.into()), ("category", category.into())];
            let product = company.create("product", values(fields)).await;
            sell(&company, Some(product), None, price, "1").await;
        }
        refresh(&company, SMALL).await;
        let none = "(none)";
        assert_eq!(
            by(&company, net_sales("product.category.root")).await,
            expected([("Food", 147), ("Tools", 6), (none, 4)])
        );
        assert_eq!(
            by(&company, net_sales("product.category.level_2")).await,
            expected([("Food", 99), ("Fruit", 48), ("Tools", 6), (none, 4)])
        );
        let within = |value: Json| Within { dimension: "product.category.root".into(), level: None, value };
        let below = Question { within: vec![within(json!(food))], ..net_sales("product.category") };
        assert_eq!(by(&company, below).await, expected([("Food", 99), ("Fruit", 29), ("Apples", 19)]));
        let without = Question { within: vec![within(json!(null))], ..net_sales("product.category") };
        assert_eq!(by(&company, without).await, expected([(none, 4)]));
        let top = Question {
            measures: vec!["sales".into()],
            top: Some(1),
            sort: Some(Sort { by: "sales".into(), descending: true }),
            ..net_sales("product.category.root")
        };
        assert_eq!(by(&company, top).await, expected([("Food", 150), ("Others", 12)]));

        // A circle has no top, but an end.
        company.update("product_category", food, values([(parent, apples.into())])).await;
        refresh(&company, SMALL).await;
        let circle = by(&company, net_sales("product.category.root")).await;
        assert_eq!(circle.values().sum::<Decimal>(), Decimal::from(157), "{circle:?}");
    });
}

#[test]
fn a_group_of_customers_is_asked_as_far_as_one_may_see_how_it_hangs_together() {
    on_databases(async |company| {
        let parent = "parent_account";
        let mut above: Option<Id> = None;
        for (name, price) in [("Group", "1000"), ("Region", "100"), ("Branch", "10"), ("Shop", "2")] {
            let account = named(&company, "account", name, (parent, above)).await;
            sell(&company, None, Some(account), price, "1").await;
            above = Some(account);
        }
        let alone = named(&company, "account", "Alone", (parent, None)).await;
        sell(&company, None, Some(alone), "50", "1").await;
        refresh(&company, SMALL).await;
        assert_eq!(
            by(&company, net_sales("account.root")).await,
            expected([("Group", 1_108), ("Alone", 49)])
        );
        assert_eq!(
            by(&company, net_sales("account.level_2")).await,
            expected([("Group", 999), ("Region", 109), ("Alone", 49)])
        );

        let (user, actor) = rep(&company, "ann", "all").await;
        let knows = |actor: &Actor| {
            let model = semantic::askable(&company.engine, actor).unwrap();
            model.dimension("sales", "account.root").is_some()
        };
        assert!(knows(&actor));
        hide(&company, user, parent).await;
        let actor = company.engine.actor(user, Lang::En).await.unwrap();
        assert!(!knows(&actor));
        let refused = semantic::ask(&company.engine, &actor, &net_sales("account.root")).await;
        assert!(refused.is_err(), "{refused:?}");
    });
}
