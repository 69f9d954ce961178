//! What users and programs ask for, as sets of addresses.

use super::{
    oha::Load,
    sample::{Sample, markers},
    visitor::Visitor,
};
use web::encode;

/// Filter and sort of customer lists people look at; every sort runs on an index.
pub const LISTS: [(&str, &str); 10] = [
    ("", "-net_sales"),
    ("", "name"),
    ("city == '上海'", "-net_sales"),
    ("city == '青岛'", "name"),
    ("importance == 'vip'", "-net_sales"),
    ("importance == 'key' && city == '北京'", "-clv_52w"),
    ("relation == 'dealer'", "-clv_52w"),
    ("stage == 'decline'", "-net_sales"),
    ("kind == 'person' && stage == 'stability'", "-last_order_on"),
    ("relation == 'business' && importance == 'vip'", "name"),
];

pub struct Scenario {
    pub name: &'static str,
    pub load: Load,
    /// Requests a second of the run at a fixed rate, which is the target for reads.
    pub rate: u32,
    pub reads: bool,
}

pub const NAMES: [&str; 11] = [
    "list-page",
    "list-api",
    "next-page",
    "next-api",
    "customer-page",
    "record-api",
    "search-page",
    "search-api",
    "create-order",
    "board",
    "mixed",
];
pub const BOARD: &str = "/order/board";

const READ_RATE: u32 = 1_000;
const WRITE_RATE: u32 = 200;

fn list(filter: &str, sort: &str) -> String {
    format!("filter={}&sort={}", encode(filter), encode(sort))
}

/// Pages by cookie, the API by token.
struct Ways<'v>(&'v Visitor);

impl Ways<'_> {
    fn pages(&self, paths: Vec<String>) -> Load {
        let headers = vec![format!("cookie: {}", self.0.cookie), "accept: text/html".to_owned()];
        self.load(paths, headers)
    }
    fn api(&self, paths: Vec<String>) -> Load {
        self.load(paths, vec![format!("authorization: Bearer {}", self.0.token)])
    }
    fn load(&self, paths: Vec<String>, headers: Vec<String>) -> Load {
        let addresses = paths.iter().map(|path| format!("{}{path}", self.0.address)).collect();
        Load { addresses, headers, bodies: vec![] }
    }
}

/// `None` for what this program does not have.
pub async fn scenario(
    name: &str,
    visitor: &Visitor,
    sample: &mut Sample,
) -> anyhow::Result<Option<Scenario>> {
    let Some(name) = NAMES.into_iter().find(|known| *known == name) else { return Ok(None) };
    let ways = Ways(visitor);
    let lists =
        |base: &str| LISTS.iter().map(|(filter, sort)| format!("{base}?{}", list(filter, sort))).collect();
    let records = |base: &str, sample: &Sample| -> Vec<String> {
        sample.accounts.iter().map(|account| format!("{base}/{}", account.id)).collect()
    };
    let found = |base: &str, words: Vec<String>| -> Vec<String> {
        words.iter().map(|word| format!("{base}?q={}", encode(word))).collect()
    };
    let load = match name {
        "list-page" => ways.pages(lists("/account")),
        "list-api" => ways.api(lists("/api/v1/account")),
        "next-page" => {
            // As the list asks for more rows while somebody scrolls.
            let mut load = ways.pages(next(visitor, "/account").await?);
            load.headers.push("hx-request: true".to_owned());
            load
        }
        "next-api" => ways.api(next(visitor, "/api/v1/account").await?),
        "customer-page" => ways.pages(records("/account", sample)),
        "record-api" => ways.api(records("/api/v1/account", sample)),
        "search-page" => ways.pages(found("/search", sample.words())),
        "search-api" => ways.api(found("/api/v1/search", sample.words())),
        "create-order" => Load { bodies: sample.orders(), ..ways.api(vec!["/api/v1/order".to_owned()]) },
        "board" if visitor.page(BOARD).await.is_err() => return Ok(None),
        "board" => ways.pages(vec![BOARD.to_owned()]),
        _ => ways.pages(mixed(
            lists("/account"),
            records("/account", sample),
            found("/search", sample.words()),
        )),
    };
    let reads = name != "create-order";
    Ok(Some(Scenario { name, load, rate: if reads { READ_RATE } else { WRITE_RATE }, reads }))
}

async fn next(visitor: &Visitor, base: &str) -> anyhow::Result<Vec<String>> {
    let mut paths = vec![];
    for (filter, sort) in LISTS.iter().take(4) {
        let list = list(filter, sort);
        let markers = markers(visitor, &list).await?;
        paths.extend(markers.iter().map(|after| format!("{base}?{list}&after={}", encode(after))));
    }
    Ok(paths)
}

/// A day's work: of ten requests four lists, four customers, two searches.
fn mixed(lists: Vec<String>, records: Vec<String>, found: Vec<String>) -> Vec<String> {
    const REQUESTS: usize = 1_000;
    let mut paths = vec![];
    for index in 0..REQUESTS {
        let from = match index % 10 {
            0..=3 => &lists,
            4..=7 => &records,
            _ => &found,
        };
        paths.push(from[index % from.len()].clone());
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_has_four_lists_and_customers_to_two_searches() {
        let one = |text: &str| vec![text.to_owned()];
        let paths = mixed(one("list"), one("record"), one("search"));
        let count = |wanted: &str| paths.iter().filter(|path| *path == wanted).count();
        assert_eq!((count("list"), count("record"), count("search")), (400, 400, 200));
    }
}
