//! What is sold and who sells it.

use super::{
    cell::{Cell, money},
    chance::Chance,
    company::{Company, head},
    loader::Loader,
    words::{CATEGORIES, GIVEN, GOODS, GRADES, SURNAMES, UNITS},
};
use engine::Registry;
use meta::{Decimal, Id};

const TEAMS: [&str; 6] = ["华东区", "华南区", "华北区", "西部区", "海外部", "电商部"];
/// Share of products whose cost nobody knows.
const WITHOUT_COST: f64 = 0.03;

pub struct Product {
    pub id: Id,
    pub name: String,
    pub price: Decimal,
    pub cost: Option<Decimal>,
}

/// Teams and users; they own records but cannot sign in.
pub fn people(loader: &mut Loader, registry: &Registry, company: &mut Company) -> anyhow::Result<()> {
    let mut chance = Chance::new(Company::seed(), 2);
    let at = company.founded;
    let layout = loader.layout(registry.entity("team")?, &["name"])?;
    for team in TEAMS {
        let id = chance.id(at);
        loader.add(&layout, head(id, at), &[team.into()])?;
        company.teams.push(id);
    }
    let columns = ["name", "email", "role", "language", "team", "active"];
    let layout = loader.layout(registry.entity("user")?, &columns)?;
    let (surnames, given): (Vec<char>, Vec<char>) = (SURNAMES.chars().collect(), GIVEN.chars().collect());
    for number in 0..company.size.users {
        let id = chance.id(at);
        let name: String =
            [chance.pick(&surnames), chance.pick(&given), chance.pick(&given)].iter().collect();
        let email = format!("user{number}@zhike.example");
        let team = chance.pick(&company.teams);
        let cells =
            [(&name).into(), (&email).into(), "user".into(), "zh-CN".into(), team.into(), true.into()];
        loader.add(&layout, head(id, at), &cells)?;
        company.users.push(id);
    }
    Ok(())
}

pub fn products(loader: &mut Loader, registry: &Registry, company: &Company) -> anyhow::Result<Vec<Product>> {
    let mut chance = Chance::new(Company::seed(), 3);
    let at = company.founded;
    let layout = loader.layout(registry.entity("product_category")?, &["name"])?;
    let mut categories = vec![];
    for category in CATEGORIES {
        let id = chance.id(at);
        loader.add(&layout, head(id, at), &[category.into()])?;
        categories.push(id);
    }
    let columns = ["name", "code", "category", "unit", "price", "cost", "currency", "active", "barcode"];
    let layout = loader.layout(registry.entity("product")?, &columns)?;
    let mut products = vec![];
    for number in 1..=company.size.products {
        let name = format!("{}{} {number}", chance.pick(&GOODS), chance.pick(&GRADES));
        let cents = (3_000.0 * chance.pareto(1.1, 300.0)) as i64;
        let price = Decimal::new(cents, 2);
        let cost = Decimal::new((cents as f64 * (0.5 + 0.35 * chance.unit())) as i64, 2);
        let cost = (!chance.happens(WITHOUT_COST)).then_some(cost);
        let (code, barcode) = (format!("P-{number:06}"), format!("690{:010}", number * 7_919));
        let id = chance.id(at);
        let cells = [
            (&name).into(),
            (&code).into(),
            chance.pick(&categories).into(),
            chance.pick(&UNITS).into(),
            money(price),
            cost.map_or(Cell::Null, money),
            super::rates::HOME.into(),
            (!chance.happens(0.1)).into(),
            (&barcode).into(),
        ];
        loader.add(&layout, head(id, at), &cells)?;
        products.push(Product { id, name, price, cost });
    }
    loader.number_from("product.code", company.size.products as i64 + 1)?;
    Ok(products)
}
