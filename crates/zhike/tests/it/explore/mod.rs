//! The explorer, saved questions and dashboards: what they answer, to whom, and where they lead.

mod asking;
mod keeping;
mod mailing;
mod mapping;
mod refused;
mod taking_along;

pub use mailing::with_mail;

use crate::pages::create;
use meta::{Id, Value};
use testkit::{Client, Modules, TestApp};
use warehouse::Manner;

pub fn modules() -> Modules {
    Modules {
        engine: vec![
            customers::module(),
            sales::module(),
            insight::module(),
            warehouse::module(),
            analysis::module(),
        ],
        web: insight::web_modules().into_iter().chain([analysis::web_module()]).collect(),
    }
}

pub const EXPLORE: &str = "/analysis/explore";

/// The address of the answer to these parameters.
pub fn answer(parameters: &str) -> String {
    format!("{EXPLORE}/answer?{parameters}")
}

async fn order(test: &TestApp, account: Id, owner: Option<Id>, at: &str, channel: &str, price: i64) {
    let at = Value::Instant(at.parse().unwrap());
    let fields = [
        ("account", account.into()),
        ("ordered_at", at),
        ("channel", channel.into()),
        ("owner", owner.into()),
    ];
    let order = create(&test.engine, "order", &fields).await;
    let line = [("order", order.into()), ("description", "goods".into()), ("unit_price", Value::Int(price))];
    create(&test.engine, "order_line", &line).await;
}

/// Two customers in two provinces, three orders in two quarters; the first customer is `owner`'s.
pub async fn trade(test: &TestApp, owner: Option<Id>) {
    let account = async |name: &str, province: &str, owner: Option<Id>| {
        let fields = [("name", name.into()), ("province", province.into()), ("owner", owner.into())];
        create(&test.engine, "account", &fields).await
    };
    let first = account("青岛海风", "山东", owner).await;
    let second = account("=Chengdu", "四川", None).await;
    order(test, first, owner, "2026-02-10T02:00:00Z", "online", 300).await;
    order(test, first, owner, "2026-05-10T02:00:00Z", "store", 500).await;
    order(test, second, None, "2026-02-11T02:00:00Z", "online", 1_100).await;
    warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
}

/// The cells of the first row with this text, without their tags.
pub fn row(page: &str, name: &str) -> Vec<String> {
    let rows = page.split("<tr").filter_map(|row| row.split("</tr>").next()?.split_once('>'));
    let row = rows.filter(|(_, row)| row.contains(&format!(">{name}<"))).last();
    let (_, row) = row.unwrap_or_else(|| panic!("no {name} in {page}"));
    let cells = row.split("</td>").map(|cell| {
        let mut text = String::new();
        let mut inside = false;
        for letter in cell.chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => text.push(letter),
                _ => {}
            }
        }
        text.rsplit('>').next().unwrap_or_default().trim().to_owned()
    });
    cells.filter(|cell| !cell.is_empty()).collect()
}

/// Where the first link with this text in its address leads.
pub fn link(page: &str, part: &str) -> String {
    let found = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let found = found.map(crate::pages::unescaped).map(|href| href.replace("&#x27;", "'"));
    let mut found = found.filter(|href| href.contains(part));
    found.next().unwrap_or_else(|| panic!("no link to {part} in {page}"))
}

pub async fn get(client: &Client, path: &str) -> String {
    client.get(path).await.expect(200).body
}
