//! `/value/cycles`: what is due, and what the coming weeks bring; who is behind its numbers is in [`super::list`]. And the cycles of one customer on his own page.

use super::{
    compute::{REPORT, Report, Week},
    list::List,
    read,
    store::{self, Cycle, Stored, Which},
};
use crate::{
    kept::{self, Kept},
    pages::{
        figure::{Explain, Figure, Input},
        href, scope, simpler,
        words::Words,
    },
    settings::{Settings, date_of, day_number},
    statistics::UpTo,
    store as models,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use engine::{Actor, BoxFuture};
use meta::{Decimal, Id, NaiveDate, Record, unscaled};
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::{collections::HashMap, sync::Arc};
use value::rhythm::{GAPS_MINIMUM, Known, REGULAR_SD, Rhythm};
use web::{Answer, App, Session};

const ROWS: u64 = 50;
/// Of fewer customers the share of regular cycles has no interval.
const FEW: u64 = 10;
/// Cycles shown on a customer's page.
const PANEL_ROWS: usize = 8;

#[derive(Serialize)]
pub(super) struct Shown {
    customer: String,
    customer_href: String,
    product: String,
    product_href: Option<String>,
    every: String,
    purchases: String,
    last_on: String,
    next_on: String,
    between: String,
    quantity: String,
    /// `due`, `over`, `coming`, `irregular`.
    state: String,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    let Some(kept) = kept.filter(|kept| kept.body.pairs > 0) else {
        let simpler = simpler::returning(&words, &session).await?;
        let context = context! { empty => true, minimum => GAPS_MINIMUM + 1, simpler };
        return app.page(&session, "insight/cycles.html", context).map(IntoResponse::into_response);
    };
    let report = &kept.body;
    let due = store::list(engine, report.run, Which::Due, None, ROWS).await?;
    let wanted: Vec<(&str, Id)> = report.demand.iter().map(|one| ("product", one.product)).collect();
    let titles = engine.titles(&session.actor, &wanted).await?;
    let rows = rows(&words, &session, &due).await?;
    app.saw_many(&session, "account", rows.len(), &[]);
    let context = context! {
        empty => false,
        as_of => words.date(kept.as_of),
        made_at => words.format.instant(kept.made_at),
        figures => headline(&words, report, &words.date(kept.as_of)),
        minimum => GAPS_MINIMUM + 1,
        due_href => List::Due.address(),
        more => report.due > due.len() as u64,
        rows,
        weeks => weeks(&words, report),
        demand => demand(&words, report, &titles),
    };
    app.page(&session, "insight/cycles.html", context).map(IntoResponse::into_response)
}

/// As far as the customers are still there.
pub(super) async fn rows(words: &Words<'_>, session: &Session, cycles: &[Stored]) -> Answer<Vec<Shown>> {
    let accounts = cycles.iter().map(|one| ("account", one.account));
    let products = cycles.iter().filter_map(|one| Some(("product", one.product?)));
    let named: Vec<(&str, Id)> = accounts.chain(products).collect();
    let titles = words.app.engine().titles(&session.actor, &named).await?;
    let title = |id: Id| titles.get(&id).cloned();
    let row = |one: &Stored| {
        Some(Shown {
            customer: title(one.account)?,
            customer_href: format!("/account/{}", one.account),
            product: one
                .product
                .map_or_else(|| words.t("cycle.anything", &[]), |product| title(product).unwrap_or_default()),
            product_href: one.product.map(|product| format!("/product/{product}")),
            every: days(words, one.typical_days),
            purchases: words.count(one.gaps.unsigned_abs() + 1),
            last_on: words.date(one.last_on),
            next_on: words.date(one.next_on),
            between: between(words, one.from_on, one.to_on),
            quantity: one.product.map(|_| quantity(words, one.quantity)).unwrap_or_default(),
            state: one.state.clone(),
        })
    };
    Ok(cycles.iter().filter_map(row).collect())
}

fn headline(words: &Words<'_>, report: &Report, as_of: &str) -> Vec<Figure> {
    let explain = |key: &str| Explain::new(words.meaning(key, &[]), as_of);
    let interval = match report.share {
        Some(found) if found.cases >= FEW => {
            let (low, high) = (words.percent(found.low), words.percent(found.high));
            Some(words.t("cycle.interval", &[("low", &low), ("high", &high)]))
        }
        // How many an earlier version does not say.
        _ if report.customers == 0 => None,
        _ => Some(words.t("cycle.few", &[("count", &words.count(report.customers))])),
    };
    let share = words.percent(report.regular as f64 / report.pairs.max(1) as f64);
    let customers = (words.t("cycle.customers", &[]), words.count(report.customers));
    let spread = report.sd.map(|sd| words.fixed(sd.exp(), 2)).unwrap_or_default();
    let pairs = (words.t("cycle.pairs", &[]), words.count(report.pairs));
    // Who bought on one day only has no cycle.
    let repeated = href::sorted("account", "interval_days > 0", "-net_sales");
    vec![
        Figure::new(
            words.t("cycle.pairs", &[]),
            pairs.1.clone(),
            explain("cycle.pairs.is").source(repeated, words.t("cycle.repeated", &[])),
        ),
        Figure::new(
            words.t("cycle.regular", &[]),
            words.count(report.regular),
            explain("cycle.regular.is")
                .source(List::Regular.address(), words.t("cycle.these", &[]))
                .formula(&format!("σ ≤ {REGULAR_SD}"))
                .input(pairs.0, pairs.1)
                .input(customers.0, customers.1)
                .input(words.t("cycle.share", &[]), share)
                .input(words.t("cycle.interval_title", &[]), interval.clone().unwrap_or_default())
                .input(words.t("cycle.spread", &[]), spread),
        )
        .note(interval),
        Figure::new(
            words.t("cycle.due", &[]),
            words.count(report.due),
            explain("cycle.due.is").source(List::Due.address(), words.t("cycle.these", &[])),
        ),
    ]
}

/// What estimates of cycles rest on.
pub(super) fn sample(words: &Words<'_>, report: &Report) -> [Input; 2] {
    let input = |key: &str, number: u64| Input { label: words.t(key, &[]), value: words.count(number) };
    [input("cycle.regular", report.regular), input("cycle.pairs", report.pairs)]
}

fn weeks(words: &Words<'_>, report: &Report) -> Json {
    let total: u64 = report.weeks.iter().map(|week| week.purchases).sum();
    let categories: Vec<String> = report.weeks.iter().map(|week| words.date(week.from_on)).collect();
    let list = |at: usize| List::Week(at).address();
    let values: Vec<Json> = report
        .weeks
        .iter()
        .enumerate()
        .map(|(at, week)| json!({ "value": week.purchases, "href": list(at) }))
        .collect();
    let row = |(at, week): (usize, &Week)| {
        json!({
            "from": words.date(week.from_on), "purchases": words.count(week.purchases), "href": list(at),
            "range": week.range.map(|[least, most]| format!("{} – {}", words.count(least), words.count(most))),
        })
    };
    let weeks = words.count(report.weeks.len() as u64);
    let data = json!({
        "categories": categories, "unit": "count",
        "series": [{ "name": words.t("cycle.expected", &[]), "values": values }],
    });
    json!({
        "title": words.t("cycle.weeks_title", &[("count", &words.count(total)), ("weeks", &weeks)]),
        // An empty chart says less than the title.
        "data": (total > 0).then_some(data),
        "rows": report.weeks.iter().enumerate().map(row).collect::<Vec<_>>(),
        "source": { "href": List::Weeks.address(), "label": words.t("cycle.these", &[]) },
        "inputs": sample(words, report),
    })
}

fn demand(words: &Words<'_>, report: &Report, titles: &HashMap<Id, String>) -> Vec<Json> {
    let shown = |one: &super::compute::Demand| {
        json!({
            "product": titles.get(&one.product).cloned().unwrap_or_default(),
            "href": format!("/product/{}", one.product),
            "purchases": words.count(one.purchases),
            "customers_href": List::Product(one.product).address(),
            "days": words.count(one.days),
            "quantity": quantity(words, one.quantity),
        })
    };
    report.demand.iter().map(shown).collect()
}

fn days(words: &Words<'_>, days: f64) -> String {
    words.t("cycle.days", &[("days", &words.fixed(days, 0))])
}

fn between(words: &Words<'_>, from: NaiveDate, to: NaiveDate) -> String {
    format!("{} – {}", words.date(from), words.date(to))
}

fn quantity(words: &Words<'_>, ten_thousandths: i64) -> String {
    let pieces: Decimal = unscaled(ten_thousandths, 4).round_dp(1);
    words.format.number(pieces)
}

pub fn panel(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if !scope::of_customer(&session.actor) {
            return Ok(None);
        }
        let engine = app.engine();
        let settings = Settings::load(engine).await?;
        let as_of = settings.as_of_day(engine.clock());
        let found = read::of(engine, &[record.id], &UpTo { day: as_of, settings: &settings }).await?;
        let report: Option<Arc<Kept<Report>>> = kept::recent(engine, REPORT).await?;
        let of_products = report.and_then(|kept| kept.body.sd);
        // Of whatever he buys, his figures say the same.
        let of_customers = models::newest_model(engine).await?.and_then(|model| model.fitted.rhythm_sd);
        let today = day_number(as_of);
        let mut cycles: Vec<(Option<Id>, Cycle)> = found
            .iter()
            .filter_map(|((_, product), bought)| {
                let everybodys = if product.is_none() { of_customers } else { of_products };
                let known = Known::of(Rhythm::of(&bought.days)?, everybodys)?;
                Some((*product, Cycle::of(&known, bought.usual_quantity())))
            })
            .collect();
        if cycles.is_empty() {
            return Ok(None);
        }
        // What he buys at all first, then the products he buys most often.
        cycles.sort_by_key(|(product, cycle)| (product.is_some(), std::cmp::Reverse(cycle.gaps), *product));
        cycles.truncate(PANEL_ROWS);
        let products: Vec<(&str, Id)> =
            cycles.iter().filter_map(|(product, _)| Some(("product", (*product)?))).collect();
        // Products are open to everybody who may see his orders.
        let titles = engine.titles(&Actor::system(), &products).await?;
        let words =
            Words { app: &app, lang: session.lang, format: session.format(), currency: String::new() };
        let rows: Vec<Shown> =
            cycles.iter().map(|(product, cycle)| shown(&words, *product, cycle, &titles, today)).collect();
        let context = context! {
            rows,
            as_of => words.date(as_of),
            orders_href => href::orders_of(record.id, &settings, as_of),
        };
        app.render(&session, "insight/cycle_panel.html", context).map(Some)
    })
}

fn shown(
    words: &Words<'_>,
    product: Option<Id>,
    cycle: &Cycle,
    titles: &HashMap<Id, String>,
    today: i32,
) -> Shown {
    let is_regular = cycle.sd <= REGULAR_SD;
    let any = || words.t("cycle.anything", &[]);
    Shown {
        customer: String::new(),
        customer_href: String::new(),
        product: product.map_or_else(any, |product| titles.get(&product).cloned().unwrap_or_default()),
        product_href: product.map(|product| format!("/product/{product}")),
        every: days(words, cycle.typical_days),
        purchases: words.count(u64::from(cycle.gaps) + 1),
        last_on: words.date(date_of(cycle.last_day)),
        next_on: words.date(date_of(cycle.next.day)),
        between: between(words, date_of(cycle.next.from_day), date_of(cycle.next.to_day)),
        quantity: if product.is_some() { quantity(words, cycle.quantity) } else { String::new() },
        state: match (is_regular, cycle.is_over(today), cycle.is_due(today)) {
            (false, ..) => "irregular",
            (_, true, _) => "over",
            (_, _, true) => "due",
            _ => "coming",
        }
        .to_owned(),
    }
}
