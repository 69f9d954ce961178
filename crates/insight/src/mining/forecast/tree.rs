//! What is a part of what: the company falls into regions, and into categories, and these into products; what is too small for a
//! forecast of its own is, together with its like, one part more. Every line is in exactly one part of each, so that
//! histories add up, and the forecasts are made to.

use super::{Cut, Demand, Found, HORIZON, PERIOD, Part, Purchasing};
use crate::mining::{accounts, lines::Sales};
use meta::Id;
use mining::{
    forecast::{
        self, Forecast, Method, backtest, calendar,
        purchasing::in_units,
        reconcile::{self, Breakdown},
    },
    reason::Reason,
};
use std::collections::HashMap;
use value::money;

/// Parts shown of a dimension; the others together are one.
const PARTS: usize = 12;
/// Products with a forecast of their own, those sold most.
const LISTED: usize = 5_000;
/// Days by which weekdays are weighed.
const YEAR: usize = 364;

/// A part, or the whole; with what was sold.
struct Node {
    key: Option<String>,
    methods: &'static [Method],
    /// The first week it could have been sold in.
    first: usize,
    weeks: Vec<f64>,
    months: Vec<f64>,
    /// By week, of products.
    units: Vec<f64>,
}

/// Places of nodes by what lines say of themselves.
struct Tree {
    nodes: Vec<Node>,
    breakdowns: Vec<Breakdown>,
    regions: Vec<usize>,
    categories: Vec<usize>,
    /// Those that have a forecast of their own, the most sold first, and their nodes.
    products: Vec<(u32, usize)>,
    /// By account, and of those without.
    region_of: Vec<usize>,
    no_region: usize,
    /// By product, and of lines without: category, and the part of it.
    category_of: Vec<(usize, Option<usize>)>,
    no_category: (usize, Option<usize>),
}

/// What was sold of each product.
#[derive(Clone, Default)]
struct Sold {
    money: f64,
    recent: f64,
    recent_money: f64,
    recent_orders: usize,
    /// The last of these: lines of one order stand together.
    order: Option<u32>,
    first: Option<usize>,
}

pub fn find(
    sales: &Sales,
    profiles: &accounts::Profiles,
    category_of: &HashMap<Id, Id>,
) -> (Found, Purchasing) {
    let cut = Cut::of(sales);
    let sold = products(sales, &cut);
    let mut tree = plant(sales, &cut, profiles, category_of, &sold);
    let weekdays = tree.count(sales, &cut);
    let forecasts = tree.forecasts(&origins(&cut));
    let part = |at: usize| Part {
        key: tree.nodes[at].key.clone(),
        history: cut.by_week(&tree.nodes[at].weeks),
        months: cut.by_month(&tree.nodes[at].months),
        forecast: forecasts.as_ref().map(|all| all[at].clone()).map_err(|reason| *reason),
    };
    let parts = |places: &[usize]| places.iter().map(|at| part(*at)).collect::<Vec<Part>>();
    let shown: Vec<usize> = tree.shown(&sold);
    let mut best = parts(&shown);
    if let Ok(forecasts) = &forecasts {
        best.extend(tree.rest(&shown, forecasts, &cut));
    }
    let found = Found {
        total: part(0),
        region_field: profiles.region_field.to_owned(),
        regions: parts(&tree.regions),
        categories: parts(&tree.categories),
        products: best,
        weekdays,
    };
    let demands = match &forecasts {
        Ok(forecasts) => tree.demand(sales, &sold, forecasts),
        Err(_) => vec![],
    };
    let purchasing = Purchasing {
        left_out: sales.products.len() - demands.len(),
        products: demands,
        need_weeks: need_weeks(&cut),
        origins: origins(&cut).len(),
    };
    (found, purchasing)
}

/// To be tried from two of the company's points of the past.
fn need_weeks(cut: &Cut) -> usize {
    backtest::needed(HORIZON, &origins(cut))
}

/// The company's points of the past, which are everybody's: only then do errors add up.
fn origins(cut: &Cut) -> Vec<usize> {
    backtest::origins(cut.weeks(), PERIOD.season(), HORIZON)
}

/// Amounts and quantities are whole ten-thousandths, and so is their sum, in whatever order lines came.
fn exact(sum: &mut f64) {
    *sum = (*sum * money::SCALE as f64).round() / money::SCALE as f64;
}

fn products(sales: &Sales, cut: &Cut) -> Vec<Sold> {
    let mut found = vec![Sold::default(); sales.products.len()];
    let recent = cut.months.len().saturating_sub(HORIZON * 7);
    for line in &sales.lines {
        let Some(sold) = line.product().and_then(|product| found.get_mut(product as usize)) else { continue };
        sold.money += line.amount;
        // Sold before the first whole week: known from the beginning.
        let place = if line.day < cut.first_day { Some(0) } else { cut.place(line.day) };
        let Some(place) = place else { continue };
        sold.first = Some(sold.first.map_or(place / 7, |first| first.min(place / 7)));
        if line.day >= cut.first_day && place >= recent {
            sold.recent += line.quantity;
            sold.recent_money += line.amount;
            sold.recent_orders += usize::from(sold.order.replace(line.order) != Some(line.order));
        }
    }
    for sold in &mut found {
        [&mut sold.money, &mut sold.recent, &mut sold.recent_money].into_iter().for_each(exact);
    }
    found
}

/// Names of the largest, and each one's place among them.
fn largest(sums: HashMap<&str, f64>) -> (Vec<String>, HashMap<String, usize>) {
    let mut sums: Vec<(&str, f64)> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let names: Vec<String> = sums.into_iter().take(PARTS).map(|(name, _)| name.to_owned()).collect();
    let places = names.iter().cloned().zip(0..).collect();
    (names, places)
}

fn plant(
    sales: &Sales,
    cut: &Cut,
    profiles: &accounts::Profiles,
    category_of: &HashMap<Id, Id>,
    sold: &[Sold],
) -> Tree {
    let months = cut.months.last().map_or(0, |last| last + 1);
    let node = |key: Option<String>, methods: &'static [Method], first: usize, units: usize| Node {
        key,
        methods,
        first,
        weeks: vec![0.0; cut.weeks()],
        months: vec![0.0; months],
        units: vec![0.0; units],
    };
    let mut nodes = vec![node(None, &Method::ALL, 0, 0)];

    let mut money = vec![0.0; sales.accounts.len()];
    for line in &sales.lines {
        if let Some(money) = line.account().and_then(|account| money.get_mut(account as usize)) {
            *money += line.amount;
        }
    }
    let region = |account: usize| profiles.of.get(account).and_then(|profile| profile.region.as_deref());
    let mut sums: HashMap<&str, f64> = HashMap::new();
    for (account, money) in money.iter().enumerate() {
        if let Some(region) = region(account) {
            *sums.entry(region).or_default() += money;
        }
    }
    let (names, places) = largest(sums);
    let first_region = nodes.len();
    let no_region = first_region + names.len();
    nodes.extend(names.into_iter().map(|name| node(Some(name), &Method::ALL, 0, 0)));
    let place = |name: Option<&str>| name.and_then(|name| places.get(name)).map(|at| first_region + at);
    let region_of: Vec<usize> =
        (0..money.len()).map(|account| place(region(account)).unwrap_or(no_region)).collect();
    let has_rest = sales.lines.iter().any(|line| line.account().is_none()) || region_of.contains(&no_region);
    if has_rest {
        nodes.push(node(None, &Method::ALL, 0, 0));
    }
    let regions: Vec<usize> = (first_region..nodes.len()).collect();

    let categories: Vec<Option<String>> =
        sales.products.iter().map(|product| Some(category_of.get(product)?.to_string())).collect();
    let mut sums: HashMap<&str, f64> = HashMap::new();
    for (category, sold) in categories.iter().zip(sold) {
        if let Some(category) = category {
            *sums.entry(category).or_default() += sold.money;
        }
    }
    let (names, places) = largest(sums);
    let first_category = nodes.len();
    let no_category = first_category + names.len();
    nodes.extend(names.into_iter().map(|name| node(Some(name), &Method::ALL, 0, 0)));
    let place = |name: &Option<String>| name.as_ref().and_then(|name| places.get(name));
    let mut of_product: Vec<(usize, Option<usize>)> = categories
        .iter()
        .map(|name| (place(name).map_or(no_category, |at| first_category + at), None))
        .collect();
    let without = sales.lines.iter().any(|line| line.product().is_none());
    if without || of_product.iter().any(|(category, _)| *category == no_category) {
        nodes.push(node(None, &Method::ALL, 0, 0));
    }
    let categories: Vec<usize> = (first_category..nodes.len()).collect();

    let whole = |parts: &[usize]| Breakdown { whole: 0, parts: parts.to_vec() };
    let mut breakdowns = vec![whole(&regions), whole(&categories)];
    let products = listed(sales, cut, sold);
    let shown = most_sold(&products, sold);
    let mut listed = vec![];
    for product in products {
        let first = sold[product as usize].first.unwrap_or(0);
        let methods: &'static [Method] = if shown.contains(&product) { &Method::ALL } else { &Method::QUICK };
        let key = sales.products[product as usize].to_string();
        listed.push((product, nodes.len()));
        of_product[product as usize].1 = Some(nodes.len());
        nodes.push(node(Some(key), methods, first, cut.weeks()));
    }
    let mut without_category = (no_category, None);
    for category in &categories {
        let of_it = |of: &&(usize, Option<usize>)| of.0 == *category;
        let mut parts: Vec<usize> = of_product.iter().filter(of_it).filter_map(|of| of.1).collect();
        if parts.is_empty() {
            continue;
        }
        let others = of_product.iter().filter(of_it).any(|of| of.1.is_none());
        if others || (without && *category == no_category) {
            parts.push(nodes.len());
            for of in of_product.iter_mut().filter(|of| of.0 == *category && of.1.is_none()) {
                of.1 = Some(nodes.len());
            }
            if *category == no_category {
                without_category.1 = Some(nodes.len());
            }
            nodes.push(node(None, &Method::QUICK, 0, 0));
        }
        breakdowns.push(Breakdown { whole: *category, parts });
    }
    Tree {
        nodes,
        breakdowns,
        regions,
        categories,
        products: listed,
        region_of,
        no_region,
        category_of: of_product,
        no_category: without_category,
    }
}

/// Products sold lately and known for long enough, the most sold first.
fn listed(sales: &Sales, cut: &Cut, sold: &[Sold]) -> Vec<u32> {
    let need = need_weeks(cut);
    let known = |sold: &Sold| sold.first.map_or(0, |first| cut.weeks() - first);
    let mut listed: Vec<u32> = (0..)
        .zip(sold)
        .filter(|(_, sold)| sold.recent > 0.0 && known(sold) >= need)
        .map(|(product, _)| product)
        .collect();
    let (recent, id) =
        (|product: u32| sold[product as usize].recent, |product: u32| sales.products[product as usize]);
    listed.sort_by(|a, b| recent(*b).total_cmp(&recent(*a)).then(id(*a).cmp(&id(*b))));
    listed.truncate(LISTED);
    listed
}

/// By money, over all years.
fn most_sold(products: &[u32], sold: &[Sold]) -> Vec<u32> {
    let mut products = products.to_vec();
    let money = |product: u32| sold[product as usize].money;
    products.sort_by(|a, b| money(*b).total_cmp(&money(*a)).then(a.cmp(b)));
    products.truncate(PARTS);
    products
}

impl Tree {
    /// Puts every line where it belongs, and tells the shares of weekdays.
    fn count(&mut self, sales: &Sales, cut: &Cut) -> [f64; 7] {
        let year = cut.months.len().saturating_sub(YEAR);
        let mut days = [0.0; 7];
        for line in &sales.lines {
            let Some(place) = cut.place(line.day) else { continue };
            let (week, month) = (place / 7, cut.months[place]);
            let region = line.account().map_or(self.no_region, |account| self.region_of[account as usize]);
            let (category, product) =
                line.product().map_or(self.no_category, |product| self.category_of[product as usize]);
            for at in [Some(0), Some(region), Some(category), product].into_iter().flatten() {
                let node = &mut self.nodes[at];
                node.weeks[week] += line.amount;
                node.months[month] += line.amount;
                if let Some(units) = node.units.get_mut(week) {
                    *units += line.quantity;
                }
            }
            if place >= year {
                days[place % 7] += line.amount;
            }
        }
        for node in &mut self.nodes {
            [&mut node.weeks, &mut node.months, &mut node.units].into_iter().flatten().for_each(exact);
        }
        days.iter_mut().for_each(exact);
        let monday = super::monday(cut.from);
        calendar::weekdays(monday.iter_days().zip(days))
    }

    /// One a node, which add up; or why there is none.
    fn forecasts(&self, back: &[usize]) -> Result<Vec<Forecast>, Reason> {
        let told = |node: &Node| {
            forecast::forecast(&node.weeks[node.first..], PERIOD.season(), HORIZON, node.methods, back)
        };
        let mut forecasts = self.nodes.iter().map(told).collect::<Result<Vec<Forecast>, Reason>>()?;
        let mut nodes: Vec<reconcile::Node<'_>> = self
            .nodes
            .iter()
            .zip(&mut forecasts)
            .map(|(node, forecast)| reconcile::Node { history: &node.weeks[node.first..], forecast })
            .collect();
        reconcile::reconcile(&mut nodes, &self.breakdowns);
        Ok(forecasts)
    }

    /// Nodes of the products that are shown by themselves.
    fn shown(&self, sold: &[Sold]) -> Vec<usize> {
        let all: Vec<u32> = self.products.iter().map(|(product, _)| *product).collect();
        let shown = most_sold(&all, sold);
        let node = |product: &u32| self.products.iter().find(|(listed, _)| listed == product);
        shown.iter().filter_map(node).map(|(_, node)| *node).collect()
    }

    /// Everything but the products shown: the sum of what has no parts.
    fn rest(&self, shown: &[usize], forecasts: &[Forecast], cut: &Cut) -> Option<Part> {
        let is_whole = |at: usize| self.breakdowns.iter().any(|breakdown| breakdown.whole == at);
        let rest: Vec<usize> = (self.categories.first().copied()?..self.nodes.len())
            .filter(|at| !is_whole(*at) && !shown.contains(at))
            .collect();
        let sum = |of: &dyn Fn(usize) -> Vec<f64>| {
            let mut sums: Vec<f64> = vec![];
            for at in &rest {
                let values = of(*at);
                sums.resize(values.len(), 0.0);
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            sums
        };
        let weeks = sum(&|at| self.nodes[at].weeks.clone());
        let parts: Vec<&Forecast> = rest.iter().map(|at| &forecasts[*at]).collect();
        (!rest.is_empty()).then(|| Part {
            key: None,
            forecast: Ok(Forecast::sum(&parts, &weeks, PERIOD.season())),
            history: cut.by_week(&weeks),
            months: cut.by_month(&sum(&|at| self.nodes[at].months.clone())),
        })
    }

    fn demand(&self, sales: &Sales, sold: &[Sold], forecasts: &[Forecast]) -> Vec<Demand> {
        let demand = |(product, at): &(u32, usize)| {
            let (node, told, sold) = (&self.nodes[*at], &forecasts[*at], &sold[*product as usize]);
            let units = in_units(told, &node.weeks[node.first..], &node.units[node.first..])?;
            let (category, _) = self.category_of[*product as usize];
            Some(Demand {
                product: sales.products[*product as usize],
                category: self.nodes[category].key.clone(),
                recent: sold.recent,
                recent_sales: sold.recent_money,
                orders: sold.recent_orders,
                weeks: node.weeks.len() - node.first,
                price: units.price,
                method: told.backtest.best,
                wape: units.errors.wape,
                covers: units.covers,
            })
        };
        self.products.iter().filter_map(demand).collect()
    }
}

#[cfg(test)]
mod tests;
