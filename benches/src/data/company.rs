//! The made-up company: how large it is, and its parts in the order they are loaded.

use super::{
    activities, catalogue, customers,
    loader::{Head, Loader},
    orders, rates,
};
use chrono::{Days, NaiveTime};
use engine::Registry;
use meta::{DateTime, Id, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

const SEED: u64 = 20_261_125;
/// Days of orders, and days of customers before that.
const DAYS_OF_ORDERS: u64 = 3 * 365;
const DAYS_BEFORE: u64 = 2 * 365;

/// Contacts and lines follow from customers and orders: 1.5 and 3 of each on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub accounts: usize,
    pub orders: usize,
    /// The newest orders, not completed yet.
    pub open_orders: usize,
    pub activities: usize,
    pub products: usize,
    pub users: usize,
}

impl Size {
    /// A million customers and `orders` at scale 1.
    pub fn at(scale: f64, orders: f64) -> Size {
        let of = |full: f64, least: usize| ((full * scale).round() as usize).max(least);
        Size {
            accounts: of(1_000_000.0, 20),
            orders: of(orders, 100),
            open_orders: of(100_000.0, 10),
            activities: of(500_000.0, 10),
            products: of(5_000.0, 200).min(5_000),
            users: of(200.0, 20).min(200),
        }
    }
}

/// What the parts of the generator know of one another.
pub struct Company {
    pub size: Size,
    pub founded: DateTime<Utc>,
    pub orders_from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub users: Vec<Id>,
    pub teams: Vec<Id>,
}

pub struct Made {
    pub contacts: usize,
    pub order_lines: usize,
}

impl Company {
    pub fn seed() -> u64 {
        SEED
    }

    /// When the part `done` of `whole` comes, if they are spread over a time with growing density.
    pub fn moment(from: DateTime<Utc>, to: DateTime<Utc>, done: f64, growth: f64) -> DateTime<Utc> {
        let seconds = (to - from).num_seconds() as f64 * done.powf(growth);
        from + chrono::Duration::seconds(seconds as i64)
    }
}

/// Everything, up to the beginning of the day `until`.
pub fn load(loader: &mut Loader, registry: &Registry, size: Size, until: NaiveDate) -> anyhow::Result<Made> {
    let until = until.and_time(NaiveTime::MIN).and_utc();
    let orders_from = until - Days::new(DAYS_OF_ORDERS);
    let founded = orders_from - Days::new(DAYS_BEFORE);
    let mut company = Company { size, founded, orders_from, until, users: vec![], teams: vec![] };
    catalogue::people(loader, registry, &mut company)?;
    let rates = rates::load(loader, registry, &company)?;
    let products = catalogue::products(loader, registry, &company)?;
    let customers = customers::load(loader, registry, &company)?;
    loader.say("customers");
    let order_lines = orders::load(
        loader,
        registry,
        &company,
        &orders::Trade { customers: &customers, products: &products, rates: &rates },
    )?;
    loader.say("orders");
    activities::load(loader, registry, &company, &customers)?;
    loader.say("activities");
    Ok(Made { contacts: customers.contacts.len(), order_lines })
}

/// The head of a record that nobody in particular entered.
pub fn head(id: Id, at: DateTime<Utc>) -> Head {
    Head { id, at, by: None }
}
