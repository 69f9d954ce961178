//! The made-up company as data: every record with the moment it came into being. Pure; nothing is written here.

use super::{
    catalogue::{ARTICLES, CATEGORIES},
    chance::Chance,
    cost_rates, customers, dashboards, experiment, people, rates, views,
};
use meta::{DateTime, Decimal, Id, NaiveDate, Utc, Value, Values};
use std::collections::BTreeMap;

pub const YEARS: i64 = 3;

pub struct Dated {
    pub at: DateTime<Utc>,
    pub id: Id,
    pub values: Values,
}

/// When a record got its number in the company's former system.
pub type Numbered = (DateTime<Utc>, String, Id);

/// Records by entity, and numbers in the company's former system.
#[derive(Default)]
pub struct Company {
    pub records: BTreeMap<&'static str, Vec<Dated>>,
    pub external_ids: BTreeMap<&'static str, Vec<Numbered>>,
    /// Users who can sign in.
    pub sign_ins: Vec<Id>,
    /// The experiment that has ended.
    pub voucher: Id,
}

/// What parts of the generator know of one another.
pub struct Plan {
    pub seed: u64,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub products: Vec<Product>,
    pub people: people::People,
    pub rates: rates::RateBook,
    pub voucher: experiment::Voucher,
}

pub struct Product {
    pub id: Id,
    pub category: &'static str,
    pub name: &'static str,
    pub price: f64,
    pub cost: f64,
}

pub fn generate(seed: u64, today: NaiveDate, now: DateTime<Utc>) -> Company {
    let mut company = Company::default();
    let from = start_of(today - chrono::Duration::days(YEARS * 365));
    let people = people::add(&mut company, seed, from);
    company.sign_ins = people.sign_ins();
    views::add(&mut company, seed, people.sign_ins()[0], from);
    dashboards::add(&mut company, seed, &people.sign_ins()[..2], from);
    let rates = rates::add(&mut company, seed, from, now);
    cost_rates::add(&mut company, seed, from, now);
    let products = add_products(&mut company, seed, from);
    let voucher = experiment::add(&mut company, seed, now);
    company.voucher = voucher.id;
    let plan = Plan { seed, from, to: now, products, people, rates, voucher };
    customers::add(&mut company, &plan);
    for records in company.records.values_mut() {
        records.sort_by_key(|record| (record.at, record.id));
    }
    company
}

pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn add_products(company: &mut Company, seed: u64, at: DateTime<Utc>) -> Vec<Product> {
    let mut chance = Chance::new(seed, 1);
    let mut categories: BTreeMap<&str, Id> = BTreeMap::new();
    for (code, label, parent) in CATEGORIES {
        let id = chance.id(at);
        let fields = [("name", label.into()), ("parent_category", categories.get(parent).copied().into())];
        company.add("product_category", at, id, fields);
        categories.insert(code, id);
    }
    let mut products = vec![];
    for (index, article) in ARTICLES.iter().enumerate() {
        let id = chance.id(at);
        let cost = (article.price * article.cost * 100.0).round() / 100.0;
        let fields = [
            ("code", article.code.into()),
            ("name", article.name.into()),
            ("category", categories.get(article.category).copied().into()),
            ("unit", article.unit.into()),
            ("price", money(article.price)),
            ("cost", money(cost)),
            ("currency", "CNY".into()),
        ];
        company.add("product", at, id, fields);
        company.number("product", at, format!("M{:05}", 20_000 + index * 7), id);
        products.push(Product {
            id,
            category: article.category,
            name: article.name,
            price: article.price,
            cost,
        });
    }
    products
}

impl Company {
    pub fn add<const N: usize>(
        &mut self,
        entity: &'static str,
        at: DateTime<Utc>,
        id: Id,
        fields: [(&str, Value); N],
    ) {
        let given = fields.into_iter().filter(|(_, value)| !value.is_null());
        let values = given.map(|(field, value)| (field.to_owned(), value)).collect();
        self.records.entry(entity).or_default().push(Dated { at, id, values });
    }
    pub fn number(&mut self, entity: &'static str, at: DateTime<Utc>, number: String, id: Id) {
        self.external_ids.entry(entity).or_default().push((at, number, id));
    }
    pub fn count(&self, entity: &str) -> usize {
        self.records.get(entity).map_or(0, Vec::len)
    }
}

/// An amount with two decimals.
pub fn money(amount: f64) -> Value {
    rounded(amount, 2)
}

pub fn rounded(amount: f64, decimals: u32) -> Value {
    let factor = 10f64.powi(decimals as i32);
    Value::Decimal(Decimal::new((amount * factor).round() as i64, decimals).normalize())
}
